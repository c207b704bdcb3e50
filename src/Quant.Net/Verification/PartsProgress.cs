namespace Quant.Net.Verification;

/// <summary>Tells how much of parts is compared.</summary>
internal sealed class PartsProgress(IProgress<ConversionProgress>? progress)
{
    private int _done;

    /// <summary>Bytes of the parts that there are to compare.</summary>
    public long BytesTotal { get; set; }

    /// <summary>Tensors that there are to compare.</summary>
    public int TensorCount { get; set; }

    /// <summary>Bytes that are compared.</summary>
    public long BytesDone { get; private set; }

    /// <summary>Takes note of bytes of a tensor.</summary>
    public void Add(string tensor, long bytes)
    {
        BytesDone += bytes;
        Report(tensor);
    }

    /// <summary>Takes note that all parts of a tensor are compared.</summary>
    public void Finish(string tensor)
    {
        _done++;
        Report(tensor);
    }

    private void Report(string tensor) => progress?.Report(new ConversionProgress(BytesDone, BytesTotal, tensor, _done, TensorCount));
}
