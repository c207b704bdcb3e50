using Quant.Net.Gguf;
using Quant.Net.Tests.Gguf;
using Quant.Net.Tests.Importance;

namespace Quant.Net.Tests.Quantization;

/// <summary>Weights that are not finite, or quantized already; importance; errors.</summary>
public sealed class QuantizeWeightTests : IDisposable
{
    private readonly QuantizedModels _models = new();

    public void Dispose() => _models.Dispose();

    [Theory]
    [InlineData(float.NaN, "Q8_0", "NaN")]
    [InlineData(float.PositiveInfinity, "Q4_K_M", "infinite")]
    [InlineData(float.NegativeInfinity, "BF16", "infinite")]
    public async Task WhatIsNotFiniteIsRefusedByItsPlace(float value, string recipe, string what)
    {
        string path = _models.Write("in.gguf", QuantFormat.F32, weights => weights[(61 * 256) + 7] = value);
        var small = new QuantizeOptions { MaxMemory = 8192 };
        var refused = await Assert.ThrowsAsync<NotFiniteNumberException>(() => _models.Quantize(path, recipe, "out.gguf", small));

        Assert.EndsWith($"in.gguf: tensor 'down.weight': row 61, column 7 is {what}, expected a finite number", refused.Message);
        MalformedFileTests.AssertIsOneCleanLine(refused.Message);
        Assert.Equal(["in.gguf"], _models.Folder.Names);

        await _models.Quantize(path, recipe, "out.gguf", small with { AllowNonFinite = true });
        Assert.Equal(["in.gguf", "out.gguf"], _models.Folder.Names);
    }

    [Theory]
    [InlineData(QuantFormat.F32, "F16", 70_000f, true)]
    [InlineData(QuantFormat.F32, "Q8_0", 70_000f, false)]
    [InlineData(QuantFormat.F32, "Q8_0", -1e9f, true)]
    [InlineData(QuantFormat.F32, "Q4_1", -65_530f, true)]
    [InlineData(QuantFormat.F32, "Q4_1", -65_000f, false)]
    [InlineData(QuantFormat.F16, "Q8_0", 65_504f, false)]
    [InlineData(QuantFormat.BF16, "Q4_0", 1e9f, true)]
    [InlineData(QuantFormat.BF16, "Q4_K_M", 1e30f, true)]
    [InlineData(QuantFormat.F32, "Q6_K", 1e20f, true)]
    [InlineData(QuantFormat.F32, "Q3_K_M", 1e14f, true)]
    [InlineData(QuantFormat.F32, "IQ4_XS", 1e20f, true)]
    public async Task WhatIsTooLargeIsRefused(QuantFormat from, string recipe, float value, bool isTooLarge)
    {
        string path = _models.Write("in.gguf", from, weights => weights[256 + 5] = value);
        if (isTooLarge)
        {
            var refused = await Assert.ThrowsAsync<OverflowException>(() => _models.Quantize(path, recipe, "out.gguf"));
            Assert.Contains("in.gguf: tensor 'down.weight': row 1, column 5 is ", refused.Message);
            Assert.Contains(", too large for ", refused.Message);
            MalformedFileTests.AssertIsOneCleanLine(refused.Message);
        }

        await _models.Quantize(path, recipe, "out.gguf", new QuantizeOptions { AllowNonFinite = isTooLarge });
    }

    [Fact]
    public async Task QuantizedWeightsAreDecodedFirst()
    {
        await _models.Quantize(_models.Write("in.gguf", QuantFormat.F32), "Q8_0", "q8.gguf");
        await Assert.ThrowsAsync<QuantizationRefusedException>(() => _models.Quantize(_models.Folder["q8.gguf"], "Q4_0", "out.gguf"));
        await _models.Quantize(_models.Folder["q8.gguf"], "Q4_0", "out.gguf", plan: new QuantizationOptions { AllowRequantize = true });
        using (GgufFile model = GgufFile.Open(_models.Folder["q8.gguf"]))
        {
            await ModelConverter.DequantizeAsync(
                model, _models.Folder["f32.gguf"], new DequantizeOptions { OutputType = QuantFormat.F32 }, _models.Device);
        }

        await _models.Quantize(_models.Folder["f32.gguf"], "Q4_0", "expected.gguf");
        Assert.Equal(_models.Read("expected.gguf"), _models.Read("out.gguf"));
    }

    [Fact]
    public async Task CopiesAreCopies()
    {
        string path = _models.Write("in.gguf", QuantFormat.F16);
        await _models.Quantize(path, "COPY", "out.gguf", new QuantizeOptions { MaxMemory = 1000 });
        using GgufFile before = GgufFile.Open(path), after = GgufFile.Open(_models.Folder["out.gguf"]);

        Assert.Equal(0u, after.Metadata.Get<uint>("general.file_type"));
        Assert.All(after.Tensors, tensor => Assert.Equal(
            before.Tensors[tensor.Name].GetSpan(0, tensor.RowCount).ToArray(), tensor.GetSpan(0, tensor.RowCount).ToArray()));
    }

