using Quant.Net.Native;

namespace Quant.Net;

public sealed unsafe partial class QuantDevice
{
    /// <summary>Encodes rows of <see cref="float"/>: the bytes of ggml's encoders, or better ones if asked for.</summary>
    /// <remarks>Rows do not depend on each other, so a matrix may be encoded in pieces of whole rows. GPUs encode
    /// into fewer formats than the CPU, with the same bytes; see <see cref="GetCapability"/>.</remarks>
    /// <param name="source">The values, rows behind each other.</param>
    /// <param name="valuesPerRow">Values of a row: a whole number of blocks of the format.</param>
    /// <param name="format">The format of the result.</param>
    /// <param name="destination">Receives the packed rows. What is beyond them is left alone.</param>
    /// <param name="importance">How much each column matters, from an importance matrix; empty: equally. Q4_0, Q4_1, Q5_0, Q5_1, Q2_K to Q6_K
    /// and the IQ formats make use of it, and some cannot do without (<see cref="QuantCapability.NeedsImportance"/>); others come out the same.</param>
    /// <param name="allowNonfinite">Whether values may be NaN or infinite; nothing is promised of blocks with such values.</param>
    /// <param name="effort">How long to search.</param>
    /// <exception cref="ArgumentException"><paramref name="format"/> is unknown.</exception>
    /// <exception cref="ArgumentException"><paramref name="valuesPerRow"/> is not whole blocks.</exception>
    /// <exception cref="ArgumentException"><paramref name="source"/> is not whole rows.</exception>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is too short.</exception>
    /// <exception cref="ArgumentException"><paramref name="destination"/> overlaps <paramref name="source"/> or
    /// <paramref name="importance"/>.</exception>
    /// <exception cref="ArgumentException"><paramref name="importance"/> is not empty and does not have one number for each column, has a
    /// negative one or one that is not finite, is 0 in all columns, or is empty where the format needs one.</exception>
    /// <exception cref="NotFiniteNumberException">A value is NaN or infinite, and <paramref name="allowNonfinite"/> is not set; the message
    /// says which. A part of the result may be written.</exception>
    /// <exception cref="NotSupportedException">The device cannot do it; see <see cref="GetCapability"/>.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed of.</exception>
    public void Quantize(
        ReadOnlySpan<float> source, long valuesPerRow, QuantFormat format, Span<byte> destination,
        ReadOnlySpan<float> importance = default, bool allowNonfinite = false, QuantizationEffort effort = QuantizationEffort.Reference) =>
        Quantize(QuantFormat.F32, source, valuesPerRow, format, destination, importance, allowNonfinite, effort);

    /// <summary>Encodes rows of <see cref="Half"/>: the bytes of ggml's encoders for the same values as float.</summary>
    /// <inheritdoc cref="Quantize(ReadOnlySpan{float}, long, QuantFormat, Span{byte}, ReadOnlySpan{float}, bool, QuantizationEffort)"/>
    public void Quantize(
        ReadOnlySpan<Half> source, long valuesPerRow, QuantFormat format, Span<byte> destination,
        ReadOnlySpan<float> importance = default, bool allowNonfinite = false, QuantizationEffort effort = QuantizationEffort.Reference) =>
        Quantize(QuantFormat.F16, source, valuesPerRow, format, destination, importance, allowNonfinite, effort);

    /// <summary>Encodes rows of <see cref="BFloat16"/>: the bytes of ggml's encoders for the same values as float.</summary>
    /// <inheritdoc cref="Quantize(ReadOnlySpan{float}, long, QuantFormat, Span{byte}, ReadOnlySpan{float}, bool, QuantizationEffort)"/>
    public void Quantize(
        ReadOnlySpan<BFloat16> source, long valuesPerRow, QuantFormat format, Span<byte> destination,
        ReadOnlySpan<float> importance = default, bool allowNonfinite = false, QuantizationEffort effort = QuantizationEffort.Reference) =>
        Quantize(QuantFormat.BF16, source, valuesPerRow, format, destination, importance, allowNonfinite, effort);

