using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Dequantize;

/// <summary>Says in a few lines what was written and how fast.</summary>
internal static class DequantizeText
{
    public static void Write(DequantizeReport result, IReport report)
    {
        report.Facts(
        [
            ("written", Quantity.Files(result.Outputs)),
            ("holds", $"{Quantity.Count(result.Tensors, "tensor")}, {Quantity.Count(result.Parameters, "parameter")} " +
                $"as {result.Type}, {Quantity.Bytes(result.BytesWritten)}"),
            ("took", Quantity.Took(result.Seconds, result.BytesWritten)),
            ("decoded on", result.Device.Description),
        ]);
    }
}
