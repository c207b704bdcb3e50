using Quant.Net.Native;

namespace Quant.Net.Cuda;

public sealed unsafe partial class CudaStream
{
    /// <summary>Queues decoding of rows or columns of a packed matrix to <see cref="float"/>, from the GPU's memory into the GPU's memory.
    /// </summary>
    /// <remarks>Shape and sizes are checked before anything is queued; what is in the arrays is not: see <see cref="DeviceMatrix"/>.</remarks>
    /// <param name="matrix">The matrix.</param>
    /// <param name="order">Whether <paramref name="destination"/> receives rows or columns behind each other.</param>
    /// <param name="first">The first row, or column, to decode.</param>
    /// <param name="count">How many.</param>
    /// <param name="destination">Receives them. What is beyond them is left alone.</param>
    /// <exception cref="ArgumentException">The matrix does not fit together: its shape, bits, or the sizes of its arrays.</exception>
    /// <exception cref="ArgumentException"><paramref name="first"/> and <paramref name="count"/> go beyond the matrix.</exception>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is too short, or overlaps the matrix.</exception>
    /// <exception cref="NotSupportedException">The layout does not have such bits or options.</exception>
    /// <exception cref="QuantNetException">The driver reports an error, perhaps of earlier work.</exception>
    /// <exception cref="ObjectDisposedException">The stream or a buffer was disposed of.</exception>
    public void DequantizeMatrix(
        DeviceMatrix matrix, MatrixOrder order, long first, long count, DeviceBuffer<float> destination) =>
        DequantizeMatrix(matrix, order, first, count, QuantFormat.F32, destination);

    /// <summary>Queues decoding of rows or columns of a packed matrix to <see cref="Half"/>, from the GPU's memory into the GPU's memory.
    /// </summary>
    /// <inheritdoc cref="DequantizeMatrix(DeviceMatrix, MatrixOrder, long, long, DeviceBuffer{float})"/>
    public void DequantizeMatrix(
        DeviceMatrix matrix, MatrixOrder order, long first, long count, DeviceBuffer<Half> destination) =>
        DequantizeMatrix(matrix, order, first, count, QuantFormat.F16, destination);

    /// <summary>Queues decoding of rows or columns of a packed matrix to <see cref="BFloat16"/>, from the GPU's memory into the GPU's
    /// memory.</summary>
    /// <inheritdoc cref="DequantizeMatrix(DeviceMatrix, MatrixOrder, long, long, DeviceBuffer{float})"/>
    public void DequantizeMatrix(
        DeviceMatrix matrix, MatrixOrder order, long first, long count, DeviceBuffer<BFloat16> destination) =>
        DequantizeMatrix(matrix, order, first, count, QuantFormat.BF16, destination);

    private void DequantizeMatrix<T>(
        DeviceMatrix matrix, MatrixOrder order, long first, long count, QuantFormat output, DeviceBuffer<T> destination)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(matrix);
        ArgumentNullException.ThrowIfNull(destination);
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        qn_matrix native = matrix.ToNative();
        Status.ThrowIfFailed(NativeMethods.qn_dequantize_matrix_async(
            _handle, &native, order, (ulong)first, (ulong)count, output, destination.Address, destination.ByteLength));
    }
}
