using System.Runtime.InteropServices;
using Quant.Net.Gguf;
using Quant.Net.Tests.Gguf;
using Quant.Net.Tests.Safetensors;

namespace Quant.Net.Tests.Conversion;

public sealed class CompanionScaleTests : IDisposable
{
    private static readonly float[] Weights = [1, 3, -0.1f, 1e-7f, 7, 60000, float.NegativeInfinity, 0];

    private readonly QuantDevice _device = QuantDevice.Open("cpu");
    private readonly TempFolder _folder = new();

    public void Dispose()
    {
        _device.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(QuantFormat.F32)]
    [InlineData(QuantFormat.F16)]
    [InlineData(QuantFormat.BF16)]
    public async Task ScalesAreMultipliedInFloat32AndRoundedOnce(QuantFormat type)
    {
        float[] scales = [1 / 3f, 1.1f];
        foreach (int chunk in new[] { 4, 12, 1 << 20 })
        {
            float[] result = await Apply([2, 2, 2], scales, type, chunk);
            for (int i = 0; i < Weights.Length; i++)
            {
                float product = Weights[i] * scales[i / 4];
                float expected = type switch
                {
                    QuantFormat.F32 => product,
                    QuantFormat.F16 => (float)(Half)product,
                    _ => Reference.RoundToBFloat16(product),
                };
                Assert.Equal(BitConverter.SingleToUInt32Bits(expected), BitConverter.SingleToUInt32Bits(result[i]));
            }
        }
    }

    [Fact]
    public async Task OneScaleServesTheWholeTensor() =>
        Assert.Equal(Weights.Select(weight => weight * 0.5f), await Apply([4, 2], [0.5f], QuantFormat.F32, 16));

    [Fact]
    public async Task OverflowByScalesIsCounted()
    {
        using GgufFile model = Open([8], [1e38f]);
        DequantizeResult result = await ModelConverter.DequantizeAsync(
            model, _folder["out.gguf"], new DequantizeOptions { ApplyScales = true, OutputType = QuantFormat.F32 }, _device);
        Assert.Contains("2 values too large for F32", Assert.Single(result.Warnings));
    }

    [Fact]
    public async Task UnappliedScalesAreKeptWithAWarning()
    {
        using GgufFile model = Open([8], [2]);
        DequantizeResult result = await ModelConverter.DequantizeAsync(
            model, _folder["out.gguf"], new DequantizeOptions { OutputType = QuantFormat.F32 }, _device);
        Assert.Contains("1 companion scale kept beside the weights and not applied: 'a.scale'", Assert.Single(result.Warnings));
        using GgufFile output = GgufFile.Open(_folder["out.gguf"]);
        Assert.Equal(["a.weight", "a.scale"], output.Tensors.Select(tensor => tensor.Name));
    }

    [Fact]
    public async Task UnappliedScalesStayExact()
    {
        using GgufFile model = Open([8], [1 / 3f]);
        await ModelConverter.DequantizeAsync(model, _folder["out.safetensors"], new DequantizeOptions(), _device);
        var output = new PlainSafetensors(_folder["out.safetensors"]);
        Assert.Equal("F16", output.Tensors["a.weight"].Type);
        Assert.Equal("F32", output.Tensors["a.scale"].Type);
        Assert.Equal(BitConverter.GetBytes(1 / 3f), output.Tensors["a.scale"].Data);
    }

    [Fact]
    public async Task ScalesThatDoNotFitAreRefused()
    {
        using GgufFile model = Open([2, 2, 2], [1, 2, 3]);
        ModelFormatException fault = await Assert.ThrowsAsync<ModelFormatException>(() => ModelConverter.DequantizeAsync(
            model, _folder["out.gguf"], new DequantizeOptions { ApplyScales = true }, _device));
        Assert.Contains("'a.scale' beside 'a.weight': has 3 values, expected 1 or 2", fault.Message);
        Assert.Equal(["model.gguf"], _folder.Names);
    }

    private async Task<float[]> Apply(ulong[] dimensions, float[] scales, QuantFormat type, int chunkBytes)
    {
        using GgufFile model = Open(dimensions, scales);
        var options = new DequantizeOptions { ApplyScales = true, OutputType = type, ChunkBytes = chunkBytes, Overwrite = true };
        await ModelConverter.DequantizeAsync(model, _folder["out.gguf"], options, _device);
        using GgufFile output = GgufFile.Open(_folder["out.gguf"]);
        var result = new float[Weights.Length];
        GgufTensor tensor = Assert.Single(output.Tensors);
        tensor.Dequantize(_device, 0, tensor.RowCount, result);
        return result;
    }

    private GgufFile Open(ulong[] dimensions, float[] scales)
    {
        TestTensor[] tensors = [new("a.weight") { Dimensions = dimensions }, new("a.scale", 32) { Dimensions = [(ulong)scales.Length] }];
        byte[] data = [.. MemoryMarshal.AsBytes<float>(Weights), .. MemoryMarshal.AsBytes<float>(scales)];
        return GgufFile.Open(_folder.Write("model.gguf", new TestModel { Tensors = tensors, Data = data }.ToBytes()));
    }
}
