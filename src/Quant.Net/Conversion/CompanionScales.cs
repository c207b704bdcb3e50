using Quant.Net.Gguf;
using Quant.Net.IO;

namespace Quant.Net.Conversion;

/// <summary>Reads the scales that stand beside weights (<see cref="GgufTensorCollection.FindScale"/>).</summary>
internal static class CompanionScales
{
    /// <summary>The numbers of a scale.</summary>
    /// <exception cref="ModelFormatException">There are neither one nor as many as the weights have matrices.</exception>
    public static float[] Read(GgufTensor scale, GgufTensor weight, QuantDevice device)
    {
        long matrices = weight.Dimensions.Count > 2 ? weight.Dimensions[^1] : 1;
        if (scale.ElementCount != 1 && scale.ElementCount != matrices)
        {
            string expected = matrices == 1 ? "1" : ErrorText.Invariant($"1 or {matrices}");
            string pair = $"{ErrorText.Quote(scale.Name)} beside {ErrorText.Quote(weight.Name)}";
            throw ModelFormatException.In(scale.Part.Path, $"tensor {pair}: has {ErrorText.Count(scale.ElementCount, "value")}, expected {expected}");
        }

        var values = new float[scale.ElementCount];
        scale.Dequantize(device, 0, scale.RowCount, values);
        return values;
    }
}
