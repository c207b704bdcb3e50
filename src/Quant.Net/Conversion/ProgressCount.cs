using Quant.Net.IO;

namespace Quant.Net.Conversion;

/// <summary>Counts what is done of the tensors of a model, and tells whoever wants to know.</summary>
internal sealed class ProgressCount(IReadOnlyCollection<IStoredTensor> tensors, IProgress<ConversionProgress>? progress)
{
    private long _bytesDone;
    private int _tensorsDone;

    /// <summary>Bytes that there are to do.</summary>
    public long BytesTotal { get; } = tensors.Sum(tensor => tensor.ByteLength);

    /// <summary>Takes note of bytes of a tensor that are done.</summary>
    public void Add(IStoredTensor tensor, long bytes, bool isLast)
    {
        _bytesDone += bytes;
        _tensorsDone += isLast ? 1 : 0;
        progress?.Report(new ConversionProgress(_bytesDone, BytesTotal, tensor.Name, _tensorsDone, tensors.Count));
    }
}
