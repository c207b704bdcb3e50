using Quant.Net.Gguf;
using Quant.Net.Tests.Gguf;

namespace Quant.Net.Tests.Conversion;

/// <summary>What llama-quantize makes of the same model.</summary>
public class LlamaQuantizeTests
{
    private const string Original = "models/stories260K/stories260K.gguf";
    private const string Half = "models/stories260K/llamacpp_quantized/stories260K-F16.gguf";
    private const string Brain = "models/stories260K/llamacpp_quantized/stories260K-BF16.gguf";

    [SharedFact(Original, Half)]
    public Task HalfPrecisionIsTheSame() => AssertSame(QuantFormat.F16, Half);

    [SharedFact(Original, Brain)]
    public Task BrainFloatsAreTheSame() => AssertSame(QuantFormat.BF16, Brain);

    private static async Task AssertSame(QuantFormat type, string reference)
    {
        using var folder = new TempFolder();
        using QuantDevice device = QuantDevice.Open("cpu");
        using GgufFile model = GgufFile.Open(SharedFactAttribute.PathOf(Original));
        await ModelConverter.DequantizeAsync(model, folder["out.gguf"], new DequantizeOptions { OutputType = type }, device);

        using GgufFile ours = GgufFile.Open(folder["out.gguf"]);
        using GgufFile theirs = GgufFile.Open(SharedFactAttribute.PathOf(reference));
        Assert.Equal(theirs.Metadata.Get<int>("general.file_type"), ours.Metadata.Get<int>("general.file_type"));
        Assert.Equal(theirs.Tensors.Select(tensor => tensor.Name).Order(), ours.Tensors.Select(tensor => tensor.Name).Order());
        foreach (GgufTensor tensor in theirs.Tensors)
        {
            Assert.Equal(tensor.Format, ours.Tensors[tensor.Name].Format);
            Assert.Equal(tensor.GetSpan(0, tensor.RowCount), ours.Tensors[tensor.Name].GetSpan(0, tensor.RowCount));
        }
    }
}
