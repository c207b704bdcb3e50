using System.Runtime.InteropServices;

namespace Quant.Net.Tests;

public sealed class PackedMatrixTests
{
    // 8 outputs of 8 inputs, one group: code i of each output is i, the zero point 3, scales 1, 2, 4 ...
    private static readonly uint[] Codes = [.. Enumerable.Repeat(0x76543210u, 8)];
    private static readonly uint[] Zeros = [0x33333333u];
    private static readonly float[] Scales = [1, 2, 4, 8, 16, 32, 64, 128];

    private static PackedMatrix Matrix => new()
    {
        Layout = PackedMatrixLayout.Gptq,
        Rows = 8,
        Columns = 8,
        Bits = 4,
        ScaleFormat = QuantFormat.F32,
        Codes = MemoryMarshal.AsBytes(Codes.AsSpan()),
        Zeros = MemoryMarshal.AsBytes(Zeros.AsSpan()),
        Scales = MemoryMarshal.AsBytes(Scales.AsSpan()),
    };

    [Fact]
    public void AllLayoutsAreListed()
    {
        Assert.Equal(Enum.GetValues<PackedMatrixLayout>(), PackedMatrixLayouts.All.Select(info => info.Layout));
        Assert.All(PackedMatrixLayouts.All, info =>
        {
            Assert.NotEmpty(info.Bits);
            Assert.NotEmpty(info.Formula);
            Assert.Equal(info.Name, info.ToString());
        });
        Assert.Equal([2, 3, 4, 8], PackedMatrixLayouts.All[0].Bits);
    }

    [Fact]
    public void RowsAndColumnsAreDecoded()
    {
        using QuantDevice device = QuantDevice.Open("cpu");
        float[] rows = new float[16], columns = new float[16];
        device.DequantizeMatrix(Matrix, MatrixOrder.Rows, 2, 2, rows);
        device.DequantizeMatrix(Matrix, MatrixOrder.Columns, 6, 2, columns);
        Assert.Equal([-12, -8, -4, 0, 4, 8, 12, 16, -24, -16, -8, 0, 8, 16, 24, 32], rows);
        Assert.Equal([.. Scales.Select(scale => 3 * scale), .. Scales.Select(scale => 4 * scale)], columns);
        Assert.EndsWith("/GPTQ/f32", QuantDevice.LastKernel);
    }

    [Fact]
    public void SixteenBitResultsAreRoundedOnce()
    {
        using QuantDevice device = QuantDevice.Open("cpu");
        Half[] halves = new Half[64];
        BFloat16[] bfloats = new BFloat16[64];
        device.DequantizeMatrix(Matrix, MatrixOrder.Rows, 0, 8, halves);
        device.DequantizeMatrix(Matrix, MatrixOrder.Rows, 0, 8, bfloats);
        Assert.Equal((Half)(-12), halves[16]);
        Assert.Equal((BFloat16)512f, bfloats[^1]);
    }

    [Fact]
    public void StoredZeroPointsMayBeOneLess()
    {
        PackedMatrix matrix = new()
        {
            Layout = PackedMatrixLayout.Gptq,
            Rows = 8,
            Columns = 8,
            Bits = 4,
            ZeroPlusOne = true,
            ScaleFormat = QuantFormat.F32,
            Codes = MemoryMarshal.AsBytes(Codes.AsSpan()),
            Zeros = MemoryMarshal.AsBytes(Zeros.AsSpan()),
            Scales = MemoryMarshal.AsBytes(Scales.AsSpan()),
        };
        using QuantDevice device = QuantDevice.Open("cpu");
        float[] row = new float[8];
        device.DequantizeMatrix(matrix, MatrixOrder.Rows, 0, 1, row);
        Assert.Equal([-4, -3, -2, -1, 0, 1, 2, 3], row);
    }

    [Fact]
    public void ADeviceTellsWhatItCanDo()
    {
        QuantDevice device = QuantDevice.Open("cpu");
        QuantCapability Ask(PackedMatrixLayout layout, int bits, MatrixOrder order = MatrixOrder.Rows, QuantFormat to = QuantFormat.F32) =>
            device.GetMatrixCapability(QuantOperation.Dequantize, layout, bits, order, to);

        foreach (PackedMatrixLayoutInfo info in PackedMatrixLayouts.All)
        {
            Assert.Equal(info.Bits, Enumerable.Range(0, 40).Where(bits => Ask(info.Layout, bits).IsSupported));
        }

        device.DequantizeMatrix(Matrix, MatrixOrder.Columns, 0, 8, new Half[64]);
        Assert.Equal(QuantDevice.LastKernel, Ask(PackedMatrixLayout.Gptq, 4, MatrixOrder.Columns, QuantFormat.F16).Kernel);
        Assert.Equal("not supported", Ask(PackedMatrixLayout.AwqGemm, 8).ToString());
        Assert.False(Ask(PackedMatrixLayout.Gptq, 4, to: QuantFormat.Q4_0).IsSupported);
        Assert.Throws<ArgumentException>(() => Ask(default, 4));
        Assert.Throws<ArgumentException>(() => Ask(PackedMatrixLayout.Gptq, 4, (MatrixOrder)2));
        Assert.Throws<ArgumentException>(() => Ask(PackedMatrixLayout.Gptq, 4, to: (QuantFormat)999));
        Assert.Throws<ArgumentOutOfRangeException>(() => Ask(PackedMatrixLayout.Gptq, -1));
        device.Dispose();
        Assert.Throws<ObjectDisposedException>(() => Ask(PackedMatrixLayout.Gptq, 4));
    }

    [Fact]
    public void WhatDoesNotFitIsRefused()
    {
        Assert.Throws<ArgumentException>(() => default(PackedMatrix).Check());
        Matrix.Check();
        ArgumentException shortCodes = Assert.Throws<ArgumentException>(() => new PackedMatrix
        {
            Layout = PackedMatrixLayout.Gptq,
            Rows = 8,
            Columns = 8,
            Bits = 4,
            Codes = new byte[31],
        }.Check());
        Assert.Equal("codes has 31 bytes, expected 32", shortCodes.Message);
        Assert.Throws<NotSupportedException>(() => new PackedMatrix { Layout = PackedMatrixLayout.AwqGemm, Bits = 8 }.Check());

        QuantDevice device = QuantDevice.Open("cpu");
        Assert.Throws<ArgumentException>(() => device.DequantizeMatrix(Matrix, MatrixOrder.Rows, 0, 8, new float[63]));
        Assert.Throws<ArgumentException>(() => device.DequantizeMatrix(Matrix, MatrixOrder.Rows, 1, 8, new float[64]));
        Assert.Throws<ArgumentOutOfRangeException>(() => device.DequantizeMatrix(Matrix, MatrixOrder.Rows, -1, 8, new float[64]));
        Assert.Throws<ArgumentOutOfRangeException>(() => device.DequantizeMatrix(Matrix, MatrixOrder.Rows, 0, -8, new float[64]));
        device.Dispose();
        Assert.Throws<ObjectDisposedException>(() => device.DequantizeMatrix(Matrix, MatrixOrder.Rows, 0, 8, new float[64]));
    }
}
