using System.Runtime.InteropServices;

namespace Quant.Net.Tests.Devices;

/// <summary>Every format on every instruction set gives the known answers, to every type of output.</summary>
public class DequantizeTests
{
    private const byte Untouched = 0x5A;
    private const int Margin = 32;

    [Fact]
    public void EveryInstructionSetHasItsData()
    {
        IEnumerable<InstructionSet> tested = Enum.GetValues<InstructionSet>().Except([InstructionSet.Auto]);
        Assert.Equal(tested, QuantDevice.InstructionSets.Select(info => info.InstructionSet));
    }

    [Theory]
    [InstructionSetData(InstructionSet.Scalar)]
    [InstructionSetData(InstructionSet.Avx2)]
    [InstructionSetData(InstructionSet.Avx512)]
    [InstructionSetData(InstructionSet.Avx512Vbmi)]
    public void GivesTheKnownAnswers(InstructionSet set, QuantFormat format)
    {
        using QuantDevice device = Open(set);
        Assert.All(KnownAnswers.Of(format), answer => AssertDecodes(device, format, answer, blockBegin: 0, int.MaxValue));
    }

    [Theory]
    [InstructionSetData(InstructionSet.Scalar)]
    [InstructionSetData(InstructionSet.Avx2)]
    [InstructionSetData(InstructionSet.Avx512)]
    [InstructionSetData(InstructionSet.Avx512Vbmi)]
    public void DecodesAnyPartOfASource(InstructionSet set, QuantFormat format)
    {
        using QuantDevice device = Open(set);
        KnownAnswer answer = KnownAnswers.Of(format)[^1];
        for (int begin = 0; begin < 3; begin++)
        {
            for (int count = 0; count <= 9; count++)
            {
                AssertDecodes(device, format, answer, begin, count);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void ThreadsChangeNothing(int threads)
    {
        using QuantDevice device = QuantDevice.Open("cpu", new() { Threads = threads });
        Assert.Equal(threads, device.Threads);
        foreach (QuantFormatInfo info in QuantFormats.All)
        {
            KnownAnswer answer = Repeat(KnownAnswers.Of(info.Format)[^1], minimumValues: 300_000);
            float[] found = new float[answer.Values.Length];
            device.Dequantize(info.Format, answer.Packed, found);
            AssertSame(answer.Values, found, info.Name);
        }
    }

    [Fact]
    public void OneDeviceServesManyThreads()
    {
        using QuantDevice device = QuantDevice.Open("cpu", new() { Threads = 2 });
        KnownAnswer answer = Repeat(KnownAnswers.Of(QuantFormat.Q4_K)[^1], minimumValues: 200_000);
        Parallel.For(0, 16, new ParallelOptions { MaxDegreeOfParallelism = 8 }, _ =>
        {
            float[] found = new float[answer.Values.Length];
            device.Dequantize(QuantFormat.Q4_K, answer.Packed, found);
            AssertSame(answer.Values, found, "Q4_K");
        });
    }

    [Fact]
    public void SmallCallsAllocateNothing()
    {
        using QuantDevice device = QuantDevice.Open("cpu", new() { Threads = 1 });
        byte[] packed = new byte[144];
        float[] values = new float[256];
        Half[] halves = new Half[256];
        long[] rows = [0];
        void Call()
        {
            device.Dequantize(QuantFormat.Q4_K, packed, values);
            device.Dequantize(QuantFormat.Q4_K, packed, halves);
            device.DequantizeRows(QuantFormat.Q4_K, packed, 256, rows, values);
        }

        Call();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            Call();
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public unsafe void PointersDoWhatSpansDo()
    {
        using QuantDevice device = QuantDevice.Open("cpu", new() { Threads = 1 });
        KnownAnswer answer = KnownAnswers.Of(QuantFormat.Q6_K)[0];
        float[] found = new float[answer.Values.Length];
        fixed (byte* source = answer.Packed)
        fixed (float* destination = found)
        {
            device.Dequantize(
                QuantFormat.Q6_K, source, (nuint)answer.Packed.Length, QuantFormat.F32, destination, (nuint)found.Length * sizeof(float));
        }

        AssertSame(answer.Values, found, "Q6_K");
    }

    // Decodes some blocks at odd addresses to all three types, and looks that nothing else was written.
    private static void AssertDecodes(QuantDevice device, QuantFormat format, KnownAnswer answer, int blockBegin, int blockCount)
    {
        QuantFormatInfo info = QuantFormats.Get(format);
        int blocks = Math.Min(blockCount, (answer.Packed.Length / info.BytesPerBlock) - blockBegin);
        float[] values = answer.Values[(blockBegin * info.ValuesPerBlock)..((blockBegin + blocks) * info.ValuesPerBlock)];
        byte[] odd = [0, .. answer.Packed.AsSpan(blockBegin * info.BytesPerBlock, blocks * info.BytesPerBlock)];
        ReadOnlySpan<byte> source = odd.AsSpan(1);
        string name = $"{answer.Name}, blocks {blockBegin}+{blocks}";

        byte[] floats = Canvas(values.Length * sizeof(float));
        device.Dequantize(format, source, OddSpan<float>(floats));
        AssertSame(values, MemoryMarshal.Cast<byte, float>(Written(floats, name)), name);

        byte[] halves = Canvas(values.Length * sizeof(ushort));
        device.Dequantize(format, source, OddSpan<Half>(halves));
        AssertSame(
            Widen(values.Select(value => (Half)value), half => (float)half),
            Widen(MemoryMarshal.Cast<byte, Half>(Written(halves, name)).ToArray(), half => (float)half), name + " to f16");

        byte[] brains = Canvas(values.Length * sizeof(ushort));
        device.Dequantize(format, source, OddSpan<BFloat16>(brains));
        AssertSame(
            [.. values.Select(Reference.RoundToBFloat16)],
            Widen(MemoryMarshal.Cast<byte, BFloat16>(Written(brains, name)).ToArray(), value => (float)value), name + " to bf16");
    }

    private static float[] Widen<T>(IEnumerable<T> values, Func<T, float> widen) => [.. values.Select(widen)];

    private static byte[] Canvas(int size)
    {
        byte[] canvas = new byte[1 + size + Margin];
        canvas.AsSpan().Fill(Untouched);
        return canvas;
    }

    // The span that a caller passes: it begins at an odd address and is longer than need be.
    private static Span<T> OddSpan<T>(byte[] canvas)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(canvas.AsSpan(1));

    private static Span<byte> Written(byte[] canvas, string name)
    {
        bool clean = canvas[0] == Untouched && canvas.AsSpan(canvas.Length - Margin).IndexOfAnyExcept(Untouched) < 0;
        Assert.True(clean, $"{name}: bytes beside the destination were written");
        return canvas.AsSpan(1, canvas.Length - 1 - Margin);
    }

    private static KnownAnswer Repeat(KnownAnswer answer, int minimumValues)
    {
        int times = (minimumValues / answer.Values.Length) + 1;
        return answer with
        {
            Packed = [.. Enumerable.Repeat(answer.Packed, times).SelectMany(part => part)],
            Values = [.. Enumerable.Repeat(answer.Values, times).SelectMany(part => part)],
        };
    }

    private static void AssertSame(ReadOnlySpan<float> expected, ReadOnlySpan<float> found, string name)
    {
        Assert.Equal(expected.Length, found.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            if (!Reference.SameBits(expected[i], found[i]))
            {
                Assert.Fail($"{name}: value {i} is {found[i]:R}, expected {expected[i]:R}");
            }
        }
    }

    private static QuantDevice Open(InstructionSet set)
    {
        QuantDevice device = QuantDevice.Open("cpu", new() { Threads = 1, InstructionSet = set });
        Assert.Equal(set, device.InstructionSet);
        return device;
    }
}
