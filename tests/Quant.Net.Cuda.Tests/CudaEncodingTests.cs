using Quant.Net.Gguf;

namespace Quant.Net.Cuda.Tests;

public sealed class CudaEncodingTests : IDisposable
{
    private const int Columns = 512, Rows = 20;

    private readonly float[] _values = RandomValues();
    private readonly float[] _importance = [.. Enumerable.Range(0, Columns).Select(i => i % 17 / 4f)];

    public CudaEncodingTests()
    {
        if (FakeDriver.Missing is null)
        {
            FakeDriver.Configure("");
        }
    }

    public void Dispose()
    {
        if (FakeDriver.Missing is null)
        {
            Assert.Equal(default, FakeDriver.Living);
            Assert.Equal("", FakeDriver.Misuses);
        }
    }

    [GpuFact]
    public void EncodesFromHostToHost()
    {
        using QuantDevice gpu = OpenGpu();
        byte[] expected = Expected(QuantFormat.Q5_K, _importance), found = new byte[Size(QuantFormat.Q5_K)];
        gpu.Quantize(_values, Columns, QuantFormat.Q5_K, found, _importance);
        Assert.Equal(expected, found);
        Assert.StartsWith("sm_", QuantDevice.LastKernel, StringComparison.Ordinal);
        Assert.EndsWith("/f32/Q5_K", QuantDevice.LastKernel, StringComparison.Ordinal);
        Assert.Equal(QuantDevice.LastKernel, gpu.GetCapability(QuantOperation.Quantize, QuantFormat.F32, QuantFormat.Q5_K).Kernel);

        _values[(3 * Columns) + 4] = float.NaN;
        NotFiniteNumberException e = Assert.Throws<NotFiniteNumberException>(() => gpu.Quantize(_values, Columns, QuantFormat.Q5_K, found));
        Assert.Equal("source is NaN at row 3, column 4, expected a finite number", e.Message);
    }

    [GpuFact]
    public void EncodesInAStream()
    {
        using QuantDevice gpu = OpenGpu();
        using CudaStream stream = gpu.CreateStream();
        using DeviceBuffer<float> values = gpu.Allocate<float>(_values.Length);
        using DeviceBuffer<float> importance = gpu.Allocate<float>(Columns);
        using DeviceBuffer<ulong> nonfinite = gpu.Allocate<ulong>(1);
        using DeviceBuffer<byte> packed = gpu.Allocate<byte>(Size(QuantFormat.Q4_0));
        _values[(2 * Columns) + 9] = float.PositiveInfinity;
        stream.CopyAndWait<float>(_values, values);
        stream.CopyAndWait<float>(_importance, importance);
        stream.CopyAndWait<ulong>([ulong.MaxValue], nonfinite);
        stream.Quantize(
            QuantFormat.F32, values.Address, values.ByteLength, Columns, QuantFormat.Q4_0, packed.Address, packed.ByteLength,
            importance.Address, nonfinite.Address);
        byte[] found = new byte[packed.Length];
        ulong[] place = new ulong[1];
        stream.CopyAndWait(packed, found);
        stream.CopyAndWait(nonfinite, place);
        Assert.Equal(Expected(QuantFormat.Q4_0, _importance), found);
        Assert.Equal((2ul * Columns) + 9, place[0]);
        Assert.Throws<ArgumentException>(() => stream.Quantize(
            QuantFormat.F32, values.Address, values.ByteLength, Columns + 1, QuantFormat.Q4_0, packed.Address, packed.ByteLength));
        Assert.Throws<NotSupportedException>(() => stream.Quantize(
            QuantFormat.F32, values.Address, values.ByteLength, Columns, QuantFormat.IQ2_S, packed.Address, packed.ByteLength));
    }

    [GpuTheory]
    [InlineData("Q4_K_M")]
    [InlineData("Q8_0")]
    public async Task ModelsAreTheCpus(string recipe)
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            string path = Path.Combine(folder, "in.gguf"), byCpu = Path.Combine(folder, "cpu.gguf"), byGpu = Path.Combine(folder, "gpu.gguf");
            using (GgufWriter writer = GgufWriter.Create(path, new GgufWriterOptions()))
            {
                writer.AddTensor("blk.0.ffn_down.weight", QuantFormat.F32, [Columns, Rows]);
                writer.Write("blk.0.ffn_down.weight", System.Runtime.InteropServices.MemoryMarshal.AsBytes(_values.AsSpan()));
                writer.Complete();
            }

            using GgufFile model = GgufFile.Open(path);
            QuantizationPlan plan = QuantizationPlan.Create(model, QuantizationRecipe.Get(recipe));
            using (QuantDevice cpu = QuantDevice.Open("cpu", new QuantDeviceOptions { Threads = 1 }))
            {
                await ModelQuantizer.QuantizeAsync(model, plan, byCpu, new QuantizeOptions(), cpu);
            }

            using QuantDevice gpu = OpenGpu();
            QuantizeResult result = await ModelQuantizer.QuantizeAsync(model, plan, byGpu, new QuantizeOptions(), gpu);
            Assert.Equal(await File.ReadAllBytesAsync(byCpu), await File.ReadAllBytesAsync(byGpu));
            Assert.All(result.Kernels, kernel => Assert.StartsWith("sm_", kernel, StringComparison.Ordinal));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static QuantDevice OpenGpu() =>
        QuantDevice.Open("cuda:0", new QuantDeviceOptions { Threads = 2, MemoryLimit = QuantDeviceOptions.MinMemoryLimit });

    private static int Size(QuantFormat format) => (int)QuantFormats.Get(format).GetByteCount(Columns * Rows);

    private static float[] RandomValues()
    {
        var random = new Random(20261126);
        return [.. Enumerable.Range(0, Columns * Rows).Select(_ => (float)(random.NextDouble() - 0.5))];
    }

    private byte[] Expected(QuantFormat format, float[] importance)
    {
        using QuantDevice cpu = QuantDevice.Open("cpu", new QuantDeviceOptions { Threads = 1 });
        byte[] packed = new byte[Size(format)];
        cpu.Quantize(_values, Columns, format, packed, importance, allowNonfinite: true);
        return packed;
    }
}
