using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Quant.Net.Conversion;
using Quant.Net.Gguf;
using Quant.Net.IO;

namespace Quant.Net.Verification;

/// <summary>Goes through the data of a model, a chunk at a time.</summary>
internal sealed class VerifyRun(
    GgufFile model, VerifyOptions options, QuantDevice device, IProgress<ConversionProgress>? progress, CancellationToken cancellation)
{
    private readonly ChunkDecoder _decoder = new(device);
    private readonly ProgressCount _progress = new(model.Tensors, progress);
    private byte[] _packed = [];
    private byte[] _weights = [];

    public VerifyResult Run()
    {
        var watch = Stopwatch.StartNew();
        List<TensorCheck> checks = model.Tensors.Select(Check).ToList();
        return new VerifyResult
        {
            Tensors = checks,
            Faults = [.. TensorManifest.Compare(options.Manifest, checks)],
            Warnings = [.. model.Warnings, .. WarnOfUnknownTypes(), .. WarnOfTrailingBytes()],
            Kernels = _decoder.Kernels.ToArray(),
            Elapsed = watch.Elapsed,
        };
    }

    private TensorCheck Check(GgufTensor tensor)
    {
        using IncrementalHash? hash = options.NeedsHashes ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
        long count = 0;
        long? firstRow = null;
        if (tensor.IsFormatKnown)
        {
            foreach (TensorChunk chunk in TensorChunk.Cut(new PlannedTensor(tensor, QuantFormat.F32, null), options.ChunkBytes))
            {
                (long found, int first) = CountNonFinite(chunk, Read(tensor, chunk.SourceOffset, chunk.SourceBytes, hash));
                firstRow ??= found > 0 ? (chunk.FirstValue + first) / tensor.RowLength : null;
                count += found;
                _progress.Add(tensor, chunk.SourceBytes, chunk.IsLast);
            }
        }
        else
        {
            ReadUnknown(tensor, hash);
        }

        string? digest = hash is null ? null : Convert.ToHexString(hash.GetHashAndReset()).ToLowerInvariant();
        return new TensorCheck(tensor.Name, tensor.ElementCount, count, firstRow, digest);
    }

    private void ReadUnknown(GgufTensor tensor, IncrementalHash? hash)
    {
        for (long done = 0; done < tensor.ByteLength;)
        {
            int bytes = (int)Math.Min(options.ChunkBytes, tensor.ByteLength - done);
            Read(tensor, done, bytes, hash);
            done += bytes;
            _progress.Add(tensor, bytes, isLast: done == tensor.ByteLength);
        }
    }

    private ReadOnlySpan<byte> Read(GgufTensor tensor, long offset, int bytes, IncrementalHash? hash)
    {
        cancellation.ThrowIfCancellationRequested();
        Span<byte> packed = Room(ref _packed, bytes);
        tensor.Read(offset, packed);
        hash?.AppendData(packed);
        return packed;
    }

    private (long Count, int First) CountNonFinite(TensorChunk chunk, ReadOnlySpan<byte> packed)
    {
        if (chunk.Tensor.Source.FormatInfo!.IsInteger)
        {
            return (0, -1);
        }

        if (chunk.Tensor.Source.Format == QuantFormat.F64)
        {
            return NonFinite.Count(MemoryMarshal.Cast<byte, double>(packed));
        }

        Span<byte> weights = Room(ref _weights, chunk.OutputBytes);
        _decoder.Decode(chunk, packed, weights);
        return NonFinite.Count(MemoryMarshal.Cast<byte, float>(weights));
    }

    private IEnumerable<string> WarnOfUnknownTypes() =>
        from tensor in model.Tensors
        where !tensor.IsFormatKnown
        select $"{tensor.Place} has {tensor.FormatName}: its weights are not checked";

    private IEnumerable<string> WarnOfTrailingBytes()
    {
        foreach (GgufPart part in model.Parts)
        {
            long end = model.Tensors.Where(tensor => tensor.Part == part)
                .Select(tensor => (long)GgufLayout.Pad((ulong)(tensor.FileOffset + tensor.ByteLength), (uint)part.Alignment))
                .LastOrDefault(part.DataOffset);
            if (part.Length > end)
            {
                yield return $"{ErrorText.EscapePath(part.Path)}: {ErrorText.Count(part.Length - end, "byte")} behind the last tensor";
            }
        }
    }

    private static Span<byte> Room(ref byte[] buffer, int bytes)
    {
        if (buffer.Length < bytes)
        {
            buffer = GC.AllocateUninitializedArray<byte>(bytes);
        }

        return buffer.AsSpan(0, bytes);
    }
}
