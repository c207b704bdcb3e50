using System.Globalization;
using System.Net;
using System.Text;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Compare;

/// <summary>One page about the errors of a model: plots to look at, and tables for what they do not say. It refers to nothing outside itself.</summary>
internal static class ErrorPage
{
    private const string Style = """
        :root { color-scheme: light dark; --paper: #fbfbfa; --card: #fff; --ink: #20242a; --dim: #667080; --line: #dfe3e8;
          --c0: #2f6fde; --c1: #d1662a; --c2: #2a9461; --c3: #b23a78; --c4: #8a6d00; --c5: #6b52c8; --c6: #008a9c; --c7: #b0413e; --c8: #8791a0; }
        @media (prefers-color-scheme: dark) { :root { --paper: #15181c; --card: #1d2126; --ink: #e6e9ed; --dim: #97a1ae; --line: #333a43;
          --c0: #74a5ff; --c1: #f29a63; --c2: #62cb98; --c3: #ec83b5; --c4: #d9bb4a; --c5: #a995ff; --c6: #55c8d8; --c7: #f08984; --c8: #7b8593; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
        main { max-width: 1080px; margin: 0 auto; padding: 32px 20px 64px; }
        h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; overflow-wrap: anywhere; }
        h2 { font-size: 18px; margin: 0 0 2px; }
        p { margin: 0 0 12px; color: var(--dim); overflow-wrap: anywhere; }
        .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 20px 0; }
        .card, section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 18px; }
        .card b { display: block; font-size: 22px; font-variant-numeric: tabular-nums; } .card span { color: var(--dim); font-size: 13px; }
        section { margin: 16px 0; overflow-x: auto; }
        svg { display: block; width: 100%; min-width: 620px; height: auto; font: 12px system-ui, sans-serif; }
        svg text { fill: var(--dim); } .grid { stroke: var(--line); } .mark { stroke: var(--card); stroke-width: 1; fill-opacity: .85; }
        .mark:hover { stroke: var(--ink); stroke-width: 2; } .run { fill: none; stroke-width: 1.5; stroke-opacity: .55; }
        .legend { display: flex; flex-wrap: wrap; gap: 4px 16px; font-size: 13px; color: var(--dim); }
        .legend i { display: inline-block; width: 10px; height: 10px; border-radius: 5px; margin-right: 6px; }
        table { border-collapse: collapse; width: 100%; font-size: 13px; font-variant-numeric: tabular-nums; }
        th, td { padding: 4px 10px; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
        th { color: var(--dim); font-weight: 600; } th:first-child, td:first-child { text-align: left; } .bad { color: var(--c7); }
        """;

    /// <summary>Makes the page.</summary>
    public static string Make(CompareReport report)
    {
        var page = new StringBuilder();
        string model = Text(NameOf(report.Model)), original = Text(NameOf(report.Original));
        ErrorFacts error = report.Total.Error;
        page.Append(CultureInfo.InvariantCulture, $"""
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{model} against {original}</title>
            <style>
            {Style}
            </style></head><body><main>
            <h1>{model}</h1>
            <p>How far its weights are from those of {original}. Measured by quantnet {Text(PrintVersion.ToolVersion)}.</p>
            <div class="cards">
            {Card(CompareText.Share(error.RelativeError), "relative error")}
            {Card(CompareText.Decibels(error.Sqnr), "signal to noise")}
            {Card(Quantity.Bits(Math.Round(8.0 * report.Total.Bytes / Math.Max(error.Parameters, 1), 2)), "bits per weight")}
            {Card(Quantity.Bytes(report.Total.Bytes), $"of {Quantity.Bytes(report.Total.OriginalBytes)}")}
            {Card(Quantity.Count(report.Total.Tensors), $"tensors, {Quantity.Count(error.Parameters)} weights")}
            </div>

            """);
        Problems(page, report);
        Section(page, "Error by layer and kind of tensor", "The relative error of each tensor: the root of the errors' squares by that of the weights'.", ErrorPlots.ByLayer(report.Tensors));
        Section(page, "Size against error", "What a tensor takes for a weight, and what is lost for it. Large dots are large tensors.", ErrorPlots.BySize(report.Tensors));
        Section(page, "Sizes of errors", "How many weights have an error of which size; each bar is twice as far from zero as the one before.", ErrorPlots.Histogram(error));
        Section(page, "Types", "", TypeTable(report));
        Section(page, "Tensors", "", TensorTable(report));
        return page.Append("</main></body></html>\n").ToString();
    }

