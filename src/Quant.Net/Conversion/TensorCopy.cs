using Quant.Net.Gguf;

namespace Quant.Net.Conversion;

/// <summary>Copies packed bytes of tensors as they are, a bounded piece at a time.</summary>
internal sealed class TensorCopy(ProgressCount progress, CancellationToken cancellation)
{
    private const int ChunkBytes = 8 << 20;

    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(ChunkBytes);

    /// <summary>Hands the bytes of a tensor to a writer. An empty tensor is handed over once, without bytes.</summary>
    public void Copy(GgufTensor tensor, WriteBytes write)
    {
        long done = 0;
        do
        {
            cancellation.ThrowIfCancellationRequested();
            Span<byte> piece = _buffer.AsSpan(0, (int)Math.Min(_buffer.Length, tensor.ByteLength - done));
            tensor.Read(done, piece);
            write(piece);
            done += piece.Length;
            progress.Add(tensor, piece.Length, isLast: done == tensor.ByteLength);
        }
        while (done < tensor.ByteLength);
    }

    /// <summary>Takes the next bytes of a tensor.</summary>
    public delegate void WriteBytes(ReadOnlySpan<byte> bytes);
}
