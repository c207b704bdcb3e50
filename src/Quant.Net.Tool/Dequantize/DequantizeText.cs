using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Dequantize;

/// <summary>Says in a few lines what was written and how fast.</summary>
internal static class DequantizeText
{
    public static void Write(DequantizeReport result, IReport report)
    {
        List<(string, Cell)> facts =
        [
            ("written", Quantity.Files(result.Outputs)),
            ("holds", $"{Quantity.Count(result.Tensors, "tensor")}, {Quantity.Count(result.Parameters, "parameter")} " +
                $"as {result.Type}, {Quantity.Bytes(result.BytesWritten)}"),
            ("took", Quantity.Took(result.Seconds, result.BytesWritten - result.BytesResumed, "written")),
            ("decoded on", result.Device.Description),
        ];
        if (result.BytesResumed > 0)
        {
            facts.Insert(1, ("resumed", $"{Quantity.Bytes(result.BytesResumed)} were there already"));
        }

        report.Facts(facts);
    }
}
