using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Tests.Output;

public class SafeTextTests
{
    [Theory]
    [InlineData("blk.0.weight", "blk.0.weight")]
    [InlineData("größer Ġ 日本 😀", "größer Ġ 日本 😀")]
    [InlineData("a\nb\rc\td", "a\\nb\\rc\\td")]
    [InlineData("\u001b[31mred\u001b[0m", "\\u{1B}[31mred\\u{1B}[0m")]
    [InlineData("\u009b31m", "\\u{9B}31m")]
    [InlineData("abc\u202etxt.exe", "abc\\u{202E}txt.exe")]
    [InlineData("zero\u200bwidth", "zero\\u{200B}width")]
    [InlineData("line\u2028break", "line\\u{2028}break")]
    [InlineData("\u0007\u007f", "\\u{7}\\u{7F}")]
    [InlineData("[red]markup[/]", "[red]markup[/]")]
    public void EscapesWhatDoesNotShowAsItself(string text, string expected) => Assert.Equal(expected, SafeText.Escape(text));

    [Fact]
    public void EscapesHalfOfASurrogatePair() => Assert.DoesNotContain(SafeText.Escape("a\ud83db"), char.IsSurrogate);

    [Fact]
    public void ShortensLongTextAndSaysHowLongItIs()
    {
        Assert.Equal("short", SafeText.Shorten("short", 5));
        Assert.Equal("a long … (1,000 characters)", SafeText.Shorten("a long " + new string('x', 993), 7));
    }

    [Fact]
    public void DoesNotCutACharacterInTwo() => Assert.Equal("abc… (5 characters)", SafeText.Shorten("abc😀", 4));
}
