using System.Diagnostics;

namespace Quant.Net.Tests.Conversion;

public class NamePatternTests
{
    [Theory]
    [InlineData("*", "", true)]
    [InlineData("*", "blk.0.attn_q.weight", true)]
    [InlineData("blk.0.*", "blk.0.attn_q.weight", true)]
    [InlineData("blk.?.*", "blk.10.x", false)]
    [InlineData("blk.[0-3].*", "blk.3.x", true)]
    [InlineData("blk.[0-3].*", "blk.4.x", false)]
    [InlineData("blk.[!0-3].*", "blk.4.x", true)]
    [InlineData("[]a]", "]", true)]
    [InlineData("[a-]", "-", true)]
    [InlineData("*.weight", "a.weight.b", false)]
    [InlineData("*a*b*", "xxaxxbxx", true)]
    [InlineData("*ab", "aab", true)]
    [InlineData("A", "a", false)]
    [InlineData("", "", true)]
    [InlineData("", "x", false)]
    [InlineData("?", "☃", true)]
    [InlineData("?", "😀", true)]
    [InlineData("a.b", "axb", false)]
    public void MatchesAsShellsDo(string pattern, string name, bool expected) =>
        Assert.Equal(expected, new NamePattern(pattern).IsMatch(name));

    [Theory]
    [InlineData("[")]
    [InlineData("[]")]
    [InlineData("[!]")]
    [InlineData("a[b")]
    public void RefusesUnclosedSets(string pattern) => Assert.Throws<FormatException>(() => new NamePattern(pattern));

    [Fact]
    public void ManyStarsTakeNoTime()
    {
        var watch = Stopwatch.StartNew();
        Assert.False(new NamePattern(string.Concat(Enumerable.Repeat("*a", 50)) + "b").IsMatch(new string('a', 10_000)));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2), $"{watch.Elapsed}");
    }
}
