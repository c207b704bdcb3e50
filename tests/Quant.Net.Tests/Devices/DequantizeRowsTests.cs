namespace Quant.Net.Tests.Devices;

public sealed class DequantizeRowsTests : IDisposable
{
    private const int ValuesPerRow = 512;

    private readonly QuantDevice _device = QuantDevice.Open("cpu", new() { Threads = 2 });
    private readonly KnownAnswer _answer = KnownAnswers.Of(QuantFormat.Q4_K)[^1];

    public void Dispose() => _device.Dispose();

    [Fact]
    public void DecodesTheListedRowsInTheirOrder()
    {
        long[] rows = [3, 0, 3, 1];
        float[] expected = [.. rows.SelectMany(row => _answer.Values.Skip((int)row * ValuesPerRow).Take(ValuesPerRow))];

        float[] floats = new float[expected.Length];
        _device.DequantizeRows(QuantFormat.Q4_K, _answer.Packed, ValuesPerRow, rows, floats);
        Assert.Equal(expected, floats);

        Half[] halves = new Half[expected.Length];
        _device.DequantizeRows(QuantFormat.Q4_K, _answer.Packed, ValuesPerRow, rows, halves);
        Assert.Equal(expected.Select(value => (Half)value), halves);

        BFloat16[] brains = new BFloat16[expected.Length];
        _device.DequantizeRows(QuantFormat.Q4_K, _answer.Packed, ValuesPerRow, rows, brains);
        Assert.Equal(expected.Select(Reference.RoundToBFloat16), brains.Select(value => (float)value));
    }

    [Fact]
    public void NoRowsAreNoWork()
    {
        float[] floats = [7];
        _device.DequantizeRows(QuantFormat.Q4_K, _answer.Packed, ValuesPerRow, [], floats);
        Assert.Equal([7f], floats);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(32)]
    [InlineData(long.MaxValue)]
    public void ARowOutsideTheMatrixIsRefused(long row)
    {
        float[] floats = new float[2 * ValuesPerRow];
        ArgumentException e = Assert.Throws<ArgumentOutOfRangeException>(
            () => _device.DequantizeRows(QuantFormat.Q4_K, _answer.Packed, ValuesPerRow, [0, row], floats));
        Assert.Equal("rows", e.ParamName);
        Assert.Contains($"Row {row} at place 1 ", e.Message, StringComparison.Ordinal);
        Assert.All(floats, value => Assert.Equal(0, value));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-256)]
    [InlineData(255)]
    [InlineData(long.MaxValue)]
    public void AWrongRowLengthIsRefused(long valuesPerRow) => Assert.Equal("valuesPerRow", Assert.ThrowsAny<ArgumentException>(
        () => _device.DequantizeRows(QuantFormat.Q4_K, _answer.Packed, valuesPerRow, [0], new float[ValuesPerRow])).ParamName);

    [Fact]
    public void ARowLongerThanTheSourceIsRefused() => Assert.Equal("source", Assert.Throws<ArgumentException>(
        () => _device.DequantizeRows(QuantFormat.Q4_K, _answer.Packed, 1L << 40, [0], new float[ValuesPerRow])).ParamName);

    [Fact]
    public void ASourceOfPartsOfRowsIsRefused() => Assert.Equal("source", Assert.Throws<ArgumentException>(
        () => _device.DequantizeRows(QuantFormat.Q4_K, _answer.Packed.AsSpan(1), ValuesPerRow, [0], new float[ValuesPerRow])).ParamName);

    [Fact]
    public void ATooShortDestinationIsRefused() => Assert.Equal("destination", Assert.Throws<ArgumentException>(
        () => _device.DequantizeRows(QuantFormat.Q4_K, _answer.Packed, ValuesPerRow, [0, 0], new float[(2 * ValuesPerRow) - 1])).ParamName);

    [Fact]
    public void ADisposedDeviceIsRefused()
    {
        _device.Dispose();
        Assert.Throws<ObjectDisposedException>(
            () => _device.DequantizeRows(QuantFormat.Q4_K, _answer.Packed, ValuesPerRow, [0], new float[ValuesPerRow]));
    }
}
