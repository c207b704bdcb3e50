using System.Diagnostics;
using Quant.Net.Conversion;
using Quant.Net.IO;

namespace Quant.Net.Comparison;

/// <summary>Compares two models, a chunk of rows at a time: both are decoded by all threads, then all threads measure.</summary>
internal sealed class CompareRun(
    ModelWeights original, ModelWeights other, CompareOptions options, QuantDevice device, IProgress<ConversionProgress>? progress,
    CancellationToken cancellation)
{
    /// <summary>Rows that are summed by one thread: what is added in which order must not depend on how many there are.</summary>
    private const int ValuesOfPiece = 1 << 16;

    private readonly SortedSet<string> _kernels = new(StringComparer.Ordinal);
    private readonly List<string> _faults = [];
    private float[] _original = [];
    private float[] _other = [];

    public CompareResult Run()
    {
        var watch = Stopwatch.StartNew();
        (ComparedWeight Original, ComparedWeight Other)[] pairs = [.. Pairs()];
        long bytes = pairs.Sum(pair => pair.Original.Bytes + pair.Other.Bytes);
        var count = new ProgressCount(bytes, pairs.Length, progress);
        var total = new ErrorSums();
        var formats = new SortedDictionary<string, (int Tensors, long Bytes, ErrorSums Sums)>(StringComparer.Ordinal);
        List<TensorComparison> tensors = [];
        foreach ((ComparedWeight from, ComparedWeight to) in pairs)
        {
            (ErrorSums sums, WorstRowList worst) = Compare(from, to, count);
            tensors.Add(new TensorComparison(
                from.Name, from.Format, to.Format, from.Shape, from.Bytes, to.Bytes, new ErrorStatistics(sums), worst.ToList(from.Columns)));
            (int before, long bytesBefore, ErrorSums formatSums) = formats.GetValueOrDefault(to.Format, (0, 0, new ErrorSums()));
            formatSums.Add(sums, sameTensor: false);
            formats[to.Format] = (before + 1, bytesBefore + to.Bytes, formatSums);
            total.Add(sums, sameTensor: false);
        }

        return new CompareResult
        {
            Tensors = tensors,
            Formats = [.. formats.Select(format => new FormatComparison(
                format.Key, format.Value.Tensors, format.Value.Bytes, new ErrorStatistics(format.Value.Sums)))],
            Total = new ErrorStatistics(total),
            OnlyInOriginal = [.. Chosen(original).Select(weight => weight.Name).Where(name => other.Find(name) is null)],
            OnlyInOther = [.. Chosen(other).Select(weight => weight.Name).Where(name => original.Find(name) is null)],
            Faults = _faults,
            Warnings = [.. original.Warnings, .. other.Warnings],
            BytesRead = bytes,
            Kernels = [.. _kernels],
            Elapsed = watch.Elapsed,
        };
    }

    private IEnumerable<ComparedWeight> Chosen(ModelWeights model) =>
        model.Weights.Where(weight => options.Include.Count == 0 || options.Include.Any(pattern => pattern.IsMatch(weight.Name)));

    private IEnumerable<(ComparedWeight Original, ComparedWeight Other)> Pairs()
    {
        foreach (ComparedWeight weight in Chosen(original))
        {
            if (other.Find(weight.Name) is not { } same)
            {
                continue;
            }

            if (Problem(weight, same) is { } problem)
            {
                _faults.Add(problem);
            }
            else
            {
                yield return (weight, same);
            }
        }
    }

    private static string? Problem(ComparedWeight weight, ComparedWeight other)
    {
        ComparedWeight? unknown = weight.Decode is null ? weight : other.Decode is null ? other : null;
        return unknown is not null ? $"{unknown.Place} is {unknown.Format}, which cannot be decoded"
            : weight.Rows != other.Rows || weight.Columns != other.Columns
            ? $"{other.Place} has the shape [{string.Join(", ", other.Shape)}], expected [{string.Join(", ", weight.Shape)}]"
            : weight.Columns > Array.MaxLength / sizeof(float)
            ? ErrorText.Invariant($"{weight.Place} has rows of {weight.Columns} values, expected at most {Array.MaxLength / sizeof(float)}")
            : null;
    }

    private (ErrorSums Sums, WorstRowList Worst) Compare(ComparedWeight from, ComparedWeight to, ProgressCount count)
    {
        var sums = new ErrorSums();
        var worst = new WorstRowList(options.WorstRows);
        long columns = Math.Max(from.Columns, 1), done = 0;
        int most = (int)Math.Max(options.ChunkValues / columns, 1);
        for (long row = 0; row < from.Rows && from.Columns > 0; row += most)
        {
            cancellation.ThrowIfCancellationRequested();
            int rows = (int)Math.Min(most, from.Rows - row);
            int values = checked((int)(rows * columns));
            Decode(from, row, rows, Room(ref _original, values));
            Decode(to, row, rows, Room(ref _other, values));
            Measure(row, rows, (int)columns, sums, worst);
            long there = (long)((Int128)(from.Bytes + to.Bytes) * (row + rows) / from.Rows);
            count.Add(from.Name, there - done, isLast: false);
            done = there;
        }

        count.Add(from.Name, from.Bytes + to.Bytes - done, isLast: true);
        return (sums, worst);
    }

    private void Decode(ComparedWeight weight, long row, int rows, Span<float> values)
    {
        weight.Decode!(device, row, rows, values);
        _kernels.Add(QuantDevice.LastKernel);
    }

    private void Measure(long first, int rows, int columns, ErrorSums sums, WorstRowList worst)
    {
        int rowsOfPiece = Math.Max(ValuesOfPiece / columns, 1);
        var pieces = new (ErrorSums Sums, WorstRowList Worst)[(rows + rowsOfPiece - 1) / rowsOfPiece];
        Parallel.For(0, pieces.Length, new ParallelOptions { MaxDegreeOfParallelism = Math.Max(device.Threads, 1) }, piece =>
        {
            var pieceSums = new ErrorSums();
            var pieceWorst = new WorstRowList(options.WorstRows);
            int end = Math.Min((piece + 1) * rowsOfPiece, rows);
            for (int row = piece * rowsOfPiece; row < end; row++)
            {
                (double errors, double originals) = pieceSums.AddRow(
                    _original.AsSpan(row * columns, columns), _other.AsSpan(row * columns, columns), (first + row) * columns);
                pieceWorst.Consider(first + row, errors, originals);
            }

            pieces[piece] = (pieceSums, pieceWorst);
        });
        foreach ((ErrorSums pieceSums, WorstRowList pieceWorst) in pieces)
        {
            sums.Add(pieceSums, sameTensor: true);
            worst.Consider(pieceWorst);
        }
    }

    private static Span<float> Room(ref float[] buffer, int values)
    {
        if (buffer.Length < values)
        {
            buffer = GC.AllocateUninitializedArray<float>(values);
        }

        return buffer.AsSpan(0, values);
    }
}
