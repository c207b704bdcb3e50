using System.Runtime.InteropServices;

namespace Quant.Net.Tests.Devices;

/// <summary>Each way to call <see cref="QuantDevice.Dequantize(QuantFormat, ReadOnlySpan{byte}, Span{float})"/> wrongly.</summary>
public sealed unsafe class DequantizeArgumentTests : IDisposable
{
    private readonly QuantDevice _device = QuantDevice.Open("cpu", new() { Threads = 1 });

    public void Dispose() => _device.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(33)]
    [InlineData(35)]
    public void ASourceThatIsNotWholeBlocksIsRefused(int bytes)
    {
        ArgumentException e = Assert.Throws<ArgumentException>(
            () => _device.Dequantize(QuantFormat.Q8_0, new byte[bytes], new float[64]));
        Assert.Equal("source", e.ParamName);
        Assert.StartsWith($"{bytes} bytes of Q8_0 are not whole blocks of 34.", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(63)]
    public void ATooShortDestinationIsRefusedAndLeftAlone(int length)
    {
        float[] floats = new float[length];
        byte[] source = new byte[68];
        source.AsSpan().Fill(1);
        ArgumentException e = Assert.Throws<ArgumentException>(() => _device.Dequantize(QuantFormat.Q8_0, source, floats));
        Assert.Equal("destination", e.ParamName);
        Assert.StartsWith(
            $"Destination is too short: found room for {length} values, expected 64.", e.Message, StringComparison.Ordinal);
        Assert.All(floats, value => Assert.Equal(0, value));
        Assert.Throws<ArgumentException>(() => _device.Dequantize(QuantFormat.Q8_0, source, new Half[length]));
        Assert.Throws<ArgumentException>(() => _device.Dequantize(QuantFormat.Q8_0, source, new BFloat16[length]));
    }

    [Fact]
    public void NothingIsDecodedToNothing()
    {
        _device.Dequantize(QuantFormat.Q8_0, [], Span<float>.Empty);
        _device.Dequantize(QuantFormat.Q8_0, null, 0, QuantFormat.F16, null, 0);
    }

    [Theory]
    [InlineData(0)] // the same place
    [InlineData(33)] // the source's last byte
    [InlineData(-127)] // the destination's last byte
    public void OverlappingBuffersAreRefused(int distance)
    {
        byte[] memory = new byte[512];
        const int Source = 200;
        ArgumentException e = Assert.Throws<ArgumentException>(() => _device.Dequantize(
            QuantFormat.Q8_0, memory.AsSpan(Source, 34), MemoryMarshal.Cast<byte, float>(memory.AsSpan(Source + distance, 128))));
        Assert.Equal("destination", e.ParamName);
        Assert.Contains("overlap", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(34)]
    [InlineData(-128)]
    public void TouchingBuffersAreFine(int distance)
    {
        byte[] memory = new byte[512];
        const int Source = 200;
        _device.Dequantize(
            QuantFormat.Q8_0, memory.AsSpan(Source, 34), MemoryMarshal.Cast<byte, float>(memory.AsSpan(Source + distance, 128)));
    }

    [Fact]
    public void AnUnknownFormatIsRefused() => Assert.Equal("format", Assert.Throws<ArgumentException>(
        () => _device.Dequantize((QuantFormat)999, new byte[34], new float[32])).ParamName);

    [Theory]
    [InlineData(QuantFormat.Q8_0)]
    [InlineData((QuantFormat)999)]
    public void AnOutputThatIsNoFloatIsRefused(QuantFormat output)
    {
        byte* memory = stackalloc byte[512];
        Assert.Equal("output", Assert.Throws<ArgumentException>(
            () => _device.Dequantize(QuantFormat.Q8_0, memory, 34, output, memory + 256, 256)).ParamName);
    }

    [Fact]
    public void NullWithASizeIsRefused()
    {
        byte* memory = stackalloc byte[512];
        Assert.Equal("source", Assert.Throws<ArgumentNullException>(
            () => _device.Dequantize(QuantFormat.Q8_0, null, 34, QuantFormat.F32, memory, 128)).ParamName);
        Assert.Equal("destination", Assert.Throws<ArgumentNullException>(
            () => _device.Dequantize(QuantFormat.Q8_0, memory, 34, QuantFormat.F32, null, 128)).ParamName);
    }

    [Fact]
    public void ADisposedDeviceIsRefused()
    {
        _device.Dispose();
        _device.Dispose();
        Assert.Throws<ObjectDisposedException>(() => _device.Dequantize(QuantFormat.Q8_0, new byte[34], new float[32]));
        Assert.Throws<ObjectDisposedException>(
            () => _device.GetCapability(QuantOperation.Dequantize, QuantFormat.Q8_0, QuantFormat.F32));
        Assert.Equal("cpu", _device.Name);
    }
}
