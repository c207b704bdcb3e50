using System.CommandLine;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Extract;

/// <summary>Says what was written.</summary>
internal static class ExtractText
{
    public static void Show(ToolConsole console, ParseResult parsed, ExtractReport result)
    {
        if (parsed.GetValue(CommonOptions.Json))
        {
            ResultJson.Write(console, result, ResultJson.Default.ExtractReport);
        }
        else if (!parsed.GetValue(CommonOptions.Quiet))
        {
            console.Warn(result.Warnings);
            string shape = string.Join(" x ", result.Shape);
            console.CreateReport().Facts(
            [
                ("written", result.Output),
                ("holds", $"{result.Tensor}, {shape}, {result.Type ?? result.Format}, {Quantity.Bytes(result.BytesWritten)}"),
                ("took", Quantity.Took(result.Seconds, result.BytesWritten, "written")),
            ]);
        }
    }
}
