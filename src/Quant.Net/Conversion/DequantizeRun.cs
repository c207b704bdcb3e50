using System.Diagnostics;
using Quant.Net.Gguf;
using Quant.Net.IO;

namespace Quant.Net.Conversion;

/// <summary>Carries out a plan: while one chunk is decoded, the next is read and the one before is written.</summary>
internal sealed class DequantizeRun(
    GgufFile model, DequantizePlan plan, IModelWriter writer, DequantizeOptions options, QuantDevice device,
    IProgress<ConversionProgress>? progress, ResumeLog? log) : IChunkWork<TensorChunk>
{
    private readonly ChunkDecoder _decoder = new(device);
    private readonly List<string> _warnings = [.. plan.Warnings];
    private readonly byte[][] _packed = [[], []];
    private readonly byte[][] _output = [[], []];
    private readonly ProgressCount _progress = new(plan.Tensors.Select(tensor => tensor.Source).ToList(), progress);
    private readonly Dictionary<string, long> _overflows = new(log?.Overflows ?? new Dictionary<string, long>());
    private readonly Checkpoints _checkpoints = new(log, writer, options.Checkpoints);

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
            ResumedBytes = _checkpoints.BytesResumed,
            Kernels = _decoder.Kernels.ToArray(),
            Warnings = _warnings,
            Elapsed = watch.Elapsed,
        };
    }

    private async Task WriteAllAsync(CancellationToken cancellation)
    {
        using IEnumerator<TensorChunk> chunks = plan.Tensors
            .SelectMany(tensor => TensorChunk.Cut(tensor, options.ChunkBytes)).GetEnumerator();
        if (SkipDone(chunks))
        {
            await ChunkPipeline.RunAsync(chunks, this, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Passes over the chunks that an earlier run has done. False if there is nothing left to do.</summary>
    private bool SkipDone(IEnumerator<TensorChunk> chunks)
    {
        while (chunks.MoveNext())
        {
            TensorChunk chunk = chunks.Current;
            if (!_checkpoints.Skip(chunk.Tensor.Source.Name, chunk.OutputBytes))
            {
                return true;
            }

            Report(chunk);
        }

        return false;
    }

    void IChunkWork<TensorChunk>.Read(TensorChunk chunk, int side) =>
        chunk.Tensor.Source.Read(chunk.SourceOffset, Grow(ref _packed[side], chunk.SourceBytes).AsSpan(0, chunk.SourceBytes));

    void IChunkWork<TensorChunk>.Work(TensorChunk chunk, int side)
    {
        byte[] output = Grow(ref _output[side], chunk.OutputBytes);
        long overflows = _decoder.Decode(chunk, _packed[side].AsSpan(0, chunk.SourceBytes), output.AsSpan(0, chunk.OutputBytes));
        if (overflows > 0)
        {
            string name = chunk.Tensor.Source.Name;
            _overflows[name] = _overflows.GetValueOrDefault(name) + overflows;
        }
    }

    Action IChunkWork<TensorChunk>.PrepareWrite(TensorChunk chunk, int side)
    {
        byte[] output = _output[side];
        Action checkpoint = _checkpoints.Pass(chunk.OutputBytes, _overflows);
        Report(chunk);
        return () =>
        {
            writer.Write(chunk.Tensor.Source.Name, output.AsSpan(0, chunk.OutputBytes));
            checkpoint();
        };
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
