using System.Text.RegularExpressions;

namespace Quant.Net.Tests.Formats;

public partial class QuantFormatsTests
{
    [Fact]
    public void TheLibraryKnowsExactlyTheFormatsOfTheHeader() =>
        Assert.Equal(Enum.GetValues<QuantFormat>(), QuantFormats.All.Select(info => info.Format));

    [Fact]
    public void NamesAreThoseOfTheEnum() =>
        Assert.All(QuantFormats.All, info => Assert.Equal(info.Format.ToString(), info.Name));

    [Fact]
    public void FactsMakeSense() => Assert.All(QuantFormats.All, info =>
    {
        Assert.True(info.ValuesPerBlock >= 1 && info.BytesPerBlock >= 1);
        Assert.Equal(0, info.ValuesPerBlock % info.ValuesPerGroup);
        Assert.Equal(info.BytesPerBlock * 8.0 / info.ValuesPerBlock, info.BitsPerWeight);
        Assert.Matches(OneLine(), info.Formula);
        Assert.Equal(info.Name, info.ToString());
    });

    // A few numbers that everybody knows by heart; the rest is checked against the vectors' sizes.
    [Theory]
    [InlineData(QuantFormat.F32, 1, 4, 32)]
    [InlineData(QuantFormat.Q8_0, 32, 34, 8.5)]
    [InlineData(QuantFormat.Q4_K, 256, 144, 4.5)]
    [InlineData(QuantFormat.Q6_K, 256, 210, 6.5625)]
    [InlineData(QuantFormat.Q8_1, 32, 36, 9)]
    public void KnownSizes(QuantFormat format, int values, int bytes, double bits)
    {
        QuantFormatInfo info = QuantFormats.Get(format);
        Assert.Equal((values, bytes, bits), (info.ValuesPerBlock, info.BytesPerBlock, info.BitsPerWeight));
    }

    [Fact]
    public void IntegersAreKnownAsSuch() =>
        Assert.Equal(["I8", "I16", "I32", "I64"], QuantFormats.All.Where(info => info.IsInteger).Select(info => info.Name));

    [Fact]
    public void FindsByNumberAndName()
    {
        Assert.True(QuantFormats.TryParse("q4_k", out QuantFormatInfo? byName));
        Assert.True(QuantFormats.TryGet((QuantFormat)12, out QuantFormatInfo? byNumber));
        Assert.Same(byName, byNumber);
        Assert.Same(byName, QuantFormats.Get(QuantFormat.Q4_K));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(4)] // once Q4_2
    [InlineData(999)]
    [InlineData(int.MaxValue)]
    public void UnknownNumbersAreRefused(int number)
    {
        Assert.False(QuantFormats.TryGet((QuantFormat)number, out QuantFormatInfo? info));
        Assert.Null(info);
        ArgumentException e = Assert.Throws<ArgumentException>(() => QuantFormats.Get((QuantFormat)number));
        Assert.Equal("format", e.ParamName);
        Assert.Contains(number.ToString(), e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Q4")]
    [InlineData(" Q4_K")]
    [InlineData(null)]
    public void UnknownNamesAreRefused(string? name) => Assert.False(QuantFormats.TryParse(name, out _));

    [Fact]
    public void CountsBothWays() => Assert.All(QuantFormats.All, info =>
    {
        Assert.Equal(0, info.GetByteCount(0));
        Assert.Equal(3L * info.BytesPerBlock, info.GetByteCount(3L * info.ValuesPerBlock));
        Assert.Equal(3L * info.ValuesPerBlock, info.GetValueCount(3L * info.BytesPerBlock));
    });

    [Fact]
    public void CountsBeyondTwoGigabytes() =>
        Assert.Equal(144L << 32, QuantFormats.Get(QuantFormat.Q4_K).GetByteCount(256L << 32));

    [Fact]
    public void WrongCountsAreRefused()
    {
        QuantFormatInfo info = QuantFormats.Get(QuantFormat.Q8_0);
        Assert.Equal("valueCount", Assert.Throws<ArgumentException>(() => info.GetByteCount(33)).ParamName);
        Assert.StartsWith(
            "33 bytes of Q8_0 are not whole blocks of 34.",
            Assert.Throws<ArgumentException>(() => info.GetValueCount(33)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => info.GetByteCount(-32));
        Assert.Throws<ArgumentOutOfRangeException>(() => info.GetValueCount(-34));
        Assert.Throws<ArgumentOutOfRangeException>(() => info.GetByteCount(long.MaxValue - 31));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => QuantFormats.Get(QuantFormat.Q4_K).GetValueCount(long.MaxValue / 144 * 144));
    }

    [GeneratedRegex(@"\A[^\r\n]+\z")]
    private static partial Regex OneLine();
}
