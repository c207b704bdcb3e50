namespace Quant.Net;

/// <summary>How far a whole-model operation has come.</summary>
/// <param name="BytesDone">Bytes of tensor data that are done: as they are in the source, or, where tensors are cut or joined, in what is written.</param>
/// <param name="BytesTotal">Bytes that there are to do.</param>
/// <param name="Tensor">The tensor at work.</param>
/// <param name="TensorsDone">Tensors that are complete.</param>
/// <param name="TensorCount">Tensors that there are to do.</param>
public readonly record struct ConversionProgress(long BytesDone, long BytesTotal, string Tensor, int TensorsDone, int TensorCount)
{
    /// <summary>Bytes of tensor data of the output that are done, where these are others than those of the source; else 0.</summary>
    public long OutputBytesDone { get; init; }
}
