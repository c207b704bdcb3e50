using Quant.Net.Tool.Bench;

namespace Quant.Net.Tool.Tests.Bench;

public unsafe class MeasuringTests
{
    [Theory]
    [InlineData(new double[] { 3 }, 3)]
    [InlineData(new double[] { 5, 1, 3 }, 3)]
    [InlineData(new double[] { 4, 1, 3, 2 }, 2.5)]
    public void TheMedianIsInTheMiddle(double[] samples, double expected) => Assert.Equal(expected, Median.Of(samples));

    [Fact]
    public void RatiosAreTakenRoundByRound() => Assert.Equal(2, Median.OfRatios([2, 20, 200], [1, 10, 50]));

    [Fact]
    public void EveryContenderHasASampleOfEveryRound()
    {
        int settled = 0;
        double[][] times = Interleaved.Time([() => Thread.Sleep(1), () => { }], () => settled++, 1e-9, CancellationToken.None);

        Assert.Equal(2, times.Length);
        Assert.Equal(times[0].Length, times[1].Length);
        Assert.Equal(2 * times[0].Length, settled);
        Assert.All(times[0], seconds => Assert.True(seconds >= 1e-3));
        Assert.All(times[1], seconds => Assert.InRange(seconds, 0, 1e-3));
    }

    [Fact]
    public void WeightsAreNumbersInTheRangeOfModels()
    {
        foreach (QuantFormatInfo format in QuantFormats.All)
        {
            using var packed = new PackedWeights(format, 256);
            using var decoded = new PageMemory(256 * sizeof(float));
            using QuantDevice device = QuantDevice.Open("cpu");
            packed.Decode(device, QuantFormat.F32, decoded);

            var weights = new ReadOnlySpan<float>(decoded.Pointer, 256);
            Assert.True(weights.IndexOfAnyExcept(0f) >= 0, format.Name);
            foreach (float weight in weights)
            {
                Assert.True(float.IsFinite(weight) && (weight == 0 || MathF.Abs(weight) >= 1f / (1 << 14)), $"{format}: {weight}");
            }
        }
    }

    [Fact]
    public void TrafficWritesTheWholeDestinationAndNothingElse()
    {
        using var source = new PageMemory(3 * 4096);
        using var destination = new PageMemory(4 * 4096);
        destination.FillWith([1]);

        MemoryTraffic.Move(source.Pointer, source.Bytes, destination.Pointer + 4096, 2 * 4096);

        var written = new ReadOnlySpan<byte>(destination.Pointer, (int)destination.Bytes);
        Assert.Equal(-1, written[..4096].IndexOfAnyExcept((byte)1));
        Assert.Equal(-1, written.Slice(4096, 2 * 4096).IndexOfAnyExcept((byte)0));
        Assert.Equal(-1, written[(3 * 4096)..].IndexOfAnyExcept((byte)1));
    }
}
