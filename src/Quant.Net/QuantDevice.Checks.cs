namespace Quant.Net;

// Arguments are checked here, where the parameters' names are known; the native library checks them again.
public sealed unsafe partial class QuantDevice
{
    private static void ThrowIfNull(void* pointer, nuint size, string parameter)
    {
        if (pointer is null && size != 0)
        {
            throw new ArgumentNullException(parameter);
        }
    }

    private static nuint WholeBlocks(QuantFormatInfo info, nuint sourceBytes)
    {
        (nuint blocks, nuint rest) = Math.DivRem(sourceBytes, (nuint)info.BytesPerBlock);
        return rest == 0 ? blocks : throw new ArgumentException(
            $"{sourceBytes} bytes of {info.Name} are not whole blocks of {info.BytesPerBlock}.", "source");
    }

    // The product of the two counts may not fit 64 bits, so it is the room that is divided.
    private static void ThrowIfTooShort(nuint count, nuint valuesEach, QuantFormat output, nuint destinationBytes)
    {
        nuint room = destinationBytes / OutputSize(output);
        if (count > room / valuesEach)
        {
            throw new ArgumentException(
                $"Destination is too short: found room for {room} values, expected {(UInt128)count * valuesEach}.", "destination");
        }
    }

    private static nuint OutputSize(QuantFormat output) => OutputSize(output, nameof(output));

    private static nuint OutputSize(QuantFormat format, string parameter) => format switch
    {
        QuantFormat.F32 => sizeof(float),
        QuantFormat.F16 or QuantFormat.BF16 => sizeof(ushort),
        _ => throw new ArgumentException($"Found {parameter} format {format}, expected F32, F16 or BF16.", parameter),
    };

    private static void ThrowIfOverlapping(void* source, nuint sourceBytes, void* destination, nuint destinationBytes)
    {
        bool apart = (nuint)source + sourceBytes <= (nuint)destination || (nuint)destination + destinationBytes <= (nuint)source;
        if (!apart && sourceBytes != 0 && destinationBytes != 0)
        {
            throw new ArgumentException("Source and destination overlap.", nameof(destination));
        }
    }
}
