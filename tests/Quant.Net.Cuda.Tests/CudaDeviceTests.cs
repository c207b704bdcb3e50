namespace Quant.Net.Cuda.Tests;

public sealed unsafe class CudaDeviceTests : IDisposable
{
    private const int Blocks = 1000;

    private readonly byte[] _packed = RandomBlocks();

    public CudaDeviceTests()
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
    public void IsListedAndDescribed()
    {
        FakeDriver.Configure("devices=2 capability=86 version=12080 memory=8589934592");
        QuantDeviceInfo info = QuantDevice.Enumerate()[2];
        Assert.Equal("cuda:1", info.Name);
        Assert.Equal(QuantDeviceKind.Cuda, info.Kind);
        Assert.Equal(new Version(8, 6), info.ComputeCapability);
        Assert.Equal(new Version(12, 8), info.DriverVersion);
        Assert.Equal(8589934592, info.MemoryTotal);
        Assert.Equal(0, info.MemoryFree);
        using QuantDevice device = QuantDevice.Open("cuda:1");
        Assert.Equal((8589934592, 8589934592), device.GetMemory());
        Assert.Equal(8589934592, device.Info.MemoryFree);
    }

    [GpuFact]
    public void DecodesFromHostToHost()
    {
        using QuantDevice gpu = OpenGpu();
        float[] expected = Expected(), found = new float[Blocks * 256];
        gpu.Dequantize(QuantFormat.Q4_K, _packed, found);
        Assert.Equal(expected, found);
        Assert.StartsWith("sm_", QuantDevice.LastKernel, StringComparison.Ordinal);
        Assert.EndsWith("/Q4_K/f32", QuantDevice.LastKernel, StringComparison.Ordinal);
    }

    [GpuFact]
    public void DecodesFromHostToGpu()
    {
        using QuantDevice gpu = OpenGpu();
        using CudaStream stream = gpu.CreateStream();
        using DeviceBuffer<float> weights = gpu.Allocate<float>(Blocks * 256);
        float[] found = new float[weights.Length];
        gpu.Dequantize(QuantFormat.Q4_K, _packed, weights);
        stream.CopyAndWait(weights, found);
        Assert.Equal(Expected(), found);
    }

    [GpuFact]
    public void DecodesInAStreamBetweenEvents()
    {
        using QuantDevice gpu = OpenGpu();
        using CudaStream own = gpu.CreateStream();
        using CudaStream stream = gpu.UseStream(own.NativeHandle);
        using CudaEvent start = gpu.CreateEvent();
        using CudaEvent end = gpu.CreateEvent();
        using DeviceBuffer<byte> packed = gpu.Allocate<byte>(_packed.Length);
        using DeviceBuffer<float> weights = gpu.Allocate<float>(Blocks * 256);
        using PinnedBuffer<byte> from = gpu.AllocatePinned<byte>(_packed.Length);
        using PinnedBuffer<float> to = gpu.AllocatePinned<float>(Blocks * 256);
        _packed.CopyTo(from.Span);
        stream.Record(start);
        stream.Copy(from, packed);
        stream.Dequantize(QuantFormat.Q4_K, packed, weights);
        stream.Copy(weights, to);
        stream.Record(end);
        Assert.False(end.IsPassed);
        Assert.False(stream.IsIdle);
        end.Synchronize();
        Assert.True(end.IsPassed);
        Assert.True(stream.IsIdle);
        Assert.Equal(Expected(), to.Span.ToArray());
        Assert.True(end.ElapsedSince(start) > TimeSpan.Zero);
    }

    [GpuFact]
    public void CopiesBetweenAddresses()
    {
        using QuantDevice gpu = OpenGpu();
        using CudaStream stream = gpu.CreateStream();
        using DeviceBuffer<byte> first = gpu.Allocate<byte>(_packed.Length);
        using DeviceBuffer<byte> second = gpu.Allocate<byte>(_packed.Length);
        byte[] found = new byte[100];
        fixed (byte* from = _packed, to = found)
        {
            stream.CopyToDevice(from, first.Address, first.ByteLength);
            stream.CopyOnDevice(first.Address + 7, second.Address, 1000);
            stream.CopyToHost(second.Address + 3, to, (nuint)found.Length);
            stream.Synchronize();
        }

        Assert.Equal(_packed[10..110], found);
        Assert.Throws<ArgumentException>(() => stream.CopyToDevice(null, first.Address, 1));
        Assert.Throws<ArgumentException>(() => stream.CopyToHost(first.Address, null, 1));
        Assert.Throws<ArgumentException>(() => stream.CopyOnDevice(0, first.Address, 1));
    }

