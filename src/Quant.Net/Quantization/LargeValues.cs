using System.Numerics;
using System.Runtime.InteropServices;

namespace Quant.Net.Quantization;

/// <summary>
/// Looks for values so large that half precision may not hold the scale of their block, at the speed of memory: half precision ends at 65504, and
/// where columns differ in importance an offset may lie beyond all values.
/// </summary>
internal static class LargeValues
{
    // 32768, of which all bits but the sign are compared as an integer.
    private const uint FloatLimit = 0x47000000;
    private const ushort HalfLimit = 0x7800, BFloat16Limit = 0x4700;

    /// <summary>Whether there is a value of 32768 or more, whatever its sign.</summary>
    public static bool AreIn(QuantFormat format, ReadOnlySpan<byte> values) => format switch
    {
        QuantFormat.F32 => HasFrom(MemoryMarshal.Cast<byte, uint>(values), FloatLimit, uint.MaxValue >> 1),
        QuantFormat.F16 => HasFrom(MemoryMarshal.Cast<byte, ushort>(values), HalfLimit, (ushort)(ushort.MaxValue >> 1)),
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
