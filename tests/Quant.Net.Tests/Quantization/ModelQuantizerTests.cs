using Quant.Net.Gguf;

namespace Quant.Net.Tests.Quantization;

public sealed class ModelQuantizerTests : IDisposable
{
    private readonly QuantizedModels _models = new();

    public void Dispose() => _models.Dispose();

    [Theory]
    [InlineData(QuantFormat.F32, "Q4_K_M")]
    [InlineData(QuantFormat.F16, "Q8_0")]
    [InlineData(QuantFormat.BF16, "Q4_0")]
    [InlineData(QuantFormat.F16, "F32")]
    [InlineData(QuantFormat.F32, "BF16")]
    public async Task EachTensorIsWhatTheDeviceEncodes(QuantFormat from, string recipe)
    {
        string path = _models.Write("in.gguf", from);
        QuantizeResult result = await _models.Quantize(path, recipe, "out.gguf");

        using GgufFile original = GgufFile.Open(path), quantized = GgufFile.Open(_models.Folder["out.gguf"]);
        QuantizationPlan plan = QuantizationPlan.Create(original, QuantizationRecipe.Get(recipe));
        Assert.Equal(["down.weight", "experts.weight", "norm.weight", "up.weight"], quantized.Tensors.Select(tensor => tensor.Name));
        Assert.Equal(quantized.Tensors.Select(tensor => tensor.FormatName), result.Tensors.Select(tensor => tensor.To));
        Assert.Equal(new FileInfo(_models.Folder["out.gguf"]).Length, result.OutputBytes);
        Assert.Equal(result.OutputBytes, ModelQuantizer.GetOutputBytes(original, plan, new QuantizeOptions()));
        foreach (QuantizationPlanEntry entry in plan.Entries)
        {
            GgufTensor before = original.Tensors[entry.Tensor.Name], after = quantized.Tensors[entry.Tensor.Name];
            Assert.Equal(entry.Target, after.Format);
            Assert.Equal(before.Dimensions, after.Dimensions);
            Assert.Equal(Encode(before, entry.Target), after.GetSpan(0, after.RowCount).ToArray());
        }
    }

    [Fact]
    public async Task MetadataAreKeptAndCompleted()
    {
        await _models.Quantize(_models.Write("in.gguf", QuantFormat.F32), "Q8_0", "out.gguf");
        using GgufFile quantized = GgufFile.Open(_models.Folder["out.gguf"]);

        Assert.Equal(
            ["general.architecture", "general.name", "general.quantization_version", "general.file_type"], quantized.Metadata.Keys);
        Assert.Equal((2u, 7u), (
            quantized.Metadata.Get<uint>("general.quantization_version"), quantized.Metadata.Get<uint>("general.file_type")));
    }

    [Fact]
    public async Task MoreEffortMakesErrorsLower()
    {
        string path = _models.Write("in.gguf", QuantFormat.F32);
        double usual = await ErrorOf(QuantizationEffort.Reference), best = await ErrorOf(QuantizationEffort.Best);
        Assert.InRange(best, 0.5 * usual, 0.99 * usual);

        async Task<double> ErrorOf(QuantizationEffort effort)
        {
            var options = new QuantizeOptions { Measure = true, Overwrite = true, Effort = effort };
            return (await _models.Quantize(path, "Q2_K", "out.gguf", options)).Errors!.Total.RelativeError;
        }
    }

    private byte[] Encode(GgufTensor tensor, QuantFormat format)
    {
        if (tensor.Format == format)
        {
            return tensor.GetSpan(0, tensor.RowCount).ToArray();
        }

        float[] values = new float[tensor.ElementCount];
        tensor.Dequantize(_models.Device, 0, tensor.RowCount, values);
        byte[] bytes = new byte[QuantFormats.Get(format).GetByteCount(values.Length)];
        _models.Device.Quantize(values, tensor.RowLength, format, bytes);
        return bytes;
    }
}
