using Quant.Net.IO;
using Quant.Net.Ranks;
using Quant.Net.Safetensors;
using Ranges = System.Collections.Generic.IReadOnlyList<(long First, long Count)>;

namespace Quant.Net.Verification;

/// <summary>Compares what parts decode to with what the whole has there, a chunk at a time.</summary>
internal sealed class PartsComparison(
    IReadOnlyList<string> partPaths, int chunkBytes, PartsProgress progress, CancellationToken cancellation)
{
    private readonly List<PartsDifference> _differences = [];
    private byte[] _found = [];
    private byte[] _expected = [];
    private byte[] _whole = [];

    /// <summary>All that differs so far.</summary>
    public IReadOnlyList<PartsDifference> Differences => _differences;

    /// <summary>Tensors that were compared.</summary>
    public int TensorCount { get; private set; }

    /// <summary>Compares matrices that have features of the whole: part <c>i</c> those of <c>ranges[i]</c>, and their shapes say so.</summary>
    public void Compare(IWeightRows whole, IReadOnlyList<IWeightRows> parts, MatrixAxis axis, IReadOnlyList<Ranges> ranges)
    {
        DifferenceTally[] tallies =
            [.. parts.Select((part, at) => new DifferenceTally(whole.Name, at, partPaths[at], part.Columns, whole.ValueBytes, whole.IsDecoded))];
        if (axis == MatrixAxis.Input)
        {
            CompareColumns(whole, parts, ranges, tallies);
        }
        else
        {
            for (int at = 0; at < parts.Count; at++)
            {
                CompareRows(whole, parts[at], ranges[at], tallies[at]);
            }
        }

        Finish(whole.Name, tallies);
    }

    /// <summary>Compares parts of a tensor that is not packed, byte for byte, each with the bytes of the rank that it should be.</summary>
    public void Compare(string name, IReadOnlyList<(SafetensorsTensor Part, int At, PlainRanks Whole, int Rank)> parts)
    {
        PlainPart[] plain = [.. parts.Select(one => new PlainPart(one.Part, one.Whole, one.Rank, TallyOf(name, one.Part, one.At)))];
        foreach (IGrouping<PlainRanks, PlainPart> ranks in plain.GroupBy(part => part.Whole))
        {
            PlainRanks whole = ranks.Key;
            if (!whole.IsWhole && whole.Tensor.ByteLength > 0 && whole.RowCount > 1 && whole.RowBytes <= chunkBytes)
            {
                CompareShortRows(whole, [.. ranks]);
            }
            else
            {
                foreach (PlainPart part in ranks)
                {
                    ComparePieces(part);
                }
            }
        }

        Finish(name, [.. plain.Select(part => part.Tally)]);
    }

    private DifferenceTally TallyOf(string name, SafetensorsTensor part, int at)
    {
        int valueBytes = ValueBytes(part);
        long columns = Math.Max(part.RowLength * part.BitsPerElement / 8 / valueBytes, 1);
        return new DifferenceTally(name, at, partPaths[at], columns, valueBytes, isDecoded: false);
    }

    private static int ValueBytes(SafetensorsTensor tensor) => Math.Max(tensor.BitsPerElement / 8, 1);

    // Rows are short where inputs are divided: many are read at a time, and those of the whole once for all ranks.
    private void CompareShortRows(PlainRanks whole, IReadOnlyList<PlainPart> ranks)
    {
        int rowBytes = (int)whole.RowBytes, partBytes = (int)whole.PartRowBytes, most = chunkBytes / rowBytes;
        for (long row = 0; row < whole.RowCount; row += most)
        {
            int rows = (int)Math.Min(most, whole.RowCount - row);
            Span<byte> all = Room(ref _whole, rows * rowBytes), found = Room(ref _found, rows * partBytes), expected = Room(ref _expected, rows * partBytes);
            whole.Tensor.Read(row * rowBytes, all);
            foreach ((SafetensorsTensor part, _, int rank, DifferenceTally tally) in ranks)
            {
                cancellation.ThrowIfCancellationRequested();
                for (int at = 0; at < rows; at++)
                {
                    whole.Take(rank, all.Slice(at * rowBytes, rowBytes), expected.Slice(at * partBytes, partBytes));
                }

                part.Read(row * partBytes, found);
                tally.Compare(row * partBytes / ValueBytes(part), found, expected);
                progress.Add(part.Name, found.Length);
            }
        }
    }

    private void ComparePieces(PlainPart one)
    {
        (SafetensorsTensor part, PlainRanks whole, int rank, DifferenceTally tally) = one;
        int valueBytes = ValueBytes(part);
        long done = 0;
        foreach ((long? offset, long count) in whole.Pieces(rank))
        {
            for (long taken = 0; taken < count;)
            {
                cancellation.ThrowIfCancellationRequested();
                int bytes = (int)Math.Min(Math.Max(chunkBytes / valueBytes, 1) * valueBytes, count - taken);
                Span<byte> found = Room(ref _found, bytes), expected = Room(ref _expected, bytes);
                part.Read(done, found);
                ReadWhole(whole.Tensor, offset + taken, expected);
                tally.Compare(done / valueBytes, found, expected);
                progress.Add(part.Name, bytes);
                taken += bytes;
                done += bytes;
            }
        }
    }

    private static void ReadWhole(SafetensorsTensor whole, long? offset, Span<byte> expected)
    {
        if (offset is { } from)
        {
            whole.Read(from, expected);
        }
        else
        {
            expected.Clear();
        }
    }

    // Rows of a part are rows of the whole. Those of several matrices are alike.
    private void CompareRows(IWeightRows whole, IWeightRows part, Ranges ranges, DifferenceTally tally)
    {
        long row = 0, rowBytes = part.Columns * part.ValueBytes;
        int most = RowsAtOnce(whole);
        for (long matrix = 0; matrix < whole.Rows; matrix += whole.MatrixRows)
        {
            foreach ((long first, long count) in ranges)
            {
                for (long done = 0; done < count;)
                {
                    cancellation.ThrowIfCancellationRequested();
                    int rows = (int)Math.Min(most, count - done);
                    Span<byte> found = Room(ref _found, rows * rowBytes), expected = Room(ref _expected, rows * rowBytes);
                    part.Read(row, rows, found);
                    whole.Read(matrix + first + done, rows, expected);
                    tally.Compare(row * part.Columns, found, expected);
                    row += rows;
                    done += rows;
                    Report(part, row, rows);
                }
            }
        }
    }

    // Each row of the whole is decoded once for all parts.
    private void CompareColumns(
        IWeightRows whole, IReadOnlyList<IWeightRows> parts, IReadOnlyList<Ranges> ranges, DifferenceTally[] tallies)
    {
        int most = RowsAtOnce(whole);
        for (long row = 0; row < whole.Rows; row += most)
        {
            int rows = (int)Math.Min(most, whole.Rows - row);
            Span<byte> expected = Room(ref _expected, rows * whole.Columns * whole.ValueBytes);
            whole.Read(row, rows, expected);
            for (int at = 0; at < parts.Count; at++)
            {
                cancellation.ThrowIfCancellationRequested();
                IWeightRows part = parts[at];
                Span<byte> found = Room(ref _found, rows * part.Columns * part.ValueBytes);
                part.Read(row, rows, found);
                CompareColumns(whole, part, ranges[at], row, found, expected, tallies[at]);
                Report(part, row + rows, rows);
            }
        }
    }

    private static void CompareColumns(
        IWeightRows whole, IWeightRows part, Ranges ranges, long firstRow, ReadOnlySpan<byte> found, ReadOnlySpan<byte> expected,
        DifferenceTally tally)
    {
        int size = whole.ValueBytes, rowBytes = (int)whole.Columns * size, done = 0;
        for (int row = 0; done < found.Length; row++)
        {
            foreach ((long first, long count) in ranges)
            {
                int bytes = (int)count * size;
                tally.Compare(
                    (firstRow * part.Columns) + (done / size), found.Slice(done, bytes), expected.Slice((row * rowBytes) + ((int)first * size), bytes));
                done += bytes;
            }
        }
    }

    private int RowsAtOnce(IWeightRows whole)
    {
        long rowBytes = Math.Max(whole.Columns * whole.ValueBytes, 1);
        return rowBytes <= Array.MaxLength
            ? (int)Math.Max(chunkBytes / rowBytes, 1)
            : throw new NotSupportedException(ErrorText.Invariant(
                $"{whole.Place} has rows of {rowBytes} bytes, expected at most {Array.MaxLength}"));
    }

    private void Finish(string name, IReadOnlyCollection<DifferenceTally> tallies)
    {
        TensorCount++;
        _differences.AddRange(tallies.Select(tally => tally.Difference).OfType<PartsDifference>());
        progress.Finish(name);
    }

    private void Report(IWeightRows part, long until, int rows)
    {
        long Stored(long row) => (long)((double)row / part.Rows * part.StoredBytes);
        progress.Add(part.Name, Stored(until) - Stored(until - rows));
    }

    private static Span<byte> Room(ref byte[] buffer, long bytes)
    {
        if (buffer.Length < bytes)
        {
            buffer = GC.AllocateUninitializedArray<byte>((int)bytes);
        }

        return buffer.AsSpan(0, (int)bytes);
    }

    private sealed record PlainPart(SafetensorsTensor Part, PlainRanks Whole, int Rank, DifferenceTally Tally);
}
