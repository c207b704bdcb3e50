using Quant.Net.Tests.Conversion;

namespace Quant.Net.Tests.Quantization;

/// <summary>Files that llama-quantize has made, to the byte: metadata, order, types, data, padding.</summary>
public sealed class ReferenceFileTests
{
    private const string Wide = "models/wide256/wide-F32.gguf", Small = "models/stories260K/stories260K.gguf";

    public static TheoryData<string, string, string> Files
    {
        get
        {
            var files = new TheoryData<string, string, string>();
            foreach (string type in new[] { "Q4_0", "Q8_0", "Q2_K", "Q3_K_M", "Q4_K_M", "Q5_K_M", "Q6_K", "IQ4_XS" })
            {
                files.Add(Wide, type, $"models/wide256/llamacpp_quantized/wide-{type}.gguf");
            }

            // Its Q2_K and Q3_K_M are of a llama.cpp that gave rows which are not whole blocks IQ4_NL, where it gives them Q4_0 today.
            foreach (string type in new[] { "F16", "BF16", "Q4_K_M", "Q6_K" })
            {
                files.Add(Small, type, $"models/stories260K/llamacpp_quantized/stories260K-{type}.gguf");
            }

            return files;
        }
    }

    [SharedTheory(Wide, Small)]
    [MemberData(nameof(Files))]
    public async Task AreTheSame(string original, string type, string expected)
    {
        using var models = new QuantizedModels();
        await models.Quantize(SharedFactAttribute.PathOf(original), type, "out.gguf");

        Assert.Equal(File.ReadAllBytes(SharedFactAttribute.PathOf(expected)), models.Read("out.gguf"));
    }
}
