using Quant.Net.IO;
using Quant.Net.Safetensors;

namespace Quant.Net.Ranks;

/// <summary>
/// A plain tensor divided along one of its dimensions; -1: each rank has all of it. What that dimension and those inside it make up is a row
/// here.
/// </summary>
internal sealed class PlainRanks(SafetensorsTensor tensor, int dimension, RankRanges ranges)
{
    public SafetensorsTensor Tensor => tensor;

    /// <summary>Whether each rank has all of it.</summary>
    public bool IsWhole => dimension < 0;

    /// <summary>The shape of each rank's part.</summary>
    public long[] PartShape => [.. tensor.Shape.Select((length, at) => at == dimension ? ranges.PartLength : length)];

    /// <summary>Rows of the tensor, and as many of each part; of one that is divided.</summary>
    public long RowCount => tensor.Shape.Take(dimension).Aggregate(1L, (product, length) => product * length);

    /// <summary>Bytes of a row.</summary>
    public long RowBytes => tensor.Shape[dimension] * FeatureBytes;

    /// <summary>Bytes of a row of each part.</summary>
    public long PartRowBytes => ranges.PartLength * FeatureBytes;

    private long FeatureBytes => tensor.Shape.Skip(dimension + 1).Aggregate((long)(tensor.BitsPerElement / 8), (product, length) => product * length);

    /// <summary>Why a tensor has no such dimension to divide; null if it has.</summary>
    public static string? Problem(SafetensorsTensor tensor, int dimension) =>
        tensor.Shape.Count <= dimension || tensor.BitsPerElement % 8 != 0
            ? ErrorText.Invariant($"{tensor.Type} of the shape [{string.Join(", ", tensor.Shape)}] has no dimension {dimension} of whole bytes")
            : null;

    /// <summary>The bytes of a rank's part, from first to last: where they are in the tensor, or zeros (null).</summary>
    public IEnumerable<(long? Offset, long Count)> Pieces(int rank)
    {
        if (IsWhole)
        {
            return [(0, tensor.ByteLength)];
        }

        (long rows, long bytes) = tensor.ByteLength == 0 ? (0, 0) : (RowCount, RowBytes);
        return RowsOf(rows).SelectMany(row => RowPieces(rank).Select(piece => (piece.Offset + (row * bytes), piece.Count)));
    }

    /// <summary>Takes a rank's part of a row.</summary>
    public void Take(int rank, ReadOnlySpan<byte> row, Span<byte> part)
    {
        foreach ((long? offset, long count) in RowPieces(rank))
        {
            Span<byte> piece = part[..(int)count];
            if (offset is { } from)
            {
                row.Slice((int)from, (int)count).CopyTo(piece);
            }
            else
            {
                piece.Clear();
            }

            part = part[(int)count..];
        }
    }

    private static IEnumerable<long> RowsOf(long count)
    {
        for (long row = 0; row < count; row++)
        {
            yield return row;
        }
    }

    private IEnumerable<(long? Offset, long Count)> RowPieces(int rank)
    {
        long bytes = FeatureBytes, filled = 0;
        foreach ((long first, long count) in ranges.Parts[rank])
        {
            filled += count;
            yield return (first * bytes, count * bytes);
        }

        if (filled < ranges.PartLength)
        {
            yield return (null, (ranges.PartLength - filled) * bytes);
        }
    }
}
