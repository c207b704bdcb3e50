using System.CommandLine;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Inspect;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Metadata;

/// <summary>Shows metadata, and what became of them.</summary>
internal static class MetadataListing
{
    private const int WideTerminal = 100;

    /// <summary>Shows entries; long ones are cut unless they are to be shown whole.</summary>
    public static void Show(ToolConsole console, ParseResult parsed, bool whole, MetadataReport result)
    {
        if (parsed.GetValue(CommonOptions.Json))
        {
            ResultJson.Write(console, result, ResultJson.Default.MetadataReport);
            return;
        }

        var table = new ReportTable(
            new Column("Key"), new Column("Type") { ShownFromWidth = WideTerminal }, new Column("Value") { Wraps = true });
        foreach (MetadataFacts entry in result.Metadata!)
        {
            table.Add(entry.Key, MetadataText.TypeOf(entry), MetadataText.Format(entry, whole));
        }

        if (!parsed.GetValue(CommonOptions.Quiet))
        {
            console.Warn(result.Warnings);
        }

        console.CreateReport().Table(table);
    }

    /// <summary>Says what was written.</summary>
    public static void ShowChanges(ToolConsole console, ParseResult parsed, MetadataReport result)
    {
        if (parsed.GetValue(CommonOptions.Json))
        {
            ResultJson.Write(console, result, ResultJson.Default.MetadataReport);
        }
        else if (!parsed.GetValue(CommonOptions.Quiet))
        {
            console.Warn(result.Warnings);
            console.CreateReport().Facts(
            [
                .. result.Changes!.Select(change => (change.Change, new Cell(Describe(change)))),
                ("written", Quantity.Files(result.Outputs!)),
                ("took", Quantity.Took(result.Seconds!.Value, result.BytesWritten!.Value, "written")),
            ]);
        }
    }

    private static string Describe(MetadataChange change) => change switch
    {
        { OldKey: { } old } => $"{old}, now {change.Key}",
        { Entry: { } entry } => $"{change.Key} = {MetadataText.Format(entry, all: false)} ({MetadataText.TypeOf(entry)})",
        _ => change.Key,
    };
}
