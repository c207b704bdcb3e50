using System.Diagnostics;
using System.Runtime.InteropServices;
using Quant.Net.Comparison;
using Quant.Net.Conversion;
using Quant.Net.IO;

namespace Quant.Net.Quantization;

/// <summary>Carries out a plan: while one chunk is encoded, the next is read and the one before is written.</summary>
internal sealed class QuantizeRun(
    IReadOnlyList<QuantizeTask> tasks, IModelWriter writer, QuantizeOptions options, long memory, QuantDevice device,
    IProgress<ConversionProgress>? progress, ResumeLog? log) : IChunkWork<QuantizeChunk>
{
    private static readonly Dictionary<string, long> NoOverflows = [];

    private readonly ChunkEncoder _encoder = new(device, options.AllowNonFinite, options.Effort);
    private readonly QuantizeErrors? _errors = options.Measure ? new QuantizeErrors(device, options.WorstRows) : null;
    private readonly Checkpoints _checkpoints = new(log, writer, options.Checkpoints);
    private readonly ProgressCount _progress = new([.. tasks.Select(task => task.Source.Stored)], progress);
    private readonly byte[][] _source = [[], []];
    private readonly byte[][] _output = [[], []];

    public async Task<QuantizeResult> RunAsync(IEnumerable<string> warnings, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        using IEnumerator<QuantizeChunk> chunks =
            tasks.SelectMany(task => QuantizeChunk.Cut(task, memory, options.Measure)).GetEnumerator();
        if (SkipDone(chunks))
        {
            await ChunkPipeline.RunAsync(chunks, this, cancellation).ConfigureAwait(false);
        }

        cancellation.ThrowIfCancellationRequested();
        writer.Complete();
        return new QuantizeResult
        {
            Files = writer.Files,
            Tensors = [.. tasks.Select(task => new QuantizedTensor(
                task.Name, task.Plan.Tensor.FormatName, task.IsCopy ? task.Plan.Tensor.FormatName : $"{task.Plan.Target}", task.Plan.Reason,
                task.Plan.Note, task.Plan.Tensor.ByteLength, task.Plan.TargetBytes, !task.Importance.IsEmpty))],
            SourceBytes = _progress.BytesTotal,
            OutputBytes = writer.DeclaredLength,
            ResumedBytes = _checkpoints.BytesResumed,
            Errors = _errors?.Result(watch.Elapsed),
            Kernels = [.. _encoder.Kernels],
            Warnings = [.. warnings],
            Elapsed = watch.Elapsed,
        };
    }

    void IChunkWork<QuantizeChunk>.Read(QuantizeChunk chunk, int side) =>
        chunk.Task.Source.Stored.Read(chunk.SourceOffset, Grow(ref _source[side], chunk.SourceBytes).AsSpan(0, chunk.SourceBytes));

    void IChunkWork<QuantizeChunk>.Work(QuantizeChunk chunk, int side)
    {
        if (chunk.Task.IsCopy)
        {
            // What was read is what is written, and the next chunk is read meanwhile.
            (_source[side], _output[side]) = (_output[side], _source[side]);
            Span<byte> bytes = _output[side].AsSpan(0, chunk.OutputBytes);
            _errors?.Add(chunk, bytes, bytes);
            return;
        }

        ReadOnlySpan<byte> source = _source[side].AsSpan(0, chunk.SourceBytes);
        Span<byte> output = Grow(ref _output[side], chunk.OutputBytes).AsSpan(0, chunk.OutputBytes);
        _encoder.Encode(chunk, source, output);
        _errors?.Add(chunk, source, output);
    }

    Action IChunkWork<QuantizeChunk>.PrepareWrite(QuantizeChunk chunk, int side)
    {
        byte[] output = _output[side];
        Action checkpoint = _checkpoints.Pass(chunk.OutputBytes, NoOverflows);
        Report(chunk);
        return () =>
        {
            writer.Write(chunk.Task.Name, output.AsSpan(0, chunk.OutputBytes));
            checkpoint();
        };
    }

    /// <summary>Passes over the chunks that an earlier run has done. False if there is nothing left to do.</summary>
    private bool SkipDone(IEnumerator<QuantizeChunk> chunks)
    {
        while (chunks.MoveNext())
        {
            if (!_checkpoints.Skip(chunks.Current.Task.Name, chunks.Current.OutputBytes))
            {
                return true;
            }

            Report(chunks.Current);
        }

        return false;
    }

    private void Report(QuantizeChunk chunk) => _progress.Add(chunk.Task.Name, chunk.SourceBytes, chunk.IsLast, chunk.OutputBytes);

    private static byte[] Grow(ref byte[] buffer, int bytes)
    {
        if (buffer.Length < bytes)
        {
            buffer = GC.AllocateUninitializedArray<byte>(bytes);
        }

        return buffer;
    }
}
