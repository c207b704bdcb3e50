using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Quant.Net.Tests.Slicing;

/// <summary>Matrices of all layouts with random codes, zero points and scales, and what they decode to.</summary>
internal static class RandomMatrix
{
    /// <summary>A layout with its bits and options.</summary>
    internal sealed record Kind(PackedMatrixLayout Layout, int Bits, bool Padded = false, bool ActOrder = false, bool Symmetric = false);

    public static IEnumerable<Kind> Kinds()
    {
        foreach (int bits in new[] { 2, 3, 4, 8 })
        {
            yield return new(PackedMatrixLayout.Gptq, bits);
            yield return new(PackedMatrixLayout.Gptq, bits, ActOrder: true);
        }

        yield return new(PackedMatrixLayout.AwqGemm, 4);
        yield return new(PackedMatrixLayout.AwqGemv, 4);
        yield return new(PackedMatrixLayout.AwqGemvFast, 4);
        foreach (int bits in new[] { 3, 4, 5, 8 })
        {
            yield return new(PackedMatrixLayout.PackQuantized, bits);
            yield return new(PackedMatrixLayout.PackQuantized, bits, Padded: true, ActOrder: true);
            yield return new(PackedMatrixLayout.PackQuantized, bits, Symmetric: true);
        }

        yield return new(PackedMatrixLayout.Int8, 8);
        yield return new(PackedMatrixLayout.Float8, 8);
        yield return new(PackedMatrixLayout.Mxfp4Rows, 4);
        yield return new(PackedMatrixLayout.Nvfp4Rows, 4);
        yield return new(PackedMatrixLayout.LlmInt8, 8);
    }

    public static MatrixArrays Make(Kind kind, long rows, long columns, long group, long groupRows, Random random)
    {
        QuantFormat scales = kind.Layout is PackedMatrixLayout.LlmInt8 or PackedMatrixLayout.Mxfp4Rows or PackedMatrixLayout.Nvfp4Rows
            ? QuantFormat.F32 : QuantFormat.F16;
        var matrix = new MatrixArrays
        {
            Layout = kind.Layout,
            Rows = rows,
            Columns = columns,
            GroupSize = group,
            GroupRows = groupRows,
            Bits = kind.Bits,
            Padded = kind.Padded,
            ZeroPlusOne = kind.Layout == PackedMatrixLayout.Gptq,
            ScaleFormat = scales,
            GlobalScale = kind.Layout == PackedMatrixLayout.Nvfp4Rows ? 0.125f : 0,
        };
        byte[] codes = ArrayFor("codes", array => matrix with { Codes = array });
        matrix = matrix with { Codes = codes };
        byte[] scaleBytes = ArrayFor("scales", array => matrix with { Scales = array });
        matrix = matrix with { Scales = scaleBytes };
        random.NextBytes(codes);
        FillScales(scaleBytes, matrix, random);
        if (!kind.Symmetric && kind.Layout is not (PackedMatrixLayout.Float8 or PackedMatrixLayout.Mxfp4Rows
            or PackedMatrixLayout.Nvfp4Rows or PackedMatrixLayout.LlmInt8))
        {
            byte[] zeros = ArrayFor("zeros", array => matrix with { Zeros = array });
            random.NextBytes(zeros);
            if (kind.Layout == PackedMatrixLayout.AwqGemvFast)
            {
                FillScales(zeros, matrix, random);
            }

            matrix = matrix with { Zeros = zeros };
        }

        if (kind.ActOrder)
        {
            uint[] index = [.. Enumerable.Range(0, (int)columns).Select(column => (uint)(column / group))];
            random.Shuffle(index);
            matrix = matrix with { GroupIndex = MemoryMarshal.AsBytes(index.AsSpan()).ToArray() };
        }

        matrix.AsMatrix().Check();
        return matrix;
    }

    /// <summary>All weights, row by row.</summary>
    public static float[] Decode(QuantDevice device, MatrixArrays matrix)
    {
        float[] weights = new float[matrix.Rows * matrix.Columns];
        device.DequantizeMatrix(matrix.AsMatrix(), MatrixOrder.Rows, 0, matrix.Rows, weights);
        return weights;
    }

    private static void FillScales(Span<byte> scales, MatrixArrays matrix, Random random)
    {
        if (matrix.Layout is PackedMatrixLayout.Mxfp4Rows or PackedMatrixLayout.Nvfp4Rows)
        {
            for (int i = 0; i < scales.Length; i++)
            {
                scales[i] = (byte)random.Next(32, 126);
            }

            return;
        }

        int width = matrix.ScaleFormat == QuantFormat.F32 ? 4 : 2;
        for (int i = 0; i < scales.Length; i += width)
        {
            if (width == 4)
            {
                BinaryPrimitives.WriteSingleLittleEndian(scales[i..], random.NextSingle());
            }
            else
            {
                BinaryPrimitives.WriteHalfLittleEndian(scales[i..], (Half)random.NextSingle());
            }
        }
    }

    /// <summary>An array as large as it has to be: the native library's complaint about another size says so.</summary>
    private static byte[] ArrayFor(string name, Func<byte[], MatrixArrays> with)
    {
        string complaint = Assert.ThrowsAny<ArgumentException>(() => with(new byte[1 << 20]).AsMatrix().Check()).Message;
        Assert.StartsWith($"{name} has", complaint, StringComparison.Ordinal);
        return new byte[int.Parse(complaint.Split(' ')[^1], CultureInfo.InvariantCulture)];
    }
}
