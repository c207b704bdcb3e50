using Quant.Net.Conversion;
using Quant.Net.IO;

namespace Quant.Net.Ranks;

/// <summary>Copies tensors to the files of all ranks, a bounded piece at a time.</summary>
internal sealed class PlainRankCopy(IReadOnlyList<IModelWriter> writers, ProgressCount count, CancellationToken cancellation)
{
    private const int BufferBytes = 4 << 20;

    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferBytes);
    private readonly byte[] _part = GC.AllocateUninitializedArray<byte>(BufferBytes);

    /// <summary>Copies the parts of a tensor.</summary>
    public void Copy(PlainRanks plain)
    {
        if (plain.Tensor.ByteLength == 0)
        {
            foreach (IModelWriter writer in writers)
            {
                writer.Write(plain.Tensor.Name, []);   // an empty tensor has its turn too
            }
        }
        else if (plain.IsWhole)
        {
            CopyWhole(plain.Tensor);
        }
        else if (plain.RowBytes <= BufferBytes)
        {
            CopyRows(plain);
        }
        else
        {
            CopyPieces(plain);
        }

        foreach (IModelWriter _ in writers)
        {
            count.Add(plain.Tensor, 0, isLast: true);
        }
    }

    private void CopyWhole(IStoredTensor tensor)
    {
        for (long done = 0; done < tensor.ByteLength;)
        {
            Span<byte> chunk = _buffer.AsSpan(0, (int)Math.Min(BufferBytes, tensor.ByteLength - done));
            tensor.Read(done, chunk);
            foreach (IModelWriter writer in writers)
            {
                Write(writer, tensor.Name, chunk);
            }

            done += chunk.Length;
        }
    }

    // Rows are short where inputs are divided: read one by one for each rank they would take ages.
    private void CopyRows(PlainRanks plain)
    {
        int rowBytes = (int)plain.RowBytes, partBytes = (int)plain.PartRowBytes, most = BufferBytes / rowBytes;
        for (long row = 0; row < plain.RowCount; row += most)
        {
            int rows = (int)Math.Min(most, plain.RowCount - row);
            Span<byte> whole = _buffer.AsSpan(0, rows * rowBytes), part = _part.AsSpan(0, rows * partBytes);
            plain.Tensor.Read(row * rowBytes, whole);
            for (int rank = 0; rank < writers.Count; rank++)
            {
                for (int at = 0; at < rows; at++)
                {
                    plain.Take(rank, whole.Slice(at * rowBytes, rowBytes), part.Slice(at * partBytes, partBytes));
                }

                Write(writers[rank], plain.Tensor.Name, part);
            }
        }
    }

    private void CopyPieces(PlainRanks plain)
    {
        for (int rank = 0; rank < writers.Count; rank++)
        {
            foreach ((long? offset, long bytes) in plain.Pieces(rank))
            {
                for (long done = 0; done < bytes;)
                {
                    Span<byte> chunk = _buffer.AsSpan(0, (int)Math.Min(BufferBytes, bytes - done));
                    if (offset is { } from)
                    {
                        plain.Tensor.Read(from + done, chunk);
                    }
                    else
                    {
                        chunk.Clear();
                    }

                    Write(writers[rank], plain.Tensor.Name, chunk);
                    done += chunk.Length;
                }
            }
        }
    }

    private void Write(IModelWriter writer, string tensor, ReadOnlySpan<byte> bytes)
    {
        cancellation.ThrowIfCancellationRequested();
        writer.Write(tensor, bytes);
        count.Add(tensor, bytes.Length, isLast: false);
    }
}
