using System.Diagnostics;
using Quant.Net.Conversion;
using Quant.Net.IO;

namespace Quant.Net.Comparison;

/// <summary>Compares two models, a chunk of rows at a time: both are decoded by all threads, then all threads measure.</summary>
internal sealed class CompareRun(
    ModelWeights original, ModelWeights other, CompareOptions options, QuantDevice device, IProgress<ConversionProgress>? progress,
    CancellationToken cancellation)
{
    private readonly SortedSet<string> _kernels = new(StringComparer.Ordinal);
    private readonly List<string> _faults = [];
    private readonly ErrorMeter _meter = new(device.Threads, options.WorstRows);

    public CompareResult Run()
    {
        var watch = Stopwatch.StartNew();
        (ComparedWeight Original, ComparedWeight Other)[] pairs = [.. Pairs()];
        long bytes = pairs.Sum(pair => pair.Original.Bytes + pair.Other.Bytes);
        var count = new ProgressCount(bytes, pairs.Length, progress);
        var tally = new ComparisonTally();
        foreach ((ComparedWeight from, ComparedWeight to) in pairs)
        {
            (ErrorSums sums, WorstRowList worst) = Compare(from, to, count);
            tally.Add(
                new TensorComparison(
                    from.Name, from.Format, to.Format, from.Shape, from.Bytes, to.Bytes, new ErrorStatistics(sums), worst.ToList(from.Columns)),
                sums);
        }

        return new CompareResult
        {
            Tensors = tally.Tensors,
            Formats = tally.Formats,
            Total = tally.Total,
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
            Decode(from, row, rows, _meter.Originals(values));
            Decode(to, row, rows, _meter.Others(values));
            _meter.Measure(row, rows, (int)columns, sums, worst);
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
}
