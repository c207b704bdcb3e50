using Quant.Net.Native;

namespace Quant.Net;

public sealed unsafe partial class QuantDevice
{
    /// <summary>Asks whether and how this device does an operation on packed matrices.</summary>
    /// <remarks>A kernel that is tuned may have to leave single matrices to the general code: those whose groups, padding or addresses do
    /// not fit its vectors.</remarks>
    /// <param name="operation">What is to be done.</param>
    /// <param name="layout">The layout of the matrix.</param>
    /// <param name="bits">The bits of its codes.</param>
    /// <param name="order">The order of the result.</param>
    /// <param name="to">The format of the result.</param>
    /// <returns>The answer; <see cref="QuantCapability.IsSupported"/> is false for what the device cannot do, and for bits that the layout
    /// does not have.</returns>
    /// <exception cref="ArgumentException">The layout, the order or the format is unknown.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bits"/> is negative.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed of.</exception>
    public QuantCapability GetMatrixCapability(
        QuantOperation operation, PackedMatrixLayout layout, int bits, MatrixOrder order, QuantFormat to)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(bits);
        qn_capability capability = new() { struct_size = (uint)sizeof(qn_capability) };
        Status.ThrowIfFailed(NativeMethods.qn_device_matrix_capability(_handle, operation, layout, (uint)bits, order, to, &capability));
        return new QuantCapability(in capability);
    }

    /// <summary>Decodes rows or columns of a packed matrix to <see cref="float"/>: the bits that the layout's own project computes.</summary>
    /// <param name="matrix">The matrix.</param>
    /// <param name="order">Whether <paramref name="destination"/> receives rows or columns behind each other.</param>
    /// <param name="first">The first row, or column, to decode.</param>
    /// <param name="count">How many.</param>
    /// <param name="destination">Receives them. What is beyond them is left alone.</param>
    /// <exception cref="ArgumentException">The matrix does not fit together; see <see cref="PackedMatrix.Check"/>.</exception>
    /// <exception cref="ArgumentException"><paramref name="first"/> and <paramref name="count"/> go beyond the matrix.</exception>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is too short, or overlaps the matrix.</exception>
    /// <exception cref="NotSupportedException">The device cannot do it.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed of.</exception>
    public void DequantizeMatrix(in PackedMatrix matrix, MatrixOrder order, long first, long count, Span<float> destination) =>
        DequantizeMatrix(matrix, order, first, count, QuantFormat.F32, destination);

    /// <summary>Decodes rows or columns of a packed matrix to <see cref="Half"/>: the float results rounded once.</summary>
    /// <inheritdoc cref="DequantizeMatrix(in PackedMatrix, MatrixOrder, long, long, Span{float})"/>
    public void DequantizeMatrix(in PackedMatrix matrix, MatrixOrder order, long first, long count, Span<Half> destination) =>
        DequantizeMatrix(matrix, order, first, count, QuantFormat.F16, destination);

    /// <summary>Decodes rows or columns of a packed matrix to <see cref="BFloat16"/>: the float results rounded once.</summary>
    /// <inheritdoc cref="DequantizeMatrix(in PackedMatrix, MatrixOrder, long, long, Span{float})"/>
    public void DequantizeMatrix(in PackedMatrix matrix, MatrixOrder order, long first, long count, Span<BFloat16> destination) =>
        DequantizeMatrix(matrix, order, first, count, QuantFormat.BF16, destination);

    /// <summary>As the public ones, for arrays at any address and of any size.</summary>
    internal void DequantizeMatrix(
        in qn_matrix matrix, MatrixOrder order, long first, long count, QuantFormat output, void* destination, nuint destinationBytes)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        fixed (qn_matrix* pinned = &matrix)
        {
            Status.ThrowIfFailed(NativeMethods.qn_dequantize_matrix(
                _handle, pinned, order, (ulong)first, (ulong)count, output, destination, destinationBytes));
        }
    }

    private void DequantizeMatrix<T>(
        in PackedMatrix matrix, MatrixOrder order, long first, long count, QuantFormat output, Span<T> destination)
        where T : unmanaged
    {
        fixed (byte* codes = matrix.Codes, scales = matrix.Scales, zeros = matrix.Zeros, groupIndex = matrix.GroupIndex)
        fixed (byte* levels = matrix.Levels, scaleLevels = matrix.ScaleLevels, scaleScales = matrix.ScaleScales)
        fixed (T* to = destination)
        {
            qn_matrix native = matrix.ToNative(codes, scales, zeros, groupIndex, levels, scaleLevels, scaleScales);
            DequantizeMatrix(in native, order, first, count, output, to, (nuint)destination.Length * (nuint)sizeof(T));
        }
    }
}
