using Quant.Net.Native;

namespace Quant.Net;

public sealed unsafe partial class QuantDevice
{
    /// <summary>Decodes the rows of a matrix that a list names to <see cref="float"/>: one call for a batch of embeddings.</summary>
    /// <param name="format">The format of the source.</param>
    /// <param name="source">The packed matrix, rows behind each other.</param>
    /// <param name="valuesPerRow">Values of a row, a whole number of blocks.</param>
    /// <param name="rows">The numbers of the rows to decode, in any order, with repetitions.</param>
    /// <param name="destination">Receives the rows, in the list's order, behind each other. What is beyond them is left alone.</param>
    /// <exception cref="ArgumentException"><paramref name="format"/> is unknown.</exception>
    /// <exception cref="ArgumentException"><paramref name="valuesPerRow"/> is not whole blocks, or not positive.</exception>
    /// <exception cref="ArgumentException"><paramref name="source"/> is not whole rows.</exception>
    /// <exception cref="ArgumentOutOfRangeException">One of <paramref name="rows"/> is not in the matrix.</exception>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is too short.</exception>
    /// <exception cref="ArgumentException"><paramref name="source"/> and <paramref name="destination"/> overlap.</exception>
    /// <exception cref="NotSupportedException">The device cannot do it; see <see cref="GetCapability"/>.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed of.</exception>
    public void DequantizeRows(
        QuantFormat format, ReadOnlySpan<byte> source, long valuesPerRow, ReadOnlySpan<long> rows, Span<float> destination) =>
        DequantizeRows(format, source, valuesPerRow, rows, QuantFormat.F32, destination);

    /// <summary>Decodes the rows of a matrix that a list names to <see cref="Half"/>.</summary>
    /// <inheritdoc cref="DequantizeRows(QuantFormat, ReadOnlySpan{byte}, long, ReadOnlySpan{long}, Span{float})"/>
    public void DequantizeRows(
        QuantFormat format, ReadOnlySpan<byte> source, long valuesPerRow, ReadOnlySpan<long> rows, Span<Half> destination) =>
        DequantizeRows(format, source, valuesPerRow, rows, QuantFormat.F16, destination);

    /// <summary>Decodes the rows of a matrix that a list names to <see cref="BFloat16"/>.</summary>
    /// <inheritdoc cref="DequantizeRows(QuantFormat, ReadOnlySpan{byte}, long, ReadOnlySpan{long}, Span{float})"/>
    public void DequantizeRows(
        QuantFormat format, ReadOnlySpan<byte> source, long valuesPerRow, ReadOnlySpan<long> rows, Span<BFloat16> destination) =>
        DequantizeRows(format, source, valuesPerRow, rows, QuantFormat.BF16, destination);

    /// <summary>Decodes the rows of a matrix that a list names, between any addresses.</summary>
    /// <param name="format">The format of the source.</param>
    /// <param name="source">The packed matrix, rows behind each other.</param>
    /// <param name="sourceBytes">Its size in bytes.</param>
    /// <param name="valuesPerRow">Values of a row, a whole number of blocks.</param>
    /// <param name="rows">The numbers of the rows to decode, in any order, with repetitions.</param>
    /// <param name="output"><see cref="QuantFormat.F32"/>, <see cref="QuantFormat.F16"/> or <see cref="QuantFormat.BF16"/>.</param>
    /// <param name="destination">Receives the rows, in the list's order, behind each other. What is beyond them is left alone.</param>
    /// <param name="destinationBytes">The room at <paramref name="destination"/> in bytes.</param>
    /// <exception cref="ArgumentNullException">A pointer is null and its size is not 0.</exception>
    /// <exception cref="ArgumentException"><paramref name="format"/> or <paramref name="output"/> is unknown.</exception>
    /// <exception cref="ArgumentException"><paramref name="valuesPerRow"/> is not whole blocks, or not positive.</exception>
    /// <exception cref="ArgumentException"><paramref name="sourceBytes"/> is not whole rows.</exception>
    /// <exception cref="ArgumentOutOfRangeException">One of <paramref name="rows"/> is not in the matrix.</exception>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is too short.</exception>
    /// <exception cref="ArgumentException">Source and destination overlap.</exception>
    /// <exception cref="NotSupportedException">The device cannot do it; see <see cref="GetCapability"/>.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed of.</exception>
    public void DequantizeRows(
        QuantFormat format, void* source, nuint sourceBytes, long valuesPerRow, ReadOnlySpan<long> rows, QuantFormat output,
        void* destination, nuint destinationBytes)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ThrowIfNull(source, sourceBytes, nameof(source));
        ThrowIfNull(destination, destinationBytes, nameof(destination));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(valuesPerRow);
        QuantFormatInfo info = QuantFormats.Get(format);
        ThrowIfNotInMatrix(rows, RowCount(info, sourceBytes, valuesPerRow));
        ThrowIfTooShort((nuint)rows.Length, (nuint)valuesPerRow, output, destinationBytes);
        ThrowIfOverlapping(source, sourceBytes, destination, destinationBytes);
        fixed (long* list = rows)
        {
            Status.ThrowIfFailed(NativeMethods.qn_dequantize_rows(
                _handle, format, source, sourceBytes, (ulong)valuesPerRow, (ulong*)list, (nuint)rows.Length, output,
                destination, destinationBytes));
        }
    }

    private void DequantizeRows<T>(
        QuantFormat format, ReadOnlySpan<byte> source, long valuesPerRow, ReadOnlySpan<long> rows, QuantFormat output, Span<T> destination)
        where T : unmanaged
    {
        fixed (byte* from = source)
        fixed (T* to = destination)
        {
            DequantizeRows(
                format, from, (nuint)source.Length, valuesPerRow, rows, output, to, (nuint)destination.Length * (nuint)sizeof(T));
        }
    }

    private static nuint RowCount(QuantFormatInfo info, nuint sourceBytes, long valuesPerRow)
    {
        ulong rowBytes = (ulong)info.GetByteCount(valuesPerRow, nameof(valuesPerRow));
        (ulong count, ulong rest) = Math.DivRem((ulong)sourceBytes, rowBytes);
        return rest == 0 ? (nuint)count : throw new ArgumentException(
            $"{sourceBytes} bytes of {info.Name} are not whole rows of {rowBytes}.", "source");
    }

    private static void ThrowIfNotInMatrix(ReadOnlySpan<long> rows, nuint rowCount)
    {
        for (int i = 0; i < rows.Length; i++)
        {
            if ((ulong)rows[i] >= rowCount)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(rows), $"Row {rows[i]} at place {i} is none of the {rowCount} rows of the source.");
            }
        }
    }
}
