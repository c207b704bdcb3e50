using Quant.Net.IO;

namespace Quant.Net.Conversion;

/// <summary>Counts what is done of the tensors of a model, and tells whoever wants to know.</summary>
internal sealed class ProgressCount(long bytesTotal, int tensorCount, IProgress<ConversionProgress>? progress)
{
    private long _bytesDone;
    private long _outputBytesDone;
    private int _tensorsDone;

    public ProgressCount(IReadOnlyCollection<IStoredTensor> tensors, IProgress<ConversionProgress>? progress)
        : this(tensors.Sum(tensor => tensor.ByteLength), tensors.Count, progress)
    {
    }

    /// <summary>Bytes that there are to do.</summary>
    public long BytesTotal => bytesTotal;

    /// <summary>Takes note of bytes of a tensor that are done.</summary>
    public void Add(IStoredTensor tensor, long bytes, bool isLast) => Add(tensor.Name, bytes, isLast);

    /// <inheritdoc cref="Add(IStoredTensor, long, bool)"/>
    public void Add(string tensor, long bytes, bool isLast, long outputBytes = 0)
    {
        _bytesDone += bytes;
        _outputBytesDone += outputBytes;
        _tensorsDone += isLast ? 1 : 0;
        progress?.Report(new ConversionProgress(_bytesDone, bytesTotal, tensor, _tensorsDone, tensorCount)
        {
            OutputBytesDone = _outputBytesDone,
        });
    }
}