    /// <summary>Text from files and paths, made safe for a page.</summary>
    public static string Text(string text) => WebUtility.HtmlEncode(SafeText.Escape(text));

    private static string NameOf(string path) => Path.GetFileName(Path.TrimEndingDirectorySeparator(path));

    private static string Card(string number, string what) => $"<div class=\"card\"><b>{Text(number)}</b><span>{Text(what)}</span></div>";

    private static void Section(StringBuilder page, string title, string what, string content)
    {
        if (content.Length > 0)
        {
            page.Append($"<section><h2>{title}</h2>{(what.Length > 0 ? $"<p>{what}</p>" : "")}\n{content}\n</section>\n");
        }
    }

    private static void Problems(StringBuilder page, CompareReport report)
    {
        List<string> lines =
        [
            .. report.Faults,
            .. report.OnlyInOriginal.Select(name => $"only in {NameOf(report.Original)}: {name}"),
            .. report.OnlyInModel.Select(name => $"only in {NameOf(report.Model)}: {name}"),
        ];
        Section(page, "Not compared", "", Lines(lines));
        Section(
            page, CompareReport.NonFiniteErrorsTitle, "Such errors are no numbers: no figure below has them, and they are larger than any limit.",
            Lines(report.NonFiniteErrors()));
    }

    private static string Lines(IEnumerable<string> lines) => string.Join("<br>", lines.Select(line => $"<span class=\"bad\">{Text(line)}</span>"));

    private static string TypeTable(CompareReport report)
    {
        var table = new StringBuilder("<table><tr><th>Type<th>Tensors<th>Bits/weight<th>Bytes<th>RMSE<th>Relative<th>Largest<th>Cosine<th>SQNR</tr>");
        foreach (TypeErrors type in report.Types)
        {
            table.Append($"\n<tr><td>{Text(type.Type)}<td>{Quantity.Count(type.Tensors)}<td>{Quantity.Bits(type.BitsPerWeight)}<td>{Quantity.Bytes(type.Bytes)}{Cells(type.Error)}</tr>");
        }

        return table.Append("</table>").ToString();
    }

    private static string TensorTable(CompareReport report)
    {
        var exceeding = report.Exceeding.ToHashSet(StringComparer.Ordinal);
        var table = new StringBuilder("<table><tr><th>Tensor<th>Shape<th>From<th>Type<th>RMSE<th>Relative<th>Largest<th>Cosine<th>SQNR</tr>");
        foreach (TensorErrors tensor in report.Tensors)
        {
            string tone = exceeding.Contains(tensor.Name) ? " class=\"bad\"" : "";
            table.Append($"\n<tr{tone}><td>{Text(tensor.Name)}<td>{Quantity.Shape(tensor.Shape)}<td>{Text(tensor.OriginalType)}<td>{Text(tensor.Type)}{Cells(tensor.Error)}</tr>");
        }

        return table.Append("</table>").ToString();
    }

    private static string Cells(ErrorFacts error) =>
        $"<td>{CompareText.Number(error.Rmse)}<td>{CompareText.Share(error.RelativeError)}<td>{CompareText.Number(error.MaxError)}"
        + $"<td>{CompareText.Cosine(error.Cosine)}<td>{CompareText.Decibels(error.Sqnr)}";
}
