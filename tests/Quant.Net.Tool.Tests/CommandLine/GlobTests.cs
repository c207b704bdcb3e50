using System.Diagnostics;
using Quant.Net.Tool.CommandLine;

namespace Quant.Net.Tool.Tests.CommandLine;

public class GlobTests
{
    [Theory]
    [InlineData("", "", true)]
    [InlineData("", "a", false)]
    [InlineData("a", "a", true)]
    [InlineData("a", "A", false)]
    [InlineData("a", "ab", false)]
    [InlineData("*", "", true)]
    [InlineData("*", "blk.0.attn_q.weight", true)]
    [InlineData("blk.*.attn_q.weight", "blk.12.attn_q.weight", true)]
    [InlineData("blk.*.attn_q.weight", "blk.12.attn_q.bias", false)]
    [InlineData("blk.?.attn_q.*", "blk.7.attn_q.weight", true)]
    [InlineData("blk.?.attn_q.*", "blk.17.attn_q.weight", false)]
    [InlineData("*a*b", "xaxbxb", true)]
    [InlineData("*a*b", "xaxbx", false)]
    [InlineData("blk.[0-3].*", "blk.2.x", true)]
    [InlineData("blk.[0-3].*", "blk.4.x", false)]
    [InlineData("blk.[!0-3].*", "blk.4.x", true)]
    [InlineData("blk.[^0-3].*", "blk.2.x", false)]
    [InlineData("[abc]", "b", true)]
    [InlineData("[abc]", "d", false)]
    [InlineData("[a-]", "-", true)]
    [InlineData("[]]", "]", true)]
    [InlineData("[!]]", "]", false)]
    [InlineData("[!]]", "x", true)]
    [InlineData("[", "[", true)]
    [InlineData("[ab", "[ab", true)]
    [InlineData("[!", "[!", true)]
    [InlineData("[]", "[]", true)]
    [InlineData("*[0-9]", "x10", true)]
    [InlineData("**", "abc", true)]
    public void MatchesWholeNames(string pattern, string name, bool expected) => Assert.Equal(expected, Glob.Matches(pattern, name));

    [Fact]
    public void ManyStarsTakeNoTime()
    {
        string pattern = string.Concat(Enumerable.Repeat("*a", 200)) + "b";
        var clock = Stopwatch.StartNew();

        Assert.False(Glob.Matches(pattern, new string('a', 5000)));
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(2));
    }
}
