using Quant.Net.IO;

namespace Quant.Net.Gguf;

// Rows into floating-point numbers.
public sealed unsafe partial class GgufTensor
{
    /// <summary>Decodes a range of rows.</summary>
    /// <param name="device">Does the work.</param>
    /// <param name="row">The first row.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="destination">Receives rows x <see cref="RowLength"/> values; may be longer.</param>
    /// <exception cref="ArgumentOutOfRangeException">The tensor has no such rows.</exception>
    /// <exception cref="ArgumentException">
    /// The destination is too short. No span holds more than int.MaxValue values: decode fewer rows at a time.
    /// </exception>
    /// <exception cref="NotSupportedException">The type is unknown.</exception>
    /// <exception cref="ObjectDisposedException">The model or the device was closed.</exception>
    public void Dequantize(QuantDevice device, long row, long rows, Span<float> destination) =>
        Decode(device, row, rows, destination, QuantFormat.F32);

    /// <inheritdoc cref="Dequantize(QuantDevice, long, long, Span{float})"/>
    public void Dequantize(QuantDevice device, long row, long rows, Span<Half> destination) =>
        Decode(device, row, rows, destination, QuantFormat.F16);

    /// <inheritdoc cref="Dequantize(QuantDevice, long, long, Span{float})"/>
    public void Dequantize(QuantDevice device, long row, long rows, Span<BFloat16> destination) =>
        Decode(device, row, rows, destination, QuantFormat.BF16);

    /// <summary>Decodes rows of a list, in its order: a batch of embeddings in one call.</summary>
    /// <param name="device">Does the work.</param>
    /// <param name="rows">The numbers of the rows, in any order, with repetitions.</param>
    /// <param name="destination">Receives the rows behind each other; may be longer.</param>
    /// <exception cref="ArgumentOutOfRangeException">The tensor has no such row.</exception>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    /// <exception cref="NotSupportedException">The type is unknown.</exception>
    /// <exception cref="ObjectDisposedException">The model or the device was closed.</exception>
    public void DequantizeRows(QuantDevice device, ReadOnlySpan<long> rows, Span<float> destination) =>
        DecodeList(device, rows, destination, QuantFormat.F32);

    /// <inheritdoc cref="DequantizeRows(QuantDevice, ReadOnlySpan{long}, Span{float})"/>
    public void DequantizeRows(QuantDevice device, ReadOnlySpan<long> rows, Span<Half> destination) =>
        DecodeList(device, rows, destination, QuantFormat.F16);

    /// <inheritdoc cref="DequantizeRows(QuantDevice, ReadOnlySpan{long}, Span{float})"/>
    public void DequantizeRows(QuantDevice device, ReadOnlySpan<long> rows, Span<BFloat16> destination) =>
        DecodeList(device, rows, destination, QuantFormat.BF16);

    private void Decode<T>(QuantDevice device, long row, long rows, Span<T> destination, QuantFormat output)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(device);
        RequireRows(row, rows, nameof(rows));
        long bytesPerRow = BytesPerRow;
        RequireRoom(rows, destination.Length);
        using MappedFile.Lease lease = Part.File.Acquire();
        fixed (T* to = destination)
        {
            device.Dequantize(Format, Pointer + (row * bytesPerRow), checked((nuint)(rows * bytesPerRow)),
                output, to, (nuint)destination.Length * (nuint)sizeof(T));
        }
    }

    private void DecodeList<T>(QuantDevice device, ReadOnlySpan<long> rows, Span<T> destination, QuantFormat output)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(device);
        _ = Known;
        foreach (long row in rows)
        {
            if ((ulong)row >= (ulong)RowCount)
            {
                throw NoSuchRow(row, nameof(rows));
            }
        }

        RequireRoom(rows.Length, destination.Length);
        if (rows.IsEmpty)
        {
            return;
        }

        using MappedFile.Lease lease = Part.File.Acquire();
        fixed (T* to = destination)
        {
            device.DequantizeRows(Format, Pointer, checked((nuint)ByteLength), RowLength, rows,
                output, to, (nuint)destination.Length * (nuint)sizeof(T));
        }
    }

    private void RequireRoom(long rows, int room)
    {
        if (rows > 0 && rows > room / RowLength)
        {
            throw new ArgumentException(
                ErrorText.Invariant($"Destination is too short: {room} values for {rows} rows of {RowLength}."), "destination");
        }
    }
}