    [GpuFact]
    public void DecodesRowsInAStream()
    {
        using QuantDevice gpu = OpenGpu();
        using CudaStream stream = gpu.CreateStream();
        using DeviceBuffer<byte> packed = gpu.Allocate<byte>(_packed.Length);
        using DeviceBuffer<float> weights = gpu.Allocate<float>(3 * 512);
        stream.CopyAndWait<byte>(_packed, packed);
        stream.DequantizeRows(
            QuantFormat.Q4_K, packed.Address, packed.ByteLength, 512, [7, 8, 0], QuantFormat.F32, weights.Address, weights.ByteLength);
        float[] found = new float[3 * 512];
        stream.CopyAndWait(weights, found);
        float[] all = Expected();
        Assert.Equal([.. all[(7 * 512)..(9 * 512)], .. all[..512]], found);
        Assert.Throws<ArgumentException>(() => stream.DequantizeRows(
            QuantFormat.Q4_K, packed.Address, packed.ByteLength, 512, [-1], QuantFormat.F32, weights.Address, weights.ByteLength));
    }

    [GpuFact]
    public void DescribesWhatIsMissing()
    {
        FakeDriver.Configure("version=10020");
        PlatformNotSupportedException e = Assert.Throws<PlatformNotSupportedException>(() => QuantDevice.Open("cuda:0"));
        Assert.Equal(
            "cuda:0 cannot be had: the NVIDIA driver is too old: it knows CUDA 10.2, needed is 11.0 or later", e.Message);
        using QuantDevice cpu = QuantDevice.Open("auto");
        Assert.Equal("cpu", cpu.Name);
        Assert.Contains("the NVIDIA driver is too old", cpu.Description, StringComparison.Ordinal);
        Assert.Throws<NotSupportedException>(cpu.CreateStream);
        Assert.Throws<NotSupportedException>(() => cpu.Allocate<byte>(1));
    }

    [GpuFact]
    public void SaysHowMuchMemoryIsMissing()
    {
        FakeDriver.Configure("memory=1000000");
        using QuantDevice gpu = OpenGpu();
        OutOfMemoryException e = Assert.Throws<OutOfMemoryException>(() => gpu.Allocate<float>(1000000));
        Assert.Equal(
            "cuda:0: no memory for a buffer of 4000000 bytes (CUDA_ERROR_OUT_OF_MEMORY); 1000000 of 1000000 bytes of the GPU are free",
            e.Message);
    }

    [GpuFact]
    public void IsLostAfterAnErrorThatEndsItsContext()
    {
        using QuantDevice gpu = OpenGpu();
        using CudaStream stream = gpu.CreateStream();
        stream.Dequantize(QuantFormat.Q8_0, 0x1000, 34, QuantFormat.F32, 0x2000, 128);
        QuantNetException e = Assert.Throws<QuantNetException>(stream.Synchronize);
        Assert.Contains("cuda:0 is lost", e.Message, StringComparison.Ordinal);
        Assert.Contains("CUDA_ERROR_ILLEGAL_ADDRESS", e.Message, StringComparison.Ordinal);
        Assert.Throws<QuantNetException>(() => gpu.Dequantize(QuantFormat.Q8_0, new byte[34], new float[32]));
    }

    [GpuFact]
    public void ChecksItsArguments()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => QuantDevice.Open("cuda:0", new QuantDeviceOptions { MemoryLimit = 1000 }));
        using QuantDevice gpu = OpenGpu();
        CudaStream stream = gpu.CreateStream();
        DeviceBuffer<byte> packed = gpu.Allocate<byte>(34);
        using DeviceBuffer<float> weights = gpu.Allocate<float>(31);
        Assert.Throws<ArgumentException>(() => stream.Dequantize(QuantFormat.Q8_0, packed, weights));
        Assert.Throws<ArgumentException>(() => stream.CopyAndWait<byte>(new byte[35], packed));
        Assert.Throws<ArgumentOutOfRangeException>(() => gpu.Allocate<float>(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => gpu.Allocate<float>(long.MaxValue / 2));
        packed.Dispose();
        Assert.Throws<ObjectDisposedException>(() => packed.Address);
        stream.Dispose();
        Assert.Throws<ObjectDisposedException>(stream.Synchronize);
    }

    private static QuantDevice OpenGpu() =>
        QuantDevice.Open("cuda:0", new QuantDeviceOptions { Threads = 2, MemoryLimit = QuantDeviceOptions.MinMemoryLimit });

    // Scales below infinity, so that there are no NaNs to compare.
    private static byte[] RandomBlocks()
    {
        byte[] blocks = new byte[Blocks * 144];
        new Random(20261125).NextBytes(blocks);
        for (int block = 0; block < Blocks; block++)
        {
            blocks[block * 144 + 1] &= 0x3F;
            blocks[block * 144 + 3] &= 0x3F;
        }

        return blocks;
    }

    private float[] Expected()
    {
        using QuantDevice cpu = QuantDevice.Open("cpu", new QuantDeviceOptions { Threads = 1 });
        float[] weights = new float[Blocks * 256];
        cpu.Dequantize(QuantFormat.Q4_K, _packed, weights);
        return weights;
    }
}
