using System.Diagnostics;
using Quant.Net.Gguf;
using Quant.Net.IO;

namespace Quant.Net.Conversion;

/// <summary>Carries out a plan: while one chunk is decoded, the next is read and the one before is written.</summary>
internal sealed class DequantizeRun(
    GgufFile model, DequantizePlan plan, IModelWriter writer, DequantizeOptions options, QuantDevice device,
    IProgress<ConversionProgress>? progress, ResumeLog? log)
{
    private readonly ChunkDecoder _decoder = new(device);
    private readonly List<string> _warnings = [.. plan.Warnings];
    private readonly byte[][] _packed = [[], []];
    private readonly byte[][] _output = [[], []];
    private readonly ProgressCount _progress = new(plan.Tensors.Select(tensor => tensor.Source).ToList(), progress);
    private readonly Dictionary<string, long> _overflows = new(log?.Overflows ?? new Dictionary<string, long>());
    private int _chunksDone;
    private long _bytesResumed;
    private long _bytesSinceCheckpoint;

    public async Task<DequantizeResult> RunAsync(CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        await WriteAllAsync(cancellation).ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
        long outputBytes = writer.DeclaredLength;
        writer.Complete();
        _warnings.AddRange(StaleFiles.WarnBesideSafetensors(writer.Files));
        return new DequantizeResult
        {
            Files = writer.Files,
            TensorCount = plan.Tensors.Count,
            ElementCount = plan.Tensors.Sum(tensor => tensor.Source.ElementCount),
            SourceBytes = _progress.BytesTotal,
            OutputBytes = outputBytes,
            ResumedBytes = _bytesResumed,
            Kernels = _decoder.Kernels.ToArray(),
            Warnings = _warnings,
            Elapsed = watch.Elapsed,
        };
    }

    private async Task WriteAllAsync(CancellationToken cancellation)
    {
        Task read = Task.CompletedTask;
        Task write = Task.CompletedTask;
        try
        {
            using IEnumerator<TensorChunk> chunks = plan.Tensors
                .SelectMany(tensor => TensorChunk.Cut(tensor, options.ChunkBytes)).GetEnumerator();
            bool more = SkipDone(chunks);
            if (more)
            {
                read = Read(chunks.Current, 0);
            }

            for (int side = 0; more; side = 1 - side)
            {
                TensorChunk chunk = chunks.Current;
                await read.ConfigureAwait(false);
                cancellation.ThrowIfCancellationRequested();
                more = chunks.MoveNext();
                if (more)
                {
                    read = Read(chunks.Current, 1 - side);
                }

                Decode(chunk, side);
                await write.ConfigureAwait(false);
                write = Write(chunk, side);
                Report(chunk);
            }
        }
        finally
        {
            // Neither may still be at work when buffers and files go.
            await Task.WhenAll(read, write).ConfigureAwait(false);
        }
    }

    /// <summary>Passes over the chunks that an earlier run has done. False if there is nothing left to do.</summary>
    private bool SkipDone(IEnumerator<TensorChunk> chunks)
    {
        while (chunks.MoveNext())
        {
            if (_chunksDone == (log?.Chunks ?? 0))
            {
                return true;
            }

            TensorChunk chunk = chunks.Current;
            writer.Skip(chunk.Tensor.Source.Name, chunk.OutputBytes);
            _bytesResumed += chunk.OutputBytes;
            _chunksDone++;
            Report(chunk);
        }

        return false;
    }

    private Task Read(TensorChunk chunk, int side)
    {
        byte[] buffer = Grow(ref _packed[side], chunk.SourceBytes);
        return Task.Run(() => chunk.Tensor.Source.Read(chunk.SourceOffset, buffer.AsSpan(0, chunk.SourceBytes)));
    }

    private void Decode(TensorChunk chunk, int side)
    {
        byte[] output = Grow(ref _output[side], chunk.OutputBytes);
        long overflows = _decoder.Decode(chunk, _packed[side].AsSpan(0, chunk.SourceBytes), output.AsSpan(0, chunk.OutputBytes));
        if (overflows > 0)
        {
            string name = chunk.Tensor.Source.Name;
            _overflows[name] = _overflows.GetValueOrDefault(name) + overflows;
        }
    }

    private Task Write(TensorChunk chunk, int side)
    {
        byte[] output = _output[side];
        Action checkpoint = Checkpoint(chunk);
        return Task.Run(() =>
        {
            writer.Write(chunk.Tensor.Source.Name, output.AsSpan(0, chunk.OutputBytes));
            checkpoint();
        });
    }

    /// <summary>What is to be done when a chunk is written: now and then, say that it is on the disk.</summary>
    private Action Checkpoint(TensorChunk chunk)
    {
        _chunksDone++;
        _bytesSinceCheckpoint += chunk.OutputBytes;
        if (log is null || _bytesSinceCheckpoint < options.CheckpointBytes)
        {
            return () => { };
        }

        // Copied, because the next chunk is decoded meanwhile.
        int chunks = _chunksDone;
        var overflows = new Dictionary<string, long>(_overflows);
        _bytesSinceCheckpoint = 0;
        return () => log.Save(chunks, overflows);
    }

    private void Report(TensorChunk chunk)
    {
        if (chunk.IsLast)
        {
            ReportOverflow(chunk.Tensor);
        }

        _progress.Add(chunk.Tensor.Source, chunk.SourceBytes, chunk.IsLast);
    }

    private void ReportOverflow(PlannedTensor tensor)
    {
        if (!_overflows.TryGetValue(tensor.Source.Name, out long overflows))
        {
            return;
        }

        string name = ErrorText.Quote(tensor.Source.Name);
        string warning =
            $"{model.ShownPath}: tensor {name}: {ErrorText.Count(overflows, "value")} too large for {tensor.Output} became infinite";
        if (options.Strict)
        {
            throw new OverflowException(warning);
        }

        _warnings.Add(warning);
    }

    private static byte[] Grow(ref byte[] buffer, int bytes)
    {
        if (buffer.Length < bytes)
        {
            buffer = GC.AllocateUninitializedArray<byte>(bytes);
        }

        return buffer;
    }
}
