using Quant.Net.Native;

namespace Quant.Net.Cuda;

public sealed unsafe partial class CudaStream
{
    /// <summary>Queues decoding of whole blocks to <see cref="float"/>, from the GPU's memory into the GPU's memory.</summary>
    /// <param name="format">The format of the source.</param>
    /// <param name="source">Packed blocks.</param>
    /// <param name="destination">Receives the values, in order. What is beyond them is left alone.</param>
    /// <exception cref="ArgumentException"><paramref name="format"/> is unknown.</exception>
    /// <exception cref="ArgumentException"><paramref name="source"/> is not whole blocks.</exception>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is too short.</exception>
    /// <exception cref="QuantNetException">The driver reports an error, perhaps of earlier work.</exception>
    /// <exception cref="ObjectDisposedException">The stream or a buffer was disposed of.</exception>
    public void Dequantize(QuantFormat format, DeviceBuffer<byte> source, DeviceBuffer<float> destination) =>
        Dequantize(format, source, QuantFormat.F32, destination);

    /// <summary>Queues decoding of whole blocks to <see cref="Half"/>, from the GPU's memory into the GPU's memory.</summary>
    /// <inheritdoc cref="Dequantize(QuantFormat, DeviceBuffer{byte}, DeviceBuffer{float})"/>
    public void Dequantize(QuantFormat format, DeviceBuffer<byte> source, DeviceBuffer<Half> destination) =>
        Dequantize(format, source, QuantFormat.F16, destination);

    /// <summary>Queues decoding of whole blocks to <see cref="BFloat16"/>, from the GPU's memory into the GPU's memory.</summary>
    /// <inheritdoc cref="Dequantize(QuantFormat, DeviceBuffer{byte}, DeviceBuffer{float})"/>
    public void Dequantize(QuantFormat format, DeviceBuffer<byte> source, DeviceBuffer<BFloat16> destination) =>
        Dequantize(format, source, QuantFormat.BF16, destination);

    /// <summary>Queues decoding of whole blocks between two addresses of the GPU, which may be other engines'.</summary>
    /// <remarks>Addresses cannot be checked: a wrong one loses the device for the whole process.</remarks>
    /// <param name="format">The format of the source.</param>
    /// <param name="source">The address of packed blocks; any alignment.</param>
    /// <param name="sourceBytes">Their size in bytes.</param>
    /// <param name="output"><see cref="QuantFormat.F32"/>, <see cref="QuantFormat.F16"/> or <see cref="QuantFormat.BF16"/>.</param>
    /// <param name="destination">The address that receives the values; aligned to 16 bytes it is fastest.</param>
    /// <param name="destinationBytes">The room there in bytes.</param>
    /// <exception cref="ArgumentException">A format is unknown, the source is not whole blocks, the destination is too short, or they overlap.
    /// </exception>
    /// <exception cref="NotSupportedException"><paramref name="output"/> is none of the three.</exception>
    /// <exception cref="QuantNetException">The driver reports an error, perhaps of earlier work.</exception>
    /// <exception cref="ObjectDisposedException">The stream was disposed of.</exception>
    public void Dequantize(
        QuantFormat format, ulong source, nuint sourceBytes, QuantFormat output, ulong destination, nuint destinationBytes) =>
        Status.ThrowIfFailed(
            NativeMethods.qn_dequantize_async(_handle, format, source, sourceBytes, output, destination, destinationBytes));

    /// <summary>Queues decoding of the rows of a matrix that a list names, between two addresses of the GPU.</summary>
    /// <remarks>Addresses cannot be checked: a wrong one loses the device for the whole process.</remarks>
    /// <param name="format">The format of the source.</param>
    /// <param name="source">The address of the packed matrix.</param>
    /// <param name="sourceBytes">Its size in bytes.</param>
    /// <param name="valuesPerRow">Values of a row, a whole number of blocks.</param>
    /// <param name="rows">The numbers of the rows to decode, in any order, with repetitions; read before the call returns.</param>
    /// <param name="output"><see cref="QuantFormat.F32"/>, <see cref="QuantFormat.F16"/> or <see cref="QuantFormat.BF16"/>.</param>
    /// <param name="destination">The address that receives the rows, in the list's order, behind each other.</param>
    /// <param name="destinationBytes">The room there in bytes.</param>
    /// <exception cref="ArgumentException">A format is unknown, sizes do not fit, a row is not in the matrix, or source and destination
    /// overlap.</exception>
    /// <exception cref="NotSupportedException"><paramref name="output"/> is none of the three.</exception>
    /// <exception cref="QuantNetException">The driver reports an error, perhaps of earlier work.</exception>
    /// <exception cref="ObjectDisposedException">The stream was disposed of.</exception>
    public void DequantizeRows(
        QuantFormat format, ulong source, nuint sourceBytes, long valuesPerRow, ReadOnlySpan<long> rows, QuantFormat output,
        ulong destination, nuint destinationBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(valuesPerRow);

        // A negative number of a row is a huge one to the library, which refuses it.
        fixed (long* list = rows)
        {
            Status.ThrowIfFailed(NativeMethods.qn_dequantize_rows_async(
                _handle, format, source, sourceBytes, (ulong)valuesPerRow, (ulong*)list, (nuint)rows.Length, output, destination,
                destinationBytes));
        }
    }

    private void Dequantize<T>(QuantFormat format, DeviceBuffer<byte> source, QuantFormat output, DeviceBuffer<T> destination)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(destination);
        Dequantize(format, source.Address, source.ByteLength, output, destination.Address, destination.ByteLength);
    }
}