    /// <summary>Encodes rows between any addresses: mapped files, memory of other libraries, more than a span can hold.</summary>
    /// <param name="input"><see cref="QuantFormat.F32"/>, <see cref="QuantFormat.F16"/> or <see cref="QuantFormat.BF16"/>.</param>
    /// <param name="source">The values, rows behind each other, at any address.</param>
    /// <param name="sourceBytes">Their size in bytes.</param>
    /// <param name="valuesPerRow">Values of a row: a whole number of blocks of the format.</param>
    /// <param name="format">The format of the result.</param>
    /// <param name="destination">Receives the packed rows. What is beyond them is left alone.</param>
    /// <param name="destinationBytes">The room at <paramref name="destination"/> in bytes.</param>
    /// <param name="importance">How much each column matters; empty: equally.</param>
    /// <param name="allowNonfinite">Whether values may be NaN or infinite.</param>
    /// <param name="effort">How long to search.</param>
    /// <exception cref="ArgumentNullException">A pointer is null and its size is not 0.</exception>
    /// <exception cref="ArgumentException"><paramref name="input"/> or <paramref name="format"/> is unknown.</exception>
    /// <exception cref="ArgumentException">Sizes, buffers or the importance do not fit, as in the other overloads.</exception>
    /// <exception cref="NotFiniteNumberException">A value is NaN or infinite, and <paramref name="allowNonfinite"/> is not set.</exception>
    /// <exception cref="NotSupportedException">The device cannot do it; see <see cref="GetCapability"/>.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed of.</exception>
    public void Quantize(
        QuantFormat input, void* source, nuint sourceBytes, long valuesPerRow, QuantFormat format, void* destination,
        nuint destinationBytes, ReadOnlySpan<float> importance = default, bool allowNonfinite = false,
        QuantizationEffort effort = QuantizationEffort.Reference)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ThrowIfNull(source, sourceBytes, nameof(source));
        ThrowIfNull(destination, destinationBytes, nameof(destination));
        nuint rows = WholeRows(OutputSize(input, nameof(input)), sourceBytes, valuesPerRow);
        QuantFormatInfo info = QuantFormats.Get(format);
        ThrowIfNotWholeBlocks(info, valuesPerRow);
        ThrowIfTooShort(info, rows * ((nuint)valuesPerRow / (nuint)info.ValuesPerBlock), destinationBytes);
        ThrowIfOverlapping(source, sourceBytes, destination, destinationBytes);
        if (!importance.IsEmpty && importance.Length != valuesPerRow)
        {
            throw new ArgumentException(
                $"Importance has {importance.Length} values, expected one for each of {valuesPerRow} columns.", nameof(importance));
        }

        NativeQuantizeFlags flags = (allowNonfinite ? NativeQuantizeFlags.AllowNonfinite : 0)
            | (effort == QuantizationEffort.Best ? NativeQuantizeFlags.Best : 0);
        fixed (float* weights = importance)
        {
            qn_quantize_options options = new()
            {
                struct_size = (uint)sizeof(qn_quantize_options),
                flags = (uint)flags,
                importance = weights,
                importance_size = (nuint)importance.Length * sizeof(float),
            };
            Status.ThrowIfFailed(
                NativeMethods.qn_quantize(
                    _handle, input, source, sourceBytes, (ulong)valuesPerRow, &options, format, destination, destinationBytes),
                nameof(importance)); // all else was checked
        }
    }

    private void Quantize<T>(
        QuantFormat input, ReadOnlySpan<T> source, long valuesPerRow, QuantFormat format, Span<byte> destination,
        ReadOnlySpan<float> importance, bool allowNonfinite, QuantizationEffort effort)
        where T : unmanaged
    {
        fixed (T* from = source)
        fixed (byte* to = destination)
        {
            Quantize(
                input, from, (nuint)source.Length * (nuint)sizeof(T), valuesPerRow, format, to, (nuint)destination.Length, importance,
                allowNonfinite, effort);
        }
    }

    private static nuint WholeRows(nuint valueSize, nuint sourceBytes, long valuesPerRow)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(valuesPerRow);
        (nuint values, nuint loose) = Math.DivRem(sourceBytes, valueSize);
        (nuint rows, nuint rest) = Math.DivRem(values, (nuint)valuesPerRow);
        return loose == 0 && rest == 0 ? rows : throw new ArgumentException(
            $"{sourceBytes} bytes of values are not whole rows of {valuesPerRow} values of {valueSize}.", "source");
    }

    private static void ThrowIfNotWholeBlocks(QuantFormatInfo info, long valuesPerRow)
    {
        if (valuesPerRow % info.ValuesPerBlock != 0)
        {
            throw new ArgumentException(
                $"Rows of {valuesPerRow} values are not whole blocks of {info.ValuesPerBlock} of {info.Name}.", nameof(valuesPerRow));
        }
    }

    private static void ThrowIfTooShort(QuantFormatInfo info, nuint blocks, nuint destinationBytes)
    {
        if (blocks > destinationBytes / (nuint)info.BytesPerBlock)
        {
            throw new ArgumentException(
                $"Destination is too short: found {destinationBytes} bytes, expected {(UInt128)blocks * (nuint)info.BytesPerBlock}.",
                "destination");
        }
    }
}
