using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Dequantize;

/// <summary>Says in a few lines what was written and how fast.</summary>
internal static class DequantizeText
{
    public static void Write(DequantizeReport result, IReport report)
    {
        string others = result.Outputs.Count == 1 ? "" : $" and {Quantity.Count(result.Outputs.Count - 1, "file")}";
        report.Facts(
        [
            ("written", result.Outputs[^1] + others),
            ("holds", $"{Quantity.Count(result.Tensors, "tensor")}, {Quantity.Count(result.Parameters, "parameter")} " +
                $"as {result.Type}, {Quantity.Bytes(result.BytesWritten)}"),
            ("took", $"{Quantity.Duration(TimeSpan.FromSeconds(result.Seconds))}, {Quantity.Rate(result.BytesWritten / result.Seconds)}"),
            ("decoded on", result.Device.Description),
        ]);
    }
}
