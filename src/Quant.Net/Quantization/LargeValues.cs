using System.Numerics;
using System.Runtime.InteropServices;

namespace Quant.Net.Quantization;

/// <summary>Looks for values beyond half precision, at the speed of memory.</summary>
internal static class LargeValues
{
    private const uint FloatLimit = 0x47800000;     // 65536, of which all bits but the sign are compared as an integer
    private const ushort BFloat16Limit = 0x4780;

    /// <summary>Whether there is a value of 65536 or more, whatever its sign.</summary>
    public static bool AreIn(QuantFormat format, ReadOnlySpan<byte> values) => format switch
    {
        QuantFormat.F32 => HasFrom(MemoryMarshal.Cast<byte, uint>(values), FloatLimit, uint.MaxValue >> 1),
        QuantFormat.BF16 => HasFrom(MemoryMarshal.Cast<byte, ushort>(values), BFloat16Limit, (ushort)(ushort.MaxValue >> 1)),
        _ => false,
    };

    private static bool HasFrom<T>(ReadOnlySpan<T> bits, T limit, T mask)
        where T : unmanaged, IBinaryInteger<T>
    {
        Vector<T> largest = Vector<T>.Zero, masks = new(mask);
        ReadOnlySpan<Vector<T>> vectors = MemoryMarshal.Cast<T, Vector<T>>(bits);
        foreach (Vector<T> vector in vectors)
        {
            largest = Vector.Max(largest, vector & masks);
        }

        bool found = Vector.GreaterThanOrEqualAny(largest, new Vector<T>(limit));
        foreach (T value in bits[(vectors.Length * Vector<T>.Count)..])
        {
            found |= (value & mask) >= limit;
        }

        return found;
    }
}
