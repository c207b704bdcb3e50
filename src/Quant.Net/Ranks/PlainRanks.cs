using Quant.Net.IO;
using Quant.Net.Safetensors;

namespace Quant.Net.Ranks;

/// <summary>
/// A tensor by itself, divided along one of its dimensions; -1: each rank has all of it. What that dimension and those inside it make up is a
/// row here. Ranges of the innermost dimension are whole blocks.
/// </summary>
internal sealed class PlainRanks
{
    private readonly int _dimension;
    private readonly RankRanges _ranges;
    private readonly long[] _shape;
    private readonly long _inner;

    public PlainRanks(IStoredTensor tensor, int dimension, RankRanges ranges)
    {
        (Tensor, _dimension, _ranges, _shape) = (tensor, dimension, ranges, [.. tensor.Shape]);
        _inner = Product(_shape.AsSpan(dimension + 1));
        RowCount = Product(_shape.AsSpan(0, Math.Max(dimension, 0)));
    }

    public IStoredTensor Tensor { get; }

    /// <summary>Whether each rank has all of it.</summary>
    public bool IsWhole => _dimension < 0;

    /// <summary>The shape of each rank's part.</summary>
    public long[] PartShape => [.. _shape.Select((length, at) => at == _dimension ? _ranges.PartLength : length)];

    /// <summary>Bytes of each rank's part.</summary>
    public long PartBytes => IsWhole || Tensor.ByteLength == 0 ? Tensor.ByteLength : RowCount * PartRowBytes;

    /// <summary>Rows of the tensor, and as many of each part; of one that is divided.</summary>
    public long RowCount { get; }

    /// <summary>Bytes of a row.</summary>
    public long RowBytes => Bytes(_shape[_dimension]);

    /// <summary>Bytes of a row of each part.</summary>
    public long PartRowBytes => Bytes(_ranges.PartLength);

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
            return [(0, Tensor.ByteLength)];
        }

        (long rows, long bytes) = Tensor.ByteLength == 0 ? (0, 0) : (RowCount, RowBytes);
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

    private static long Product(ReadOnlySpan<long> lengths)
    {
        long product = 1;
        foreach (long length in lengths)
        {
            product *= length;
        }

        return product;
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
        long filled = 0;
        foreach ((long first, long count) in _ranges.Parts[rank])
        {
            filled += count;
            yield return (Bytes(first), Bytes(count));
        }

        if (filled < _ranges.PartLength)
        {
            yield return (null, Bytes(_ranges.PartLength - filled));
        }
    }

    private long Bytes(long features)
    {
        (int values, int bytes) = Tensor.Unit;
        return features * _inner / values * bytes;
    }
}
