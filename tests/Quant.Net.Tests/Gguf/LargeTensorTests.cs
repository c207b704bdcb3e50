using System.Runtime.InteropServices;
using Quant.Net.Gguf;

namespace Quant.Net.Tests.Gguf;

/// <summary>A tensor of 2^33 weights, nearly all of them holes in a sparse file: every offset and count is beyond 32 bits.</summary>
public sealed unsafe class LargeTensorTests : IDisposable
{
    private const long RowLength = 1 << 13, RowsPerSlice = 1 << 16, Slices = 1 << 4, Rows = RowsPerSlice * Slices;
    private const int BlockBytes = 34, BytesPerRow = (int)(RowLength / 32) * BlockBytes;

    private readonly QuantDevice _device = QuantDevice.Open("cpu");
    private readonly TempFolder _folder = new();
    private readonly GgufFile _model;
    private readonly GgufTensor _tensor;
    private readonly byte[] _lastRow = new byte[BytesPerRow];
    private readonly float[] _expected = new float[RowLength];

    public LargeTensorTests()
    {
        var random = new Random(1);
        random.NextBytes(_lastRow);
        for (int block = 0; block < _lastRow.Length; block += BlockBytes)
        {
            BitConverter.TryWriteBytes(_lastRow.AsSpan(block), (Half)random.NextSingle());
        }

        _device.Dequantize(QuantFormat.Q8_0, _lastRow, _expected);
        _model = GgufFile.Open(Write());
        _tensor = _model.Tensors["big"];
    }

    public void Dispose()
    {
        _model.Dispose();
        _device.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void TheLastRowsDecodeRight()
    {
        float[] floats = new float[2 * RowLength];
        _tensor.Dequantize(_device, Rows - 2, 2, floats);
        Assert.All(floats[..(int)RowLength], weight => Assert.Equal(0, weight));
        Assert.Equal(_expected, floats[(int)RowLength..]);

        var halves = new Half[RowLength];
        _tensor.Dequantize(_device, Rows - 1, 1, halves);
        Assert.Equal(_expected.Select(weight => (Half)weight), halves);

        var brains = new BFloat16[RowLength];
        _tensor.Dequantize(_device, Rows - 1, 1, brains);
        Assert.Equal(_expected.Select(weight => (BFloat16)weight), brains);
    }

    [Fact]
    public void RowsOfAListDecodeRight()
    {
        float[] floats = new float[3 * RowLength];
        _tensor.DequantizeRows(_device, [Rows - 1, 0, Rows - 1], floats);

        Assert.Equal(_expected, floats[..(int)RowLength]);
        Assert.Equal(_expected, floats[(2 * (int)RowLength)..]);
        Assert.Throws<ArgumentOutOfRangeException>(() => _tensor.DequantizeRows(_device, [Rows], floats));
    }

    [Fact]
    public void PackedBytesAreTheRightOnes()
    {
        byte[] read = new byte[BytesPerRow];
        _tensor.Read(_tensor.ByteLength - BytesPerRow, read);

        Assert.True(_tensor.ByteLength > 1L << 33);
        Assert.Equal(_lastRow, read);
        Assert.Equal(_lastRow, _tensor.GetSpan(Rows - 1, 1).ToArray());
        Assert.Equal(_lastRow, new ReadOnlySpan<byte>(_tensor.Pointer + _tensor.ByteLength - BytesPerRow, BytesPerRow).ToArray());
        Assert.Equal(_lastRow, _tensor.Slice(Slices - 1).GetSpan(RowsPerSlice - 1, 1).ToArray());
    }

    [Fact]
    public void WhatNoSpanHoldsIsRefusedInWords()
    {
        Assert.Contains("rows at a time", Assert.Throws<ArgumentException>(() => _tensor.GetSpan(0, Rows)).Message);
        Assert.Contains("too short", Assert.Throws<ArgumentException>(() => _tensor.Dequantize(_device, 0, Rows, new float[1])).Message);
    }

    [Fact]
    public void PointersTakeMoreThan31Bits()
    {
        const long Values = (1L << 28) + 5;
        const nuint SourceBytes = (nuint)Values * sizeof(double), DestinationBytes = (nuint)Values * 2;
        var source = (double*)NativeMemory.AllocZeroed(SourceBytes);   // pages of zeros take no memory until they are written
        var destination = (Half*)NativeMemory.AllocZeroed(DestinationBytes);
        try
        {
            source[Values - 1] = 1.5;
            _device.Dequantize(QuantFormat.F64, source, SourceBytes, QuantFormat.F16, destination, DestinationBytes);
            Assert.Equal((Half)1.5, destination[Values - 1]);
            Assert.Equal(Half.Zero, destination[Values - 2]);
        }
        finally
        {
            NativeMemory.Free(destination);
            NativeMemory.Free(source);
        }
    }

    private string Write()
    {
        var head = new TestModel
        {
            Tensors = [new("big") { Type = (uint)QuantFormat.Q8_0, Dimensions = [RowLength, RowsPerSlice, Slices] }],
            DataBytes = 0,
        };
        string path = _folder.Write("big.gguf", head.ToBytes());
        using FileStream file = File.OpenWrite(path);
        file.Position = file.Length + ((Rows - 1) * BytesPerRow);
        file.Write(_lastRow);
        return path;
    }
}
