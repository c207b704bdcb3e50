using Quant.Net.Gguf;
using Quant.Net.IO;

namespace Quant.Net.Slicing;

/// <summary>Cuts and joins tensors of block formats. A row is whole blocks; matrices of a three-dimensional tensor are cut alike.</summary>
internal static class GgufParts
{
    private const int ChunkBytes = 8 << 20;

    /// <summary>Takes the next bytes of a tensor.</summary>
    public delegate void WriteBytes(ReadOnlySpan<byte> bytes);

    /// <summary>The features of a tensor in a direction.</summary>
    /// <exception cref="ArgumentException">It has no such direction, or nobody knows its type.</exception>
    public static long Length(GgufTensor tensor, MatrixAxis axis)
    {
        if (!tensor.IsFormatKnown)
        {
            throw new ArgumentException($"{Name(tensor)} is of {tensor.FormatName}, which nobody knows how to cut.");
        }

        int direction = axis == MatrixAxis.Input ? 0 : 1;
        return tensor.Dimensions.Count > direction
            ? tensor.Dimensions[direction]
            : throw new ArgumentException(ErrorText.Invariant(
                $"{Name(tensor)} has {tensor.Dimensions.Count} dimensions: it has no {MatrixCut.Name(axis)} features."));
    }

    /// <summary>A tensor's dimensions with another length in a direction.</summary>
    public static long[] Dimensions(GgufTensor tensor, MatrixAxis axis, long length)
    {
        long[] dimensions = [.. tensor.Dimensions];
        dimensions[axis == MatrixAxis.Input ? 0 : 1] = length;
        return dimensions;
    }

    /// <summary>Throws if ranges do not begin and end with blocks.</summary>
    public static void RequireBlocks(GgufTensor tensor, MatrixAxis axis, IEnumerable<(long First, long Count)> ranges)
    {
        long block = axis == MatrixAxis.Input ? tensor.FormatInfo!.ValuesPerBlock : 1;
        foreach ((long first, long count) in ranges.Where(range => range.First % block != 0 || range.Count % block != 0))
        {
            string begin = NearestCuts.Of(first, block), end = NearestCuts.Of(first + count, block);
            throw new ArgumentException(ErrorText.Invariant(
                $"Input features {first} to {first + count}: {tensor.FormatName} has blocks of {block}; nearest cuts: {begin} and {end}."));
        }
    }

    /// <summary>Hands the bytes of a part to a writer.</summary>
    public static void Write(
        GgufTensor tensor, MatrixAxis axis, IReadOnlyList<(long First, long Count)> ranges, WriteBytes write, CancellationToken cancellation)
    {
        long rows = axis == MatrixAxis.Output ? tensor.Dimensions[1] : tensor.RowCount;
        for (long first = 0; first < tensor.RowCount; first += rows)
        {
            foreach ((long from, long count) in axis == MatrixAxis.Output ? ranges : [(0, rows)])
            {
                CopyRows(tensor, first + from, count, axis == MatrixAxis.Input ? ranges : [(0, tensor.RowLength)], write, cancellation);
            }
        }
    }

    /// <summary>Hands the bytes of the whole to a writer.</summary>
    public static void Join(IReadOnlyList<GgufTensor> parts, MatrixAxis axis, WriteBytes write, CancellationToken cancellation)
    {
        GgufTensor like = parts[0];
        long turns = axis == MatrixAxis.Input ? like.RowCount : like.RowCount / like.Dimensions[1];
        for (long turn = 0; turn < turns; turn++)
        {
            foreach (GgufTensor part in parts)
            {
                long rows = part.RowCount / turns;
                CopyRows(part, turn * rows, rows, [(0, part.RowLength)], write, cancellation);
            }
        }
    }

    private static void CopyRows(
        GgufTensor tensor, long first, long count, IReadOnlyList<(long First, long Count)> ranges, WriteBytes write, CancellationToken cancellation)
    {
        if (tensor.BytesPerRow > Array.MaxLength)
        {
            throw new NotSupportedException(ErrorText.Invariant(
                $"{ErrorText.EscapePath(tensor.Part.Path)}: tensor {Name(tensor)} has rows of {tensor.BytesPerRow} bytes, expected at most {Array.MaxLength} where it is cut"));
        }

        QuantFormatInfo format = tensor.FormatInfo!;
        (int Begin, int Bytes)[] pieces =
            [.. ranges.Select(range => ((int)format.GetByteCount(range.First), (int)format.GetByteCount(range.Count)))];
        int rowBytes = (int)tensor.BytesPerRow, packedBytes = pieces.Sum(piece => piece.Bytes);
        int most = Math.Max(1, ChunkBytes / rowBytes);
        byte[] rows = new byte[(int)Math.Min(most, count) * rowBytes], packed = new byte[(int)Math.Min(most, count) * packedBytes];
        for (long row = 0; row < count; row += most)
        {
            cancellation.ThrowIfCancellationRequested();
            int taken = (int)Math.Min(most, count - row), filled = 0;
            tensor.Read((first + row) * rowBytes, rows.AsSpan(0, taken * rowBytes));
            for (int r = 0; r < taken; r++)
            {
                foreach ((int begin, int bytes) in pieces)
                {
                    rows.AsSpan((r * rowBytes) + begin, bytes).CopyTo(packed.AsSpan(filled));
                    filled += bytes;
                }
            }

            write(packed.AsSpan(0, filled));
        }
    }

    private static string Name(GgufTensor tensor) => ErrorText.Quote(tensor.Name);
}
