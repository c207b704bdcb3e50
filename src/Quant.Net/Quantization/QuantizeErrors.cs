using System.Runtime.InteropServices;
using Quant.Net.Comparison;
using Quant.Net.IO;

namespace Quant.Net.Quantization;

/// <summary>Measures how weights differ from those that they were made of, while they are encoded.</summary>
internal sealed unsafe class QuantizeErrors(QuantDevice device, int worstRows)
{
    private readonly ErrorMeter _meter = new(device.Threads, worstRows);
    private readonly ComparisonTally _tally = new();
    private readonly SortedSet<string> _kernels = new(StringComparer.Ordinal);
    private readonly List<string> _faults = [];
    private ErrorSums _sums = new();
    private WorstRowList _worst = new(worstRows);
    private long _bytes;

    /// <summary>Adds a chunk. They come in their order.</summary>
    public void Add(QuantizeChunk chunk, ReadOnlySpan<byte> source, ReadOnlySpan<byte> output)
    {
        TensorDescription tensor = chunk.Task.Plan.Tensor;
        if (!QuantFormats.TryGet(tensor.Format, out _))
        {
            if (chunk.IsLast)
            {
                _faults.Add($"{chunk.Task.Source.Place} is {tensor.FormatName}, which cannot be decoded");
            }

            return;
        }

        if (chunk.Values > 0)
        {
            Decode(tensor.Format, source, _meter.Originals(chunk.Values));
            Decode(chunk.Task.Plan.Target, output, _meter.Others(chunk.Values));
            _meter.Measure(chunk.FirstRow, (int)chunk.Rows, (int)tensor.RowLength, _sums, _worst);
            _bytes += source.Length + output.Length;
        }

        if (chunk.IsLast)
        {
            Finish(chunk.Task);
        }
    }

    /// <summary>What was measured.</summary>
    public CompareResult Result(TimeSpan elapsed) => new()
    {
        Tensors = _tally.Tensors,
        Formats = _tally.Formats,
        Total = _tally.Total,
        OnlyInOriginal = [],
        OnlyInOther = [],
        Faults = _faults,
        Warnings = [],
        BytesRead = _bytes,
        Kernels = [.. _kernels],
        Elapsed = elapsed,
    };

    private void Finish(QuantizeTask task)
    {
        TensorDescription tensor = task.Plan.Tensor;
        _tally.Add(
            new TensorComparison(
                tensor.Name, tensor.FormatName, $"{task.Plan.Target}", tensor.Shape, tensor.ByteLength, task.Plan.TargetBytes,
                new ErrorStatistics(_sums), _worst.ToList(tensor.RowLength)),
            _sums);
        (_sums, _worst) = (new ErrorSums(), new WorstRowList(worstRows));
    }

    private void Decode(QuantFormat format, ReadOnlySpan<byte> packed, Span<float> values)
    {
        device.Dequantize(format, packed, values);
        _kernels.Add(QuantDevice.LastKernel);
    }
}
