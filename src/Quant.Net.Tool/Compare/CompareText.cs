using System.CommandLine;
using System.Globalization;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Compare;

/// <summary>Shows how far a model is from another.</summary>
internal static class CompareText
{
    private const int WideTerminal = 110;
    private const int MostNames = 5;

    public static void Show(ToolConsole console, ParseResult parsed, CompareReport result)
    {
        if (parsed.GetValue(CommonOptions.Json))
        {
            ResultJson.Write(console, result, ResultJson.Default.CompareReport);
            return;
        }

        IReport report = console.CreateReport();
        bool quiet = parsed.GetValue(CommonOptions.Quiet);
        if (!quiet)
        {
            console.Warn(result.Warnings);
        }

        ShowTensors(result, report);
        ShowTypes(result, report);
        if (!quiet)
        {
            ShowFacts(result, report);
        }

        result.Faults.ToList().ForEach(fault => report.Line(new Cell(fault, Tone.Bad)));
        ShowNames($"only in {result.Original}", result.OnlyInOriginal, report);
        ShowNames($"only in {result.Model}", result.OnlyInModel, report);
        ShowNames(CompareReport.NonFiniteErrorsTitle, [.. result.NonFiniteErrors()], report);
        ShowNames("larger errors than --max-error", result.Exceeding, report);
    }

    /// <summary>A number in three digits, and small or large ones with an exponent.</summary>
    public static string Number(double number) => number switch
    {
        0 => "0",
        double.PositiveInfinity => "∞",
        double.NegativeInfinity => "-∞",
        _ => number.ToString(Math.Abs(number) is < 0.001 or >= 1e6 ? "0.00e0" : "G3", CultureInfo.InvariantCulture),
    };

    /// <summary>A share of one in per cent, in three digits: <c>7.82 %</c>.</summary>
    public static string Share(double share) => $"{Number(100 * share)} %";

    /// <summary>Decibels: <c>42.1 dB</c>.</summary>
    public static string Decibels(double ratio) =>
        double.IsFinite(ratio) ? $"{ratio.ToString("0.0", CultureInfo.InvariantCulture)} dB" : Number(ratio);

    /// <summary>A cosine with as many digits as tell it from 1.</summary>
    public static string Cosine(double cosine) => cosine.ToString(cosine is > 0.9999 and < 1 ? "0.00000000" : "0.000000", CultureInfo.InvariantCulture);

    private static void ShowTensors(CompareReport result, IReport report)
    {
        report.Heading("Tensors");
        var table = new ReportTable(
            new Column("Tensor"),
            new Column("Original") { ShownFromWidth = WideTerminal },
            new Column("Type"),
            new Column("RMSE") { IsNumber = true },
            new Column("Relative") { IsNumber = true },
            new Column("Largest") { IsNumber = true },
            new Column("Cosine") { IsNumber = true, ShownFromWidth = WideTerminal },
            new Column("SQNR") { IsNumber = true },
            new Column("Worst row") { IsNumber = true, ShownFromWidth = WideTerminal });
        foreach (TensorErrors tensor in result.Tensors)
        {
            Tone tone = result.Exceeding.Contains(tensor.Name) ? Tone.Bad : Tone.Normal;
            ErrorFacts error = tensor.Error;
            table.Add(
                new Cell(tensor.Name, error.NonFiniteErrors > 0 ? Tone.Bad : tone), tensor.OriginalType, tensor.Type, Number(error.Rmse), new Cell(Share(error.RelativeError), tone),
                Number(error.MaxError), Cosine(error.Cosine), Decibels(error.Sqnr),
                tensor.WorstRows is [{ } worst, ..] ? $"{Quantity.Count(worst.Row)} ({Share(worst.RelativeError)})" : "");
        }

        report.Table(table);
    }

    private static void ShowTypes(CompareReport result, IReport report)
    {
        report.Heading("Types");
        var table = new ReportTable(
            new Column("Type"),
            new Column("Tensors") { IsNumber = true },
            new Column("Bits/weight") { IsNumber = true },
            new Column("Bytes") { IsNumber = true },
            new Column("RMSE") { IsNumber = true },
            new Column("Relative") { IsNumber = true },
            new Column("Largest") { IsNumber = true },
            new Column("SQNR") { IsNumber = true });
        foreach (TypeErrors type in result.Types)
        {
            Add(type.Type, type.Tensors, type.BitsPerWeight, type.Bytes, type.Error);
        }

        long parameters = Math.Max(result.Total.Error.Parameters, 1);
        Add("all", result.Total.Tensors, 8.0 * result.Total.Bytes / parameters, result.Total.Bytes, result.Total.Error);
        report.Table(table);

        void Add(string type, int tensors, double bits, long bytes, ErrorFacts error) => table.Add(
            type, Quantity.Count(tensors), Quantity.Bits(bits), Quantity.Bytes(bytes), Number(error.Rmse), Share(error.RelativeError),
            Number(error.MaxError), Decibels(error.Sqnr));
    }

    private static void ShowFacts(CompareReport result, IReport report)
    {
        ErrorFacts error = result.Total.Error;
        List<(string, Cell)> facts =
        [
            ("original", $"{result.Original}, {Quantity.Bytes(result.Total.OriginalBytes)} compared"),
            ("model", $"{result.Model}, {Quantity.Bytes(result.Total.Bytes)} compared"),
            ("identical", $"{Quantity.Count(error.Identical)} of {Quantity.Count(error.Parameters)} weights"),
        ];
        if (error.NonFinite > 0)
        {
            facts.Add(("not finite", new Cell(Quantity.Count(error.NonFinite, "weight"), Tone.Warning)));
        }

        if (result.Page is { } page)
        {
            facts.Add(("written", page));
        }

        facts.Add(("took", Quantity.Took(result.Seconds, result.BytesRead, "read")));
        report.Facts(facts);
    }

    private static void ShowNames(string title, IReadOnlyList<string> names, IReport report)
    {
        if (names.Count > 0)
        {
            string more = names.Count > MostNames ? $" and {Quantity.Count(names.Count - MostNames)} more" : "";
            report.Line(new Cell($"{title}: {string.Join(", ", names.Take(MostNames))}{more}", Tone.Bad));
        }
    }
}
