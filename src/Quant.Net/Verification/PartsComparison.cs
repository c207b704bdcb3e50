using System.Runtime.ExceptionServices;
using Quant.Net.IO;
using Quant.Net.Ranks;
using Ranges = System.Collections.Generic.IReadOnlyList<(long First, long Count)>;

namespace Quant.Net.Verification;

/// <summary>Compares what parts decode to with what the whole has there, a chunk at a time: all threads decode it, then all compare.</summary>
internal sealed class PartsComparison(
    IReadOnlyList<string> partPaths, int chunkBytes, int threads, PartsProgress progress, CancellationToken cancellation)
{
    // What is worth a thread of its own.
    private const int LeastBytes = 1 << 18;

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

    /// <summary>Compares parts of a tensor that is no module, byte for byte, each with the bytes of the rank that it should be.</summary>
    public void Compare(string name, IReadOnlyList<(IStoredTensor Part, int At, PlainRanks Whole, int Rank)> parts)
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

    private DifferenceTally TallyOf(string name, IStoredTensor part, int at)
    {
        int valueBytes = ValueBytes(part);
        (int values, int bytes) = part.Unit;
        long columns = Math.Max((part.Shape is [.., var rowLength] ? rowLength : 1) / values * bytes / valueBytes, 1);
        return new DifferenceTally(name, at, partPaths[at], columns, valueBytes, isDecoded: false);
    }

    // Bytes stand for themselves where they hold several values.
    private static int ValueBytes(IStoredTensor tensor) => tensor.Unit is (1, var bytes) ? bytes : 1;

    // Rows are short where inputs are divided: many are read at a time, and those of the whole once for all ranks.
    private void CompareShortRows(PlainRanks whole, IReadOnlyList<PlainPart> ranks)
    {
        int rowBytes = (int)whole.RowBytes, partBytes = (int)whole.PartRowBytes, most = chunkBytes / rowBytes;
        for (long row = 0; row < whole.RowCount; row += most)
        {
            int rows = (int)Math.Min(most, whole.RowCount - row);
            byte[] all = Room(ref _whole, rows * rowBytes), found = Room(ref _found, rows * partBytes), expected = Room(ref _expected, rows * partBytes);
            whole.Tensor.Read(row * rowBytes, all.AsSpan(0, rows * rowBytes));
            foreach ((IStoredTensor part, _, int rank, DifferenceTally tally) in ranks)
            {
                cancellation.ThrowIfCancellationRequested();
                long place = row * partBytes;
                Divide(rows, partBytes, tally, (first, count, own) =>
                {
                    Span<byte> mine = found.AsSpan(first * partBytes, count * partBytes), taken = expected.AsSpan(first * partBytes, count * partBytes);
                    for (int at = 0; at < count; at++)
                    {
                        whole.Take(rank, all.AsSpan((first + at) * rowBytes, rowBytes), taken.Slice(at * partBytes, partBytes));
                    }

                    part.Read(place + ((long)first * partBytes), mine);
                    own.Compare((place + ((long)first * partBytes)) / ValueBytes(part), mine, taken);
                });
                progress.Add(part.Name, rows * partBytes);
            }
        }
    }

    private void ComparePieces(PlainPart one)
    {
        (IStoredTensor part, PlainRanks whole, int rank, DifferenceTally tally) = one;
        int valueBytes = ValueBytes(part);
        long done = 0;
        foreach ((long? offset, long count) in whole.Pieces(rank))
        {
            for (long taken = 0; taken < count;)
            {
                cancellation.ThrowIfCancellationRequested();
                int bytes = (int)Math.Min(Math.Max(chunkBytes / valueBytes, 1) * valueBytes, count - taken);
                byte[] found = Room(ref _found, bytes), expected = Room(ref _expected, bytes);
                (long place, long? from) = (done, offset + taken);
                Divide(bytes / valueBytes, valueBytes, tally, (first, values, own) =>
                {
                    int at = first * valueBytes;
                    Span<byte> mine = found.AsSpan(at, values * valueBytes), others = expected.AsSpan(at, values * valueBytes);
                    part.Read(place + at, mine);
                    ReadWhole(whole.Tensor, from + at, others);
                    own.Compare((place + at) / valueBytes, mine, others);
                });
                progress.Add(part.Name, bytes);
                taken += bytes;
                done += bytes;
            }
        }
    }

    private static void ReadWhole(IStoredTensor whole, long? offset, Span<byte> expected)
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
                    byte[] found = Room(ref _found, rows * rowBytes), expected = Room(ref _expected, rows * rowBytes);
                    part.Read(row, rows, found.AsSpan(0, (int)(rows * rowBytes)));
                    whole.Read(matrix + first + done, rows, expected.AsSpan(0, (int)(rows * rowBytes)));
                    long place = row;
                    Divide(rows, rowBytes, tally, (at, count, own) =>
                    {
                        (int begin, int bytes) = ((int)(at * rowBytes), (int)(count * rowBytes));
                        own.Compare((place + at) * part.Columns, found.AsSpan(begin, bytes), expected.AsSpan(begin, bytes));
                    });
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
            int wholeBytes = (int)whole.Columns * whole.ValueBytes;
            byte[] expected = Room(ref _expected, (long)rows * wholeBytes);
            whole.Read(row, rows, expected.AsSpan(0, rows * wholeBytes));
            for (int at = 0; at < parts.Count; at++)
            {
                cancellation.ThrowIfCancellationRequested();
                IWeightRows part = parts[at];
                int partBytes = (int)part.Columns * part.ValueBytes;
                byte[] found = Room(ref _found, (long)rows * partBytes);
                part.Read(row, rows, found.AsSpan(0, rows * partBytes));
                (Ranges mine, long place) = (ranges[at], row);
                Divide(rows, partBytes, tallies[at], (first, count, own) => CompareColumns(
                    whole, part, mine, place + first, found.AsSpan(first * partBytes, count * partBytes),
                    expected.AsSpan(first * wholeBytes, count * wholeBytes), own));
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

    // Shares work of so many units out to threads. Each has a tally of its own, and they are added in order: the first difference is the first.
    private void Divide(int units, long unitBytes, DifferenceTally tally, Action<int, int, DifferenceTally> compare)
    {
        int pieces = (int)Math.Clamp(units * unitBytes / LeastBytes, 1, Math.Min(threads, Math.Max(units, 1)));
        if (pieces == 1)
        {
            compare(0, units, tally);
            return;
        }

        DifferenceTally[] tallies = [.. Enumerable.Range(0, pieces).Select(_ => tally.Begin())];
        int Begin(int piece) => (int)((long)units * piece / pieces);
        try
        {
            Parallel.For(
                0, pieces, new ParallelOptions { MaxDegreeOfParallelism = threads },
                piece => compare(Begin(piece), Begin(piece + 1) - Begin(piece), tallies[piece]));
        }
        catch (AggregateException failed)
        {
            ExceptionDispatchInfo.Throw(failed.InnerExceptions[0]);   // such as a file that has become shorter
        }

        Array.ForEach(tallies, tally.Add);
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

    private static byte[] Room(ref byte[] buffer, long bytes)
    {
        if (buffer.Length < bytes)
        {
            buffer = GC.AllocateUninitializedArray<byte>((int)bytes);
        }

        return buffer;
    }

    private sealed record PlainPart(IStoredTensor Part, PlainRanks Whole, int Rank, DifferenceTally Tally);
}
