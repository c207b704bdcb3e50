using System.Diagnostics;
using Quant.Net.Gguf;
using Quant.Net.IO;

namespace Quant.Net.Conversion;

/// <summary>Carries out a plan: while one chunk is decoded, the next is read and the one before is written.</summary>
internal sealed class DequantizeRun(
    GgufFile model, DequantizePlan plan, IModelWriter writer, DequantizeOptions options, QuantDevice device,
    IProgress<ConversionProgress>? progress)
{
    private readonly ChunkDecoder _decoder = new(device);
    private readonly List<string> _warnings = [.. plan.Warnings];
    private readonly byte[][] _packed = [[], []];
    private readonly byte[][] _output = [[], []];
    private readonly long _bytesTotal = plan.Tensors.Sum(tensor => tensor.Source.ByteLength);
    private long _bytesDone;
    private int _tensorsDone;
    private long _overflows;

    public async Task<DequantizeResult> RunAsync(CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        await WriteAllAsync(cancellation).ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
        long outputBytes = writer.DeclaredLength;
        writer.Complete();
        return new DequantizeResult
        {
            Files = writer.Files,
            TensorCount = plan.Tensors.Count,
            ElementCount = plan.Tensors.Sum(tensor => tensor.Source.ElementCount),
            SourceBytes = _bytesTotal,
            OutputBytes = outputBytes,
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
            bool more = chunks.MoveNext();
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

    private Task Read(TensorChunk chunk, int side)
    {
        byte[] buffer = Grow(ref _packed[side], chunk.SourceBytes);
        return Task.Run(() => chunk.Tensor.Source.Read(chunk.SourceOffset, buffer.AsSpan(0, chunk.SourceBytes)));
    }

    private void Decode(TensorChunk chunk, int side)
    {
        byte[] output = Grow(ref _output[side], chunk.OutputBytes);
        _overflows += _decoder.Decode(chunk, _packed[side].AsSpan(0, chunk.SourceBytes), output.AsSpan(0, chunk.OutputBytes));
    }

    private Task Write(TensorChunk chunk, int side)
    {
        byte[] output = _output[side];
        return Task.Run(() => writer.Write(chunk.Tensor.Source.Name, output.AsSpan(0, chunk.OutputBytes)));
    }

    private void Report(TensorChunk chunk)
    {
        _bytesDone += chunk.SourceBytes;
        if (chunk.IsLast)
        {
            _tensorsDone++;
            ReportOverflow(chunk.Tensor);
        }

        progress?.Report(new ConversionProgress(_bytesDone, _bytesTotal, chunk.Tensor.Source.Name, _tensorsDone, plan.Tensors.Count));
    }

    private void ReportOverflow(PlannedTensor tensor)
    {
        if (_overflows == 0)
        {
            return;
        }

        string name = ErrorText.Quote(tensor.Source.Name);
        string warning = ErrorText.Invariant(
            $"{model.FileName}: tensor {name}: {_overflows} values are too large for {tensor.Output} and became infinite");
        if (options.Strict)
        {
            throw new OverflowException(warning);
        }

        _warnings.Add(warning);
        _overflows = 0;
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
