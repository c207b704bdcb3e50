using System.Runtime.InteropServices;

namespace Quant.Net.Cuda.Tests;

public sealed class CudaMatrixTests : IDisposable
{
    private const int Rows = 64, Columns = 256, Group = 32, Groups = Columns / Group;

    private static readonly byte[] Codes = RandomBytes(Rows * Columns / 2), Zeros = RandomBytes(Groups * Rows / 2);
    private static readonly byte[] Scales = RandomScales(), GroupIndex = RandomGroups();

    public CudaMatrixTests()
    {
        if (FakeDriver.Missing is null)
        {
            FakeDriver.Configure("");
        }
    }

    private static PackedMatrix Matrix => new()
    {
        Layout = PackedMatrixLayout.Gptq,
        Rows = Rows,
        Columns = Columns,
        GroupSize = Group,
        Bits = 4,
        ZeroPlusOne = true,
        ScaleFormat = QuantFormat.F16,
        Codes = Codes,
        Scales = Scales,
        Zeros = Zeros,
        GroupIndex = GroupIndex,
    };

    public void Dispose()
    {
        if (FakeDriver.Missing is null)
        {
            Assert.Equal(default, FakeDriver.Living);
            Assert.Equal("", FakeDriver.Misuses);
        }
    }

    [AnyGpuTheory]
    [InlineData(MatrixOrder.Rows, 3, 61)]
    [InlineData(MatrixOrder.Columns, 0, Columns)]
    [InlineData(MatrixOrder.Columns, 8, 9)]
    public void AreDecodedWhereTheyAre(MatrixOrder order, int first, int count)
    {
        int length = count * (order == MatrixOrder.Rows ? Columns : Rows);
        using QuantDevice cpu = QuantDevice.Open("cpu", new QuantDeviceOptions { Threads = 1 });
        float[] floats = new float[length], foundFloats = new float[length];
        Half[] halves = new Half[length], foundHalves = new Half[length];
        BFloat16[] bfloats = new BFloat16[length], foundBFloats = new BFloat16[length];
        cpu.DequantizeMatrix(Matrix, order, first, count, floats);
        cpu.DequantizeMatrix(Matrix, order, first, count, halves);
        cpu.DequantizeMatrix(Matrix, order, first, count, bfloats);

        using OnGpu gpu = new();
        using DeviceBuffer<float> f32 = gpu.Device.Allocate<float>(length);
        using DeviceBuffer<Half> f16 = gpu.Device.Allocate<Half>(length);
        using DeviceBuffer<BFloat16> bf16 = gpu.Device.Allocate<BFloat16>(length);
        gpu.Stream.DequantizeMatrix(gpu.Matrix, order, first, count, f32);
        gpu.Stream.DequantizeMatrix(gpu.Matrix, order, first, count, f16);
        gpu.Stream.DequantizeMatrix(gpu.Matrix, order, first, count, bf16);
        Assert.EndsWith("/GPTQ/bf16", QuantDevice.LastKernel, StringComparison.Ordinal);
        gpu.Stream.CopyAndWait(f32, foundFloats);
        gpu.Stream.CopyAndWait(f16, foundHalves);
        gpu.Stream.CopyAndWait(bf16, foundBFloats);
        Assert.Equal(floats, foundFloats);
        Assert.Equal(halves, foundHalves);
        Assert.Equal(bfloats, foundBFloats);
    }

    [GpuFact]
    public void AreCheckedBeforeTheyAreQueued()
    {
        using OnGpu gpu = new();
        using DeviceBuffer<float> weights = gpu.Device.Allocate<float>(Rows * Columns);
        using DeviceBuffer<float> few = gpu.Device.Allocate<float>(Rows * Columns - 1);
        DeviceMatrix tooShort = new(Matrix) { Codes = gpu.Codes, Scales = gpu.Zeros };
        FakeDriver.Add("");

        void Refused<T>(DeviceMatrix matrix, long first, long count, DeviceBuffer<float> destination, string message)
            where T : Exception =>
            Assert.Contains(
                message,
                Assert.ThrowsAny<T>(() => gpu.Stream.DequantizeMatrix(matrix, MatrixOrder.Rows, first, count, destination)).Message,
                StringComparison.Ordinal);

        Refused<ArgumentException>(tooShort, 0, Rows, weights, $"has {Zeros.Length} bytes, expected {Scales.Length}");
        Refused<ArgumentException>(gpu.Matrix, 0, Rows, few, "");
        Refused<ArgumentException>(gpu.Matrix, 60, 5, weights, "");
        Refused<ArgumentOutOfRangeException>(gpu.Matrix, -1, 5, weights, "first");
        Refused<ArgumentOutOfRangeException>(gpu.Matrix, 0, -1, weights, "count");
        Refused<ArgumentNullException>(null!, 0, 1, weights, "matrix");
        Refused<ArgumentNullException>(gpu.Matrix, 0, 1, null!, "destination");
        DeviceMatrix odd = new(Matrix with { Bits = 5 }) { Codes = gpu.Codes, Scales = gpu.Scales };
        Refused<NotSupportedException>(odd, 0, 1, weights, "5");
        Assert.Equal(0, FakeDriver.Calls("cuLaunchKernel"));

        gpu.Codes.Dispose();
        Refused<ObjectDisposedException>(gpu.Matrix, 0, 1, weights, "DeviceBuffer");
    }

    private static byte[] RandomBytes(int count)
    {
        byte[] bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }

    private static byte[] RandomScales()
    {
        Random random = new(1);
        Half[] scales = [.. Enumerable.Range(0, Groups * Rows).Select(_ => (Half)random.NextSingle())];
        return MemoryMarshal.AsBytes(scales.AsSpan()).ToArray();
    }

    private static byte[] RandomGroups()
    {
        int[] groups = [.. Enumerable.Range(0, Columns).Select(column => column / Group)];
        new Random(2).Shuffle(groups);
        return MemoryMarshal.AsBytes(groups.AsSpan()).ToArray();
    }

    // The matrix on a GPU.
    private sealed class OnGpu : IDisposable
    {
        private readonly DeviceBuffer<byte> _groupIndex;

        public OnGpu()
        {
            Device = QuantDevice.Open(
                FakeDriver.RealGpu ?? "cuda:0", new QuantDeviceOptions { Threads = 2, MemoryLimit = QuantDeviceOptions.MinMemoryLimit });
            Stream = Device.CreateStream();
            Codes = Moved(CudaMatrixTests.Codes);
            Scales = Moved(CudaMatrixTests.Scales);
            Zeros = Moved(CudaMatrixTests.Zeros);
            _groupIndex = Moved(CudaMatrixTests.GroupIndex);
            CudaMatrixTests.Matrix.Check();
            Matrix = new(CudaMatrixTests.Matrix) { Codes = Codes, Scales = Scales, Zeros = Zeros, GroupIndex = _groupIndex };
        }

        public QuantDevice Device { get; }

        public CudaStream Stream { get; }

        public DeviceBuffer<byte> Codes { get; }

        public DeviceBuffer<byte> Scales { get; }

        public DeviceBuffer<byte> Zeros { get; }

        public DeviceMatrix Matrix { get; }

        public void Dispose()
        {
            Codes.Dispose();
            Scales.Dispose();
            Zeros.Dispose();
            _groupIndex.Dispose();
            Stream.Dispose();
            Device.Dispose();
        }

        private DeviceBuffer<byte> Moved(byte[] array)
        {
            DeviceBuffer<byte> buffer = Device.Allocate<byte>(array.Length);
            Stream.CopyAndWait<byte>(array, buffer);
            return buffer;
        }
    }
}
