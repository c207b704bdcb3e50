using System.CommandLine;
using System.Text.RegularExpressions;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Slice;

/// <summary>Shows how a model is divided, and what was written. Modules that differ only in the numbers of their names share a line.</summary>
internal static partial class RankText
{
    public static void Show(ToolConsole console, ParseResult parsed, RankReport result)
    {
        if (parsed.GetValue(CommonOptions.Json))
        {
            ResultJson.Write(console, result, ResultJson.Default.RankReport);
            return;
        }

        // A dry run is asked for its plan; else quiet is quiet.
        bool quiet = parsed.GetValue(CommonOptions.Quiet), isDry = result.Outputs.Count == 0;
        if (!quiet)
        {
            console.Warn(result.Warnings);
        }

        if (!quiet || isDry)
        {
            Write(result, isDry, console.CreateReport());
        }
    }

    private static void Write(RankReport result, bool isDry, IReport report)
    {
        report.Facts([("model", $"{result.Input}, {result.Architecture}"), ("divided", $"among {Quantity.Count(result.Ranks, "rank")}")]);
        WritePlan(result, report);
        int problems = result.Plan.Count(facts => facts.Problem is not null);
        report.Facts(isDry
            ?
            [
                ("result", problems == 0 ? new Cell("possible; nothing was written", Tone.Good)
                    : new Cell($"not possible: {Quantity.Count(problems)} of {Quantity.Count(result.Plan.Count)} cannot be cut so", Tone.Bad)),
            ]
            :
            [
                ("written", Quantity.Files(result.Outputs)),
                ("holds", $"{Quantity.Count(result.Tensors, "tensor")}, {Quantity.Bytes(result.BytesWritten)}"),
                ("took", Quantity.Took(result.Seconds, result.BytesWritten, "written")),
            ]);
    }

    /// <summary>Shows what becomes of each module and tensor.</summary>
    public static void WritePlan(RankReport result, IReport report)
    {
        bool hasRemarks = result.Plan.Any(facts => Remark(facts).Text.Length > 0), hasProblems = result.Plan.Any(facts => facts.Problem is not null);
        var table = new ReportTable([
            new Column("Module or tensor") { Wraps = true },
            new Column("Count") { IsNumber = true },
            new Column("Kind") { Priority = 3 },
            new Column("Packed"),
            new Column("Shape") { IsNumber = true, Priority = 1 },
            new Column("Each rank") { IsNumber = true, Priority = 2 },
            new Column("Padding") { IsNumber = true },
            .. hasRemarks ? [new Column("Remark") { Wraps = true, Priority = hasProblems ? 4 : 1 }] : Array.Empty<Column>(),
        ]);
        foreach (IGrouping<string, RankFacts> alike in result.Plan.GroupBy(Likeness))
        {
            RankFacts facts = alike.First();
            int count = alike.Count();
            table.Add([
                count == 1 ? facts.Name : Number().Replace(facts.Name, "*"),
                Quantity.Count(count),
                facts.Kind,
                facts.Packed ? "yes" : "no",
                Quantity.Shape(facts.Shape),
                facts.PartShape is { } part ? Quantity.Shape(part) : "",
                Quantity.Count(facts.Padding),
                .. hasRemarks ? [Remark(facts)] : Array.Empty<Cell>(),
            ]);
        }

        report.Table(table);
    }

    private static Cell Remark(RankFacts facts) => facts.Problem is { } problem ? new Cell(problem, Tone.Bad) : facts.Note ?? "";

    // Text, because lists are not equal to others with the same numbers.
    private static string Likeness(RankFacts facts) =>
        $"{Number().Replace(facts.Name, "*")}|{facts.Kind}|{facts.Packed}|{Quantity.Shape(facts.Shape)}|{facts.Padding}|{facts.Note}|{facts.Problem}"
        + $"|{Quantity.Shape(facts.PartShape ?? [])}";

    [GeneratedRegex(@"(?<=\.)[0-9]+(?=\.)")]
    private static partial Regex Number();
}
