using Quant.Net.Native;

namespace Quant.Net.Cuda;

public sealed unsafe partial class CudaStream
{
    /// <summary>Queues encoding of rows between two addresses of the GPU, which may be other engines': the bytes of the CPU.</summary>
    /// <remarks>Addresses cannot be checked: a wrong one loses the device for the whole process. Which formats GPUs encode into,
    /// <see cref="QuantDevice.GetCapability"/> tells.</remarks>
    /// <param name="input"><see cref="QuantFormat.F32"/>, <see cref="QuantFormat.F16"/> or <see cref="QuantFormat.BF16"/>.</param>
    /// <param name="source">The address of the values, rows behind each other; aligned to 16 bytes it is fastest.</param>
    /// <param name="sourceBytes">Their size in bytes.</param>
    /// <param name="valuesPerRow">Values of a row: a whole number of blocks of the format.</param>
    /// <param name="format">The format of the result.</param>
    /// <param name="destination">The address that receives the packed rows; aligned to 16 bytes it is fastest.</param>
    /// <param name="destinationBytes">The room there in bytes.</param>
    /// <param name="importance">The address of a <see cref="float"/> for each column, a multiple of 4; 0: all matter equally. The numbers are
    /// not checked: they must be finite, not negative and not all 0.</param>
    /// <param name="firstNonfinite">The address of a <see cref="ulong"/>, a multiple of 8, or 0. It becomes the place (row times values per row,
    /// plus column) of the first value that is NaN or infinite, if that is less than what it was: set it to <see cref="ulong.MaxValue"/> before.
    /// Such values are encoded all the same; nothing is promised of their blocks.</param>
    /// <exception cref="ArgumentException">A format is unknown, sizes do not fit, an address is not aligned, or source and destination
    /// overlap.</exception>
    /// <exception cref="NotSupportedException"><paramref name="input"/> is none of the three, or GPUs do not encode into
    /// <paramref name="format"/>.</exception>
    /// <exception cref="QuantNetException">The driver reports an error, perhaps of earlier work.</exception>
    /// <exception cref="ObjectDisposedException">The stream was disposed of.</exception>
    public void Quantize(
        QuantFormat input, ulong source, nuint sourceBytes, long valuesPerRow, QuantFormat format, ulong destination, nuint destinationBytes,
        ulong importance = 0, ulong firstNonfinite = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(valuesPerRow);
        Status.ThrowIfFailed(NativeMethods.qn_quantize_async(
            _handle, input, source, sourceBytes, (ulong)valuesPerRow, importance, firstNonfinite, format, destination, destinationBytes));
    }
}
