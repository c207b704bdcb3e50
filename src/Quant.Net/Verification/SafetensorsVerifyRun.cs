using System.Diagnostics;
using System.Security.Cryptography;
using Quant.Net.Conversion;
using Quant.Net.Safetensors;

namespace Quant.Net.Verification;

/// <summary>Goes through the data of a safetensors model, a chunk at a time.</summary>
internal sealed class SafetensorsVerifyRun(
    SafetensorsModel model, VerifyOptions options, IProgress<ConversionProgress>? progress, CancellationToken cancellation)
{
    private const int LargestElement = 8;

    private readonly ProgressCount _progress = new(model.Tensors, progress);

    // Whole elements of every type; a model of small tensors needs no more than the largest of them.
    private readonly byte[] _buffer = new byte[Math.Max(LargestElement, Math.Min(
        model.Tensors.Select(tensor => tensor.ByteLength).DefaultIfEmpty().Max(), options.ChunkBytes) / LargestElement * LargestElement)];

    public VerifyResult Run()
    {
        var watch = Stopwatch.StartNew();
        var modules = new ModuleCheck(model, cancellation);
        List<TensorCheck> checks = model.Tensors.Select(tensor => Check(tensor, modules.Watch(tensor), hasValues: !modules.IsMistyped(tensor))).ToList();
        return new VerifyResult
        {
            Tensors = checks,
            Faults = [.. modules.Faults, .. TensorManifest.Compare(options.Manifest, checks)],
            Warnings = [.. model.Warnings, .. modules.Warnings],
            Kernels = [],
            Elapsed = watch.Elapsed,
        };
    }

    private TensorCheck Check(SafetensorsTensor tensor, ITensorWatch? watch, bool hasValues)
    {
        using IncrementalHash? hash = options.NeedsHashes ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
        long count = 0;
        long? firstRow = null;
        long done = 0;
        do
        {
            cancellation.ThrowIfCancellationRequested();
            Span<byte> chunk = _buffer.AsSpan(0, (int)Math.Min(_buffer.Length, tensor.ByteLength - done));
            tensor.Read(done, chunk);
            hash?.AppendData(chunk);
            watch?.Add(chunk);
            (long found, int first) = hasValues ? NonFinite.Count(tensor.Type, chunk) : (0, -1);
            firstRow ??= found > 0 ? ((done * 8 / tensor.BitsPerElement) + first) / tensor.RowLength : null;
            count += found;
            done += chunk.Length;
            _progress.Add(tensor, chunk.Length, isLast: done == tensor.ByteLength);
        }
        while (done < tensor.ByteLength);

        watch?.Finish();
        string? digest = hash is null ? null : Convert.ToHexString(hash.GetHashAndReset()).ToLowerInvariant();
        return new TensorCheck(tensor.Name, tensor.ElementCount, count, firstRow, digest);
    }
}
