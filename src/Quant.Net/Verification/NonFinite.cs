using System.Numerics;
using System.Runtime.InteropServices;
using Quant.Net.Safetensors;

namespace Quant.Net.Verification;

/// <summary>Finds values that are NaN or infinite. In most types an exponent of all ones makes them.</summary>
internal static class NonFinite
{
    private const uint FloatExponent = 0x7F800000;
    private const ulong DoubleExponent = 0x7FF0000000000000;
    private const ushort HalfExponent = 0x7C00, BFloat16Exponent = 0x7F80;
    private const byte E5M2Exponent = 0x7C, E4M3NaN = 0x7F, E8M0NaN = 0xFF, FnuzNaN = 0x80, AllBits = 0xFF;

    /// <summary>How many of the values are not finite, and which is the first; none: 0 and -1.</summary>
    public static (long Count, int First) Count(ReadOnlySpan<float> values) =>
        Count(MemoryMarshal.Cast<float, uint>(values), FloatExponent, FloatExponent);

    /// <summary>The same of doubles: one that is too large for a float is sound.</summary>
    public static (long Count, int First) Count(ReadOnlySpan<double> values) =>
        Count(MemoryMarshal.Cast<double, ulong>(values), DoubleExponent, DoubleExponent);

    /// <summary>
    /// The same of the elements of a safetensors file. Integers, and floating-point types of less than 8 bits, are always finite.
    /// </summary>
    public static (long Count, int First) Count(SafetensorsType type, ReadOnlySpan<byte> data) => type switch
    {
        SafetensorsType.F64 => Count(MemoryMarshal.Cast<byte, double>(data)),
        SafetensorsType.F32 => Count(MemoryMarshal.Cast<byte, float>(data)),
        SafetensorsType.C64 => CountComplex(MemoryMarshal.Cast<byte, ulong>(data)),
        SafetensorsType.F16 => Count(MemoryMarshal.Cast<byte, ushort>(data), HalfExponent, HalfExponent),
        SafetensorsType.BF16 => Count(MemoryMarshal.Cast<byte, ushort>(data), BFloat16Exponent, BFloat16Exponent),
        SafetensorsType.F8_E5M2 => Count(data, E5M2Exponent, E5M2Exponent),
        SafetensorsType.F8_E4M3 => Count(data, E4M3NaN, E4M3NaN),
        SafetensorsType.F8_E8M0 => Count(data, E8M0NaN, E8M0NaN),
        SafetensorsType.F8_E4M3FNUZ or SafetensorsType.F8_E5M2FNUZ => Count(data, AllBits, FnuzNaN),
        _ => (0, -1),
    };

    /// <summary>
    /// Looks for values whose bits under a mask are a pattern. Sound tensors are the rule: one pass at the speed of memory tells.
    /// </summary>
    private static (long Count, int First) Count<T>(ReadOnlySpan<T> bits, T mask, T pattern)
        where T : unmanaged, IBinaryInteger<T>
    {
        Vector<T> masks = new(mask), patterns = new(pattern), found = Vector<T>.Zero;
        ReadOnlySpan<Vector<T>> vectors = MemoryMarshal.Cast<T, Vector<T>>(bits);
        foreach (Vector<T> vector in vectors)
        {
            found |= Vector.Equals(vector & masks, patterns);
        }

        // What is left behind the last vector is looked at in any case.
        int done = found == Vector<T>.Zero ? vectors.Length * Vector<T>.Count : 0;
        (long count, int first) = CountWhere(bits[done..], value => (value & mask) == pattern);
        return count == 0 ? (0, -1) : (count, done + first);
    }

    /// <summary>A complex number is finite if both of its parts are.</summary>
    private static (long Count, int First) CountComplex(ReadOnlySpan<ulong> pairs) => CountWhere(
        pairs, pair => ((uint)pair & FloatExponent) == FloatExponent || ((uint)(pair >> 32) & FloatExponent) == FloatExponent);

    private static (long Count, int First) CountWhere<T>(ReadOnlySpan<T> bits, Func<T, bool> isNotFinite)
    {
        long count = 0;
        int first = -1;
        for (int i = 0; i < bits.Length; i++)
        {
            if (isNotFinite(bits[i]))
            {
                first = count++ == 0 ? i : first;
            }
        }

        return (count, first);
    }
}
