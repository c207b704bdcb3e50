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
            throw new ArgumentException($"{tensor.Place}: is of {tensor.FormatName}, which nobody knows how to cut");
        }

        int direction = axis == MatrixAxis.Input ? 0 : 1;
        return tensor.Dimensions.Count > direction
            ? tensor.Dimensions[direction]
            : throw new ArgumentException(ErrorText.Invariant(
                $"{tensor.Place}: has {ErrorText.Count(tensor.Dimensions.Count, "dimension")}, expected {direction + 1} or more to have {MatrixCut.Name(axis)} features"));
    }

    /// <summary>A tensor's dimensions with another length in a direction.</summary>
    public static long[] Dimensions(GgufTensor tensor, MatrixAxis axis, long length)
    {
        long[] dimensions = [.. tensor.Dimensions];
        dimensions[axis == MatrixAxis.Input ? 0 : 1] = length;
        return dimensions;
    }

    /// <summary>The ranges of the parts of a tensor.</summary>
    /// <exception cref="ArgumentException">It cannot be cut so; the message says why.</exception>
    public static IReadOnlyList<(long First, long Count)>[] Divide(GgufTensor tensor, MatrixCut cut)
    {
        long length = Length(tensor, cut.Axis);
        IReadOnlyList<(long First, long Count)>[] parts = Subject.Name(tensor.Place, () => cut.PartsOf(length, UnitOf(tensor, cut.Axis)).ToArray());
        RequireBlocks(tensor, cut.Axis, parts.SelectMany(ranges => ranges));
        return parts;
    }

    /// <summary>Throws if ranges do not begin and end with blocks.</summary>
    /// <exception cref="ArgumentException">One does not.</exception>
    public static void RequireBlocks(GgufTensor tensor, MatrixAxis axis, IEnumerable<(long First, long Count)> ranges)
    {
        long block = UnitOf(tensor, axis);
        foreach ((long first, long count) in ranges.Where(range => range.First % block != 0 || range.Count % block != 0))
        {
            throw new ArgumentException(ErrorText.Invariant(
                $"{tensor.Place}: {MatrixCut.Name(axis)} features {PartMark.Text((first, count))} are not whole blocks of {block}, as {tensor.FormatName} has them; nearest cuts: {NearestCuts.Of(first, first + count, block, Length(tensor, axis))}"));
        }
    }

    /// <summary>Throws unless a tensor can be joined to a first one: they differ at most in the length of a direction.</summary>
    /// <exception cref="ArgumentException">They differ in more.</exception>
    public static void RequireAlike(GgufTensor first, GgufTensor other, MatrixAxis axis)
    {
        long length = Length(first, axis);
        if (other.TypeNumber != first.TypeNumber || other.Dimensions.Count != first.Dimensions.Count
            || !Dimensions(other, axis, length).AsSpan().SequenceEqual(first.Dimensions.ToArray()))
        {
            throw new ArgumentException(
                $"{other.Place}: is {Kind(other)}, expected {Kind(first)} as in {ErrorText.Quote(first.Part.Path)}, but for the number of {MatrixCut.Name(axis)} features");
        }

        static string Kind(GgufTensor tensor) => ErrorText.Invariant($"{tensor.FormatName} [{string.Join(", ", tensor.Dimensions)}]");
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
    public static void Join(
        IReadOnlyList<GgufTensor> parts, MatrixAxis axis, IReadOnlyList<JointPiece> pieces, WriteBytes write, CancellationToken cancellation)
    {
        GgufTensor like = parts[0];
        long turns = axis == MatrixAxis.Input ? like.RowCount : like.RowCount / like.Dimensions[1];
        for (long turn = 0; turn < turns; turn++)
        {
            foreach ((int number, long first, long count) in pieces)
            {
                GgufTensor part = parts[number];
                if (axis == MatrixAxis.Input)
                {
                    CopyRows(part, turn, 1, [(first, count)], write, cancellation);
                }
                else
                {
                    CopyRows(part, (turn * part.Dimensions[1]) + first, count, [(0, part.RowLength)], write, cancellation);
                }
            }
        }
    }

    // Features that are cut together: blocks are along the inputs.
    private static long UnitOf(GgufTensor tensor, MatrixAxis axis) => axis == MatrixAxis.Input ? tensor.FormatInfo!.ValuesPerBlock : 1;

    private static void CopyRows(
        GgufTensor tensor, long first, long count, IReadOnlyList<(long First, long Count)> ranges, WriteBytes write, CancellationToken cancellation)
    {
        if (tensor.BytesPerRow > Array.MaxLength)
        {
            throw new NotSupportedException(ErrorText.Invariant(
                $"{tensor.Place}: has rows of {tensor.BytesPerRow} bytes, expected at most {Array.MaxLength} where it is cut"));
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
}
