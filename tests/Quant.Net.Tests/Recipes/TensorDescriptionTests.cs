namespace Quant.Net.Tests.Recipes;

public class TensorDescriptionTests
{
    [Fact]
    public void CountsValuesAndBytes()
    {
        var tensor = new TensorDescription("x", QuantFormat.Q4_K, [2, 3, 512]);
        Assert.Equal((512, 3072, 3072 / 256 * 144), (tensor.RowLength, tensor.ElementCount, tensor.ByteLength));
        Assert.Equal("x Q4_K [2, 3, 512]", tensor.ToString());
        Assert.Equal((1, 1), (new TensorDescription("scalar", QuantFormat.F32, []).RowLength, new TensorDescription("scalar", QuantFormat.F32, []).ElementCount));
    }

    [Theory]
    [InlineData(QuantFormat.Q4_K, new long[] { 2, 100 })]
    [InlineData(QuantFormat.F32, new long[] { -1 })]
    [InlineData(QuantFormat.F32, new long[] { long.MaxValue, 2 })]
    [InlineData((QuantFormat)999, new long[] { 1 })]
    public void ImpossibleOnesAreRefused(QuantFormat format, long[] shape) =>
        Assert.ThrowsAny<ArgumentException>(() => new TensorDescription("x", format, shape));
}
