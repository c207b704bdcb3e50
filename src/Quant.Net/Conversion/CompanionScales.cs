using Quant.Net.Gguf;
using Quant.Net.IO;

namespace Quant.Net.Conversion;

/// <summary>
/// Scales that stand beside the weights they belong to, as in NVFP4 and BitNet files: <c>X.scale</c> beside <c>X.weight</c>,
/// with one number for the whole tensor or one for each of its matrices.
/// </summary>
internal static class CompanionScales
{
    private const string WeightSuffix = ".weight";
    private const string ScaleSuffix = ".scale";

    /// <summary>The scale of a tensor of weights; null if it has none.</summary>
    public static GgufTensor? Of(GgufTensor weight, GgufTensorCollection tensors) =>
        weight.Name.EndsWith(WeightSuffix, StringComparison.Ordinal)
        && tensors.TryGet(weight.Name[..^WeightSuffix.Length] + ScaleSuffix, out GgufTensor? scale)
            ? scale
            : null;

    /// <summary>The numbers of a scale.</summary>
    /// <exception cref="ModelFormatException">There are neither one nor as many as the weights have matrices.</exception>
    public static float[] Read(GgufTensor scale, GgufTensor weight, QuantDevice device)
    {
        long matrices = weight.Dimensions.Count > 2 ? weight.Dimensions[^1] : 1;
        if (scale.ElementCount != 1 && scale.ElementCount != matrices)
        {
            string expected = matrices == 1 ? "1" : ErrorText.Invariant($"1 or {matrices}");
            string pair = $"{ErrorText.Quote(scale.Name)} beside {ErrorText.Quote(weight.Name)}";
            throw ModelFormatException.In(scale.Part.Path, $"tensor {pair}: has {scale.ElementCount} values, expected {expected}");
        }

        var values = new float[scale.ElementCount];
        scale.Dequantize(device, 0, scale.RowCount, values);
        return values;
    }
}