    [Fact]
    public async Task EachMatrixHasItsOwnImportance()
    {
        float[] importance = [.. Enumerable.Range(0, 3 * 256).Select(i => (float)(((i * 7919) % 1000) + 1))];
        ImportanceMatrix matrix = Importance(new BinaryFile().Entry("experts.weight", 1, importance).Number(5).Number(4).Raw("text"u8));
        string path = _models.Write("in.gguf", QuantFormat.F32);
        QuantizeResult result = await _models.Quantize(path, "Q4_K_S", "out.gguf", new QuantizeOptions { Importance = matrix });
        using GgufFile before = GgufFile.Open(path), after = GgufFile.Open(_models.Folder["out.gguf"]);

        Assert.Equal("experts.weight", Assert.Single(result.Tensors, tensor => tensor.HasImportance).Name);
        Assert.Equal(
            [
                "general.quantization_version", "general.file_type", "quantize.imatrix.file", "quantize.imatrix.dataset",
                "quantize.imatrix.entries_count", "quantize.imatrix.chunks_count",
            ],
            after.Metadata.Keys.TakeLast(6));
        Assert.Equal((matrix.Path, "text", 1u, 5u), (
            after.Metadata.GetString("quantize.imatrix.file"), after.Metadata.GetString("quantize.imatrix.dataset"),
            after.Metadata.Get<uint>("quantize.imatrix.entries_count"), after.Metadata.Get<uint>("quantize.imatrix.chunks_count")));
        for (int expert = 0; expert < 3; expert++)
        {
            GgufTensor from = before.Tensors["experts.weight"].Slice(expert), to = after.Tensors["experts.weight"].Slice(expert);
            float[] values = new float[from.ElementCount];
            from.Dequantize(_models.Device, 0, from.RowCount, values);
            byte[] expected = new byte[to.ByteLength];
            _models.Device.Quantize(values, 256, to.Format, expected, importance.AsSpan(expert * 256, 256));
            Assert.Equal(expected, to.GetSpan(0, to.RowCount).ToArray());
        }
    }

    [Fact]
    public async Task ImportanceOfOtherShapesIsRefused()
    {
        string path = _models.Write("in.gguf", QuantFormat.F32);
        ImportanceMatrix matrix = Importance(new BinaryFile().Entry("up.weight", 1, [1, 2, 3]));
        var refused = await Assert.ThrowsAsync<ModelFormatException>(
            () => _models.Quantize(path, "Q4_K_M", "out.gguf", new QuantizeOptions { Importance = matrix }));

        Assert.Contains("'up.weight' has 3 values, expected 256", refused.Message);
        Assert.Equal(["imatrix.dat", "in.gguf"], _models.Folder.Names);
    }

    [Fact]
    public async Task ImportanceOfOtherModelsIsTold()
    {
        string path = _models.Write("in.gguf", QuantFormat.F32);
        ImportanceMatrix matrix = Importance(new BinaryFile().Entry("other.weight", 1, [1]));
        QuantizeResult result = await _models.Quantize(path, "Q4_K_M", "out.gguf", new QuantizeOptions { Importance = matrix });

        Assert.EndsWith("imatrix.dat: knows no tensor that is quantized", Assert.Single(result.Warnings));
    }

    [Fact]
    public async Task WhatNeedsImportanceIsNamed()
    {
        string path = _models.Write("in.gguf", QuantFormat.F32);
        var refused = await Assert.ThrowsAsync<QuantizationRefusedException>(() => _models.Quantize(path, "Q2_K_S", "out.gguf"));
        Assert.Contains("3 tensors that need an importance matrix: 'down.weight (Q2_K)'", refused.Message);

        ImportanceMatrix matrix = Importance(new BinaryFile().Entry("down.weight", 1, [.. Enumerable.Repeat(1f, 256)]));
        refused = await Assert.ThrowsAsync<QuantizationRefusedException>(
            () => _models.Quantize(path, "Q2_K_S", "out.gguf", new QuantizeOptions { Importance = matrix }));
        Assert.Contains("2 tensors that need importance, of which", refused.Message);
        Assert.Equal(QuantizationRemedy.None, refused.Remedy);
        MalformedFileTests.AssertIsOneCleanLine(refused.Message);
    }

    [Fact]
    public async Task ErrorsAreThoseOfComparing()
    {
        string path = _models.Write("in.gguf", QuantFormat.F16);
        QuantizeResult result = await _models.Quantize(path, "Q4_K_M", "out.gguf", new QuantizeOptions { Measure = true });
        using GgufFile before = GgufFile.Open(path), after = GgufFile.Open(_models.Folder["out.gguf"]);
        CompareResult expected = await ModelComparer.CompareAsync(ModelWeights.Of(before), ModelWeights.Of(after), new CompareOptions(), _models.Device);

        Assert.Equal(expected.Total.Rmse, result.Errors!.Total.Rmse);
        Assert.Equal(expected.Formats.Select(format => (format.Format, format.TensorCount, format.OtherBytes, format.Error.Rmse)),
            result.Errors.Formats.Select(format => (format.Format, format.TensorCount, format.OtherBytes, format.Error.Rmse)));
        Assert.Equal(
            expected.Tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal).Select(Facts), result.Errors.Tensors.Select(Facts));
        await Assert.ThrowsAsync<ArgumentException>(
            () => _models.Quantize(path, "Q4_K_M", "out.gguf", new QuantizeOptions { Measure = true, Resume = true }));

        static string Facts(TensorComparison tensor) =>
            $"{tensor.Name} {tensor.OriginalFormat} {tensor.OtherFormat} {tensor.OtherBytes} {tensor.Error.Rmse:R} {tensor.Error.MaxErrorIndex} "
            + string.Join(",", tensor.WorstRows);
    }

    private ImportanceMatrix Importance(BinaryFile file) => ImportanceMatrix.Open(_models.Folder.Write("imatrix.dat", file.ToArray()));
}
