using Quant.Net.Tool.CommandLine;

namespace Quant.Net.Tool.Tests.CommandLine;

public class ByteSizeTests
{
    [Theory]
    [InlineData("1", 1)]
    [InlineData("1000000", 1_000_000)]
    [InlineData("12B", 12)]
    [InlineData("5GB", 5_000_000_000)]
    [InlineData("5g", 5_000_000_000)]
    [InlineData("500 MiB", 524_288_000)]
    [InlineData("1.5KiB", 1536)]
    public void ReadsSizes(string text, long expected)
    {
        Assert.True(ByteSize.TryParse(text, out long bytes));
        Assert.Equal(expected, bytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("GB")]
    [InlineData("5Q")]
    [InlineData("0.1B")]
    [InlineData("1e9")]
    [InlineData("99999999999999999999")]
    [InlineData("9223372036854775807KB")]
    public void RefusesWhatIsNoSize(string text) => Assert.False(ByteSize.TryParse(text, out _));
}
