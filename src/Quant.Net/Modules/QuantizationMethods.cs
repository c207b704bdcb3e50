namespace Quant.Net.Modules;

/// <summary>The methods of quantization that settings name (<c>quant_method</c>), and how the modules of each may be packed.</summary>
internal static class QuantizationMethods
{
    private static readonly SortedDictionary<string, PackedMatrixLayout[]> Layouts = new(StringComparer.Ordinal)
    {
        ["awq"] = [PackedMatrixLayout.AwqGemm, PackedMatrixLayout.AwqGemv, PackedMatrixLayout.AwqGemvFast],
        ["bitsandbytes"] = [PackedMatrixLayout.Bnb4Bit, PackedMatrixLayout.LlmInt8],
        ["compressed-tensors"] =
        [
            PackedMatrixLayout.PackQuantized, PackedMatrixLayout.Int8, PackedMatrixLayout.Float8, PackedMatrixLayout.Mxfp4Rows,
            PackedMatrixLayout.Nvfp4Rows,
        ],
        ["fp8"] = [PackedMatrixLayout.Float8],
        ["gptq"] = [PackedMatrixLayout.Gptq],
        ["modelopt"] = [PackedMatrixLayout.Int8, PackedMatrixLayout.Float8, PackedMatrixLayout.Mxfp4Rows, PackedMatrixLayout.Nvfp4Rows],
        ["mxfp4"] = [PackedMatrixLayout.Mxfp4Rows],
    };

    /// <summary>Those that are known.</summary>
    public static IReadOnlyCollection<string> Known => Layouts.Keys;

    /// <summary>Whether a known method packs in no such layout. Of one that is not known, nothing can be said.</summary>
    public static bool Excludes(string method, PackedMatrixLayout layout) =>
        Layouts.TryGetValue(method, out PackedMatrixLayout[]? layouts) && !layouts.Contains(layout);
}
