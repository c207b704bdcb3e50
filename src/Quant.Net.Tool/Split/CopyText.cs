using System.CommandLine;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Split;

/// <summary>Says what was written.</summary>
internal static class CopyText
{
    public static void Show(ToolConsole console, ParseResult parsed, CopyReport result)
    {
        if (parsed.GetValue(CommonOptions.Json))
        {
            ResultJson.Write(console, result, ResultJson.Default.CopyReport);
        }
        else if (!parsed.GetValue(CommonOptions.Quiet))
        {
            console.Warn(result.Warnings);
            console.CreateReport().Facts(
            [
                ("written", Quantity.Files(result.Outputs)),
                ("holds", $"{Quantity.Count(result.Tensors, "tensor")}, {Quantity.Bytes(result.BytesWritten)}"),
                ("took", Quantity.Took(result.Seconds, result.BytesWritten, "written")),
            ]);
        }
    }
}
