using System.CommandLine;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Slice;

/// <summary>Says what was written.</summary>
internal static class SliceText
{
    public static void Show(ToolConsole console, ParseResult parsed, SliceReport result)
    {
        if (parsed.GetValue(CommonOptions.Json))
        {
            ResultJson.Write(console, result, ResultJson.Default.SliceReport);
        }
        else if (!parsed.GetValue(CommonOptions.Quiet))
        {
            console.Warn(result.Warnings);
            console.CreateReport().Facts(
            [
                ("written", Quantity.Files(result.Outputs)),
                ("holds", $"{result.Name}, {Quantity.Count(result.Tensors, "tensor")}, {Quantity.Bytes(result.BytesWritten)}"),
                ("took", Quantity.Took(result.Seconds, result.BytesWritten, "written")),
            ]);
        }
    }
}
