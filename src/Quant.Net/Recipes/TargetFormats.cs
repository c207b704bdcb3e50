using Quant.Net.IO;

namespace Quant.Net.Recipes;

/// <summary>What a tensor can be quantized to.</summary>
internal static class TargetFormats
{
    /// <summary>
    /// Whether weights are stored so: floats of at most 32 bits, and blocks. Q8_1 and Q8_K are for activations; ggml has no use for files
    /// with them.
    /// </summary>
    public static bool Contains(QuantFormat format) =>
        format is QuantFormat.F32 or QuantFormat.F16 or QuantFormat.BF16
        || (IsQuantized(format) && format is not (QuantFormat.Q8_1 or QuantFormat.Q8_K));

    /// <summary>Whether values share their scales in blocks.</summary>
    public static bool IsQuantized(QuantFormat format) => QuantFormats.TryGet(format, out QuantFormatInfo? info) && info.ValuesPerBlock > 1;

    /// <summary>Whether the result is poor without an importance matrix. The library's encoders need one only for some of these.</summary>
    public static bool NeedsImportance(QuantFormat format) =>
        format is QuantFormat.IQ3_XXS or QuantFormat.IQ2_XXS or QuantFormat.IQ2_XS or QuantFormat.IQ2_S or QuantFormat.IQ1_M or QuantFormat.IQ1_S;

    /// <summary>Whether encoders look at the importance of columns; into other formats the bytes are the same with it and without.</summary>
    public static bool UsesImportance(QuantFormat format) => format is
        QuantFormat.Q4_0 or QuantFormat.Q4_1 or QuantFormat.Q5_0 or QuantFormat.Q5_1
        or QuantFormat.IQ1_S or QuantFormat.IQ1_M or QuantFormat.IQ2_XXS or QuantFormat.IQ2_XS or QuantFormat.IQ2_S or QuantFormat.IQ3_XXS
        or QuantFormat.IQ3_S or QuantFormat.IQ4_NL or QuantFormat.IQ4_XS
        || HasLongerSearch(format);

    /// <summary>Whether encoders can search longer (<see cref="QuantizationEffort.Best"/>); into other formats they make the usual bytes.</summary>
    public static bool HasLongerSearch(QuantFormat format) =>
        format is QuantFormat.Q2_K or QuantFormat.Q3_K or QuantFormat.Q4_K or QuantFormat.Q5_K or QuantFormat.Q6_K;

    public static QuantFormat Require(QuantFormat format, string parameter) => Contains(format)
        ? format
        : throw new ArgumentException($"Nothing is quantized to {format}.", parameter);

    /// <exception cref="FormatException">The format is unknown or nothing is quantized to it.</exception>
    public static QuantFormat Parse(string name) => QuantFormats.TryParse(name, out QuantFormatInfo? info) && Contains(info.Format)
        ? info.Format
        : throw new FormatException($"{ErrorText.Quote(name)} is no format that tensors are quantized to, expected one such as Q4_K or F16.");
}
