using System.Runtime.InteropServices;
using Quant.Net.Recipes;

namespace Quant.Net.Tests.Devices;

/// <summary>Encoders give ggml's bytes, from every type of input; and each way to call them wrongly is refused.</summary>
public sealed unsafe class QuantizeTests : IDisposable
{
    private const int Columns = 1024;

    private static readonly float[] Input = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Vector("input.f32"))).ToArray();

    private readonly QuantDevice _device = QuantDevice.Open("cpu", new() { Threads = 2 });

    private static readonly QuantFormat[] AlwaysWeighted = [QuantFormat.IQ2_XXS, QuantFormat.IQ2_XS, QuantFormat.IQ1_S];

    /// <summary>Formats with known answers, and whether those are of an importance matrix.</summary>
    public static TheoryData<QuantFormat, bool> Answers
    {
        get
        {
            using QuantDevice device = QuantDevice.Open("cpu", new() { Threads = 1 });
            TheoryData<QuantFormat, bool> all = [];
            foreach (QuantFormat format in QuantFormats.All.Select(info => info.Format))
            {
                bool supported = device.GetCapability(QuantOperation.Quantize, QuantFormat.F32, format).IsSupported;
                foreach (bool weighted in new[] { false, true })
                {
                    if (supported && (weighted || !AlwaysWeighted.Contains(format)) && File.Exists(AnswerPath(format, weighted)))
                    {
                        all.Add(format, weighted);
                    }
                }
            }

            return all;
        }
    }

    public void Dispose() => _device.Dispose();

    [Theory]
    [MemberData(nameof(Answers))]
    public void GivesTheKnownAnswers(QuantFormat format, bool weighted)
    {
        byte[] expected = File.ReadAllBytes(AnswerPath(format, weighted));
        byte[] found = new byte[expected.Length];
        _device.Quantize(Input, Columns, format, found, weighted ? Importance() : default);
        Assert.Equal(expected, found);
        Assert.Equal($"{QuantDevice.LastKernel.Split('/')[0]}/f32/{format}", QuantDevice.LastKernel);
    }

    /// <summary>What the options of whole models are said to have an effect on.</summary>
    [Fact]
    public void EffortAndImportanceGiveOtherBytesWhereItIsSaid()
    {
        float[] rows = Input[..(2 * Columns)];
        foreach (QuantFormat format in QuantFormats.All.Select(info => info.Format).Where(TargetFormats.Contains))
        {
            byte[] Encode(float[] importance, QuantizationEffort effort = QuantizationEffort.Reference)
            {
                byte[] packed = new byte[QuantFormats.Get(format).GetByteCount(rows.Length)];
                _device.Quantize(rows, Columns, format, packed, importance, effort: effort);
                return packed;
            }

            float[] importance = Importance();
            bool isWeighted = AlwaysWeighted.Contains(format) || !Encode(importance).AsSpan().SequenceEqual(Encode([]));
            Assert.Equal((format, TargetFormats.UsesImportance(format)), (format, isWeighted));
            bool isLonger = !Encode(importance).AsSpan().SequenceEqual(Encode(importance, QuantizationEffort.Best));
            Assert.Equal((format, TargetFormats.HasLongerSearch(format)), (format, isLonger));
        }
    }

    [Fact]
    public void MostFormatsHaveAnAnswer() => Assert.InRange(Answers.Count, 42, int.MaxValue);

    [Theory]
    [InlineData(QuantFormat.Q4_K)]
    [InlineData(QuantFormat.Q8_0)]
    public void HalvesAreEncodedAsTheirFloats(QuantFormat format)
    {
        Half[] halves = [.. Input.Take(2 * Columns).Select(value => (Half)value)];
        BFloat16[] brains = [.. Input.Take(2 * Columns).Select(value => (BFloat16)value)];
        byte[] expected = new byte[QuantFormats.Get(format).GetByteCount(2 * Columns)];
        byte[] found = new byte[expected.Length];

        _device.Quantize([.. halves.Select(value => (float)value)], Columns, format, expected);
        _device.Quantize(halves, Columns, format, found);
        Assert.Equal(expected, found);

        _device.Quantize([.. brains.Select(value => (float)value)], Columns, format, expected);
        _device.Quantize(brains, Columns, format, found);
        Assert.Equal(expected, found);
    }

    [Fact]
    public void PointersDoWhatSpansDo()
    {
        byte[] expected = File.ReadAllBytes(AnswerPath(QuantFormat.Q6_K, weighted: false));
        byte[] found = new byte[expected.Length];
        fixed (float* source = Input)
        fixed (byte* destination = found)
        {
            _device.Quantize(
                QuantFormat.F32, source, (nuint)Input.Length * sizeof(float), Columns, QuantFormat.Q6_K, destination, (nuint)found.Length);
        }

        Assert.Equal(expected, found);
    }

    [Theory]
    [InlineData(float.NaN, "source is NaN at row 2, column 5, expected a finite number")]
    [InlineData(float.NegativeInfinity, "source is infinite at row 2, column 5, expected a finite number")]
    public void WhatIsNotFiniteIsRefusedUnlessAllowed(float value, string message)
    {
        float[] source = new float[4 * 32];
        source[(2 * 32) + 5] = value;
        byte[] packed = new byte[4 * 34];
        NotFiniteNumberException e = Assert.Throws<NotFiniteNumberException>(
            () => _device.Quantize(source, 32, QuantFormat.Q8_0, packed));
        Assert.Equal(message, e.Message);
        _device.Quantize(source, 32, QuantFormat.Q8_0, packed, allowNonfinite: true);
    }

    [Fact]
    public void AFormatWithoutAnEncoderIsRefused()
    {
        Assert.False(_device.GetCapability(QuantOperation.Quantize, QuantFormat.F32, QuantFormat.I8).IsSupported);
        Assert.Throws<NotSupportedException>(() => _device.Quantize(new float[32], 32, QuantFormat.I8, new byte[32]));
    }

    [Theory]
    [InlineData(64, 31, 1000, "valuesPerRow", "Rows of 31 values are not whole blocks of 32 of Q8_0.")]
    [InlineData(64, 0, 1000, "valuesPerRow", "")]
    [InlineData(64, -32, 1000, "valuesPerRow", "")]
    [InlineData(65, 32, 1000, "source", "260 bytes of values are not whole rows of 32 values of 4.")]
    [InlineData(64, 128, 1000, "source", "256 bytes of values are not whole rows of 128 values of 4.")]
    [InlineData(64, 32, 67, "destination", "Destination is too short: found 67 bytes, expected 68.")]
    public void SizesAreChecked(int values, int columns, int room, string parameter, string message)
    {
        values = columns == 31 ? 62 : values;
        byte[] packed = new byte[room];
        ArgumentException e = Assert.ThrowsAny<ArgumentException>(
            () => _device.Quantize(new float[values], columns, QuantFormat.Q8_0, packed));
        Assert.Equal(parameter, e.ParamName);
        Assert.StartsWith(message, e.Message, StringComparison.Ordinal);
        Assert.All(packed, value => Assert.Equal(0, value));
    }

    [Theory]
    [InlineData(31, 1, "Importance has 31 values, expected one for each of 32 columns.")]
    [InlineData(32, 0, "importance is 0 in all 32 columns")]
    [InlineData(32, -1, "importance[0] is -1, expected a number that is finite and not negative")]
    public void ImportanceIsChecked(int length, float value, string message)
    {
        float[] importance = [.. Enumerable.Repeat(value, length)];
        ArgumentException e = Assert.Throws<ArgumentException>(
            () => _device.Quantize(new float[32], 32, QuantFormat.Q4_0, new byte[18], importance));
        Assert.Equal("importance", e.ParamName);
        Assert.StartsWith(message, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FormatsThatNeedImportanceAreToldAndRefusedWithout()
    {
        Assert.Equal(
            AlwaysWeighted,
            QuantFormats.All.Select(info => info.Format)
                .Where(format => _device.GetCapability(QuantOperation.Quantize, QuantFormat.F32, format).NeedsImportance));
        foreach (QuantFormat format in AlwaysWeighted)
        {
            ArgumentException e = Assert.Throws<ArgumentException>(
                () => _device.Quantize(new float[256], 256, format, new byte[QuantFormats.Get(format).BytesPerBlock]));
            Assert.Equal("importance", e.ParamName);
            Assert.StartsWith($"{format} cannot be encoded without importance", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void OverlappingBuffersAreRefused()
    {
        byte[] memory = new byte[256];
        ArgumentException e = Assert.Throws<ArgumentException>(() => _device.Quantize(
            MemoryMarshal.Cast<byte, float>(memory.AsSpan(0, 128)), 32, QuantFormat.Q8_0, memory.AsSpan(127, 34)));
        Assert.Equal("destination", e.ParamName);
    }

    [Fact]
    public void NothingIsEncodedToNothing() => _device.Quantize(ReadOnlySpan<float>.Empty, 32, QuantFormat.Q8_0, []);

    private static string Vector(params string[] path) => Repository.PathOf(["tests", "vectors", .. path]);

    private static string AnswerPath(QuantFormat format, bool weighted) =>
        Vector(format.ToString(), weighted && !AlwaysWeighted.Contains(format) ? "quant_importance.bin" : "quant.bin");

    private static float[] Importance() => MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Vector("importance.f32"))).ToArray();
}
