using Quant.Net.Tool.CommandLine;

namespace Quant.Net.Tool.Tests.CommandLine;

public class SuggestionTests
{
    private static readonly string[] Commands = ["inspect", "dequantize", "formats", "doctor"];

    [Theory]
    [InlineData("inpsect", "inspect")]
    [InlineData("format", "formats")]
    [InlineData("dequantise", "dequantize")]
    [InlineData("doctro", "doctor")]
    [InlineData("quantize", "dequantize")]
    [InlineData("banana", null)]
    [InlineData("x", null)]
    public void FindsTheWordThatWasMeant(string typed, string? expected) => Assert.Equal(expected, Suggestion.For(typed, Commands));

    [Theory]
    [InlineData("", "", 0)]
    [InlineData("ab", "ba", 1)]
    [InlineData("abc", "axc", 1)]
    [InlineData("abc", "", 3)]
    [InlineData("kitten", "sitting", 3)]
    public void CountsSlips(string from, string to, int expected) => Assert.Equal(expected, Suggestion.Distance(from, to));
}
