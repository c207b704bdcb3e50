using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Tests.Output;

public class QuantityTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1000, "0.98 KiB")]
    [InlineData(1363392, "1.30 MiB")]
    [InlineData(1048576 * 999.7, "0.98 GiB")]
    [InlineData(25769803776, "24.0 GiB")]
    [InlineData(long.MaxValue, "8.00 EiB")]
    public void ShowsSizesInThreeDigits(double bytes, string expected) => Assert.Equal(expected, Quantity.Bytes(bytes));

    [Theory]
    [InlineData(0, "0 ms")]
    [InlineData(0.034, "34 ms")]
    [InlineData(1.84, "1.8 s")]
    [InlineData(9.94, "9.9 s")]
    [InlineData(9.96, "10 s")]
    [InlineData(59.4, "59 s")]
    [InlineData(185, "3:05")]
    [InlineData(3785, "1:03:05")]
    [InlineData(360000, "100 h")]
    public void ShowsTimes(double seconds, string expected) => Assert.Equal(expected, Quantity.Duration(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void CountsWithNouns()
    {
        Assert.Equal("1 tensor", Quantity.Count(1, "tensor"));
        Assert.Equal("2,231,040 tensors", Quantity.Count(2231040, "tensor"));
    }
}
