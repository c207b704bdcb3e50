using System.CommandLine;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Verify;

/// <summary>Shows whether a model is sound, and what is wrong if it is not.</summary>
internal static class VerifyText
{
    public static void Show(ToolConsole console, ParseResult parsed, VerifyReport result)
    {
        if (parsed.GetValue(CommonOptions.Json))
        {
            ResultJson.Write(console, result, ResultJson.Default.VerifyReport);
            return;
        }

        bool quiet = parsed.GetValue(CommonOptions.Quiet);
        IReport report = console.CreateReport();
        if (!quiet)
        {
            console.Warn(result.Warnings);
            ShowFacts(result, report);
        }

        ShowHashes(result, report);
        ShowDefects(result, report);
    }

    private static void ShowFacts(VerifyReport result, IReport report)
    {
        List<(string, Cell)> facts = [("model", result.Input)];
        if (result.Parts is { } parts)
        {
            facts.Add(("parts", Quantity.Files(parts)));
        }

        if (result.Files.Count > 0)
        {
            string files = Quantity.Count(result.Files.Count, "file");
            facts.Add(("checked", $"{Quantity.Count(result.Tensors, "tensor")}, {Quantity.Bytes(result.Bytes)} in {files}"));
            facts.Add(("took", Quantity.Took(result.Seconds, result.Bytes, "read")));
        }

        facts.Add(("result", result.Sound
            ? new Cell("sound", Tone.Good)
            : new Cell(Quantity.Count(result.Defects.Count, "defect"), Tone.Bad)));
        report.Facts(facts);
    }

    private static void ShowHashes(VerifyReport result, IReport report)
    {
        if (result.Hashes.Count > 0)
        {
            var table = new ReportTable(new Column("sha256"), new Column("tensor") { Wraps = true });
            foreach (TensorHash hash in result.Hashes)
            {
                table.Add(hash.Sha256, hash.Tensor);
            }

            report.Table(table);
        }
    }

    private static void ShowDefects(VerifyReport result, IReport report)
    {
        if (!result.Sound)
        {
            var table = new ReportTable(new Column("tensor"), new Column("row") { IsNumber = true }, new Column("problem") { Wraps = true });
            IEnumerable<Defect> shown = result.NamesEachTensor
                ? result.Defects
                : LikeFaults.Gather(result.Defects, defect => defect.Tensor is null ? defect.Problem : null, note => new Defect(null, null, note));
            foreach (Defect defect in shown)
            {
                table.Add(defect.Tensor ?? "", defect.Row is { } row ? Quantity.Count(row) : "", new Cell(defect.Problem, Tone.Bad));
            }

            report.Table(table);
        }
    }
}
