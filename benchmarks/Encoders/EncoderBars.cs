namespace Quant.Net.Benchmarks.Encoders;

/// <summary>How many times as fast as ggml's encoders this project wants its own to be: AVX-512, one thread, in cache.</summary>
internal static class EncoderBars
{
    /// <summary>The bar of a format; null if it has none.</summary>
    public static double? Of(string format) => format switch
    {
        "Q8_0" or "TQ1_0" or "TQ2_0" or "Q1_0" or "Q2_0" or "MXFP4" => 8,
        "Q4_0" or "Q4_1" or "Q5_0" or "Q5_1" => 4,
        "NVFP4" or "Q3_K" or "Q6_K" => 5,
        "Q2_K" or "Q4_K" or "Q5_K" or "IQ4_NL" or "IQ4_XS" => 8,
        _ when format.StartsWith("IQ1", StringComparison.Ordinal) => 4,
        _ when format.StartsWith("IQ", StringComparison.Ordinal) => 5,
        _ => null,
    };

    /// <summary>The bar of an instruction set: half for those of 256 bits.</summary>
    public static double? Of(string format, string set) => set == "avx2" ? Of(format) / 2 : Of(format);
}
