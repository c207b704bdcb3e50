using Quant.Net.Native;

namespace Quant.Net;

public sealed unsafe partial class QuantDevice
{
    /// <summary>Decodes whole blocks to <see cref="float"/>: the bits of the format's reference.</summary>
    /// <param name="format">The format of the source.</param>
    /// <param name="source">Packed blocks, at any address.</param>
    /// <param name="destination">Receives the values, in order. What is beyond them is left alone.</param>
    /// <exception cref="ArgumentException"><paramref name="format"/> is unknown.</exception>
    /// <exception cref="ArgumentException"><paramref name="source"/> is not whole blocks.</exception>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is too short.</exception>
    /// <exception cref="ArgumentException"><paramref name="source"/> and <paramref name="destination"/> overlap.</exception>
    /// <exception cref="NotSupportedException">The device cannot do it; see <see cref="GetCapability"/>.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed of.</exception>
    public void Dequantize(QuantFormat format, ReadOnlySpan<byte> source, Span<float> destination) =>
        Dequantize(format, source, QuantFormat.F32, destination);

    /// <summary>Decodes whole blocks to <see cref="Half"/>: the float results rounded once, to nearest even.</summary>
    /// <inheritdoc cref="Dequantize(QuantFormat, ReadOnlySpan{byte}, Span{float})"/>
    public void Dequantize(QuantFormat format, ReadOnlySpan<byte> source, Span<Half> destination) =>
        Dequantize(format, source, QuantFormat.F16, destination);

    /// <summary>Decodes whole blocks to <see cref="BFloat16"/>: the float results rounded once, to nearest even.</summary>
    /// <inheritdoc cref="Dequantize(QuantFormat, ReadOnlySpan{byte}, Span{float})"/>
    public void Dequantize(QuantFormat format, ReadOnlySpan<byte> source, Span<BFloat16> destination) =>
        Dequantize(format, source, QuantFormat.BF16, destination);

    /// <summary>Decodes whole blocks between any addresses: mapped files, memory of other libraries, more than a span can hold.</summary>
    /// <param name="format">The format of the source.</param>
    /// <param name="source">Packed blocks, at any address.</param>
    /// <param name="sourceBytes">Their size in bytes.</param>
    /// <param name="output"><see cref="QuantFormat.F32"/>, <see cref="QuantFormat.F16"/> or <see cref="QuantFormat.BF16"/>.</param>
    /// <param name="destination">Receives the values, in order. What is beyond them is left alone.</param>
    /// <param name="destinationBytes">The room at <paramref name="destination"/> in bytes.</param>
    /// <exception cref="ArgumentNullException">A pointer is null and its size is not 0.</exception>
    /// <exception cref="ArgumentException"><paramref name="format"/> or <paramref name="output"/> is unknown.</exception>
    /// <exception cref="ArgumentException"><paramref name="sourceBytes"/> is not whole blocks.</exception>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is too short.</exception>
    /// <exception cref="ArgumentException">Source and destination overlap.</exception>
    /// <exception cref="NotSupportedException">The device cannot do it; see <see cref="GetCapability"/>.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed of.</exception>
    public void Dequantize(
        QuantFormat format, void* source, nuint sourceBytes, QuantFormat output, void* destination, nuint destinationBytes)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ThrowIfNull(source, sourceBytes, nameof(source));
        ThrowIfNull(destination, destinationBytes, nameof(destination));
        QuantFormatInfo info = QuantFormats.Get(format);
        ThrowIfTooShort(WholeBlocks(info, sourceBytes), (nuint)info.ValuesPerBlock, output, destinationBytes);
        ThrowIfOverlapping(source, sourceBytes, destination, destinationBytes);
        Status.ThrowIfFailed(
            NativeMethods.qn_dequantize(_handle, format, source, sourceBytes, output, destination, destinationBytes));
    }

    private void Dequantize<T>(QuantFormat format, ReadOnlySpan<byte> source, QuantFormat output, Span<T> destination)
        where T : unmanaged
    {
        fixed (byte* from = source)
        fixed (T* to = destination)
        {
            Dequantize(format, from, (nuint)source.Length, output, to, (nuint)destination.Length * (nuint)sizeof(T));
        }
    }
}
