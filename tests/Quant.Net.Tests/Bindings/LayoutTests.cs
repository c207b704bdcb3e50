using Quant.Net.Native;

namespace Quant.Net.Tests.Bindings;

public class LayoutTests
{
    public static TheoryData<string> Names => new(NativeLayout.All().Select(entry => entry.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public void IsTheSameInCAndCSharp(string name)
    {
        LayoutEntry entry = NativeLayout.All().Single(entry => entry.Name == name);
        Assert.Equal(entry.Offset, entry.ActualOffset);
        Assert.Equal(entry.Size, entry.ActualSize);
    }
}
