using System.Numerics;
using System.Runtime.InteropServices;

namespace Quant.Net.Verification;

/// <summary>Finds values that are NaN or infinite. An exponent of all ones makes them, in float and in double.</summary>
internal static class NonFinite
{
    private const uint FloatExponent = 0x7F800000;
    private const ulong DoubleExponent = 0x7FF0000000000000;

    /// <summary>How many of the values are not finite, and which is the first; none: 0 and -1.</summary>
    public static (long Count, int First) Count(ReadOnlySpan<float> values)
    {
        ReadOnlySpan<uint> bits = MemoryMarshal.Cast<float, uint>(values);
        return HasAny(bits) ? CountWhere(bits, IsNotFinite) : (0, -1);
    }

    /// <summary>The same of doubles: one that is too large for a float is sound.</summary>
    public static (long Count, int First) Count(ReadOnlySpan<double> values) =>
        CountWhere(MemoryMarshal.Cast<double, ulong>(values), value => (value & DoubleExponent) == DoubleExponent);

    /// <summary>Sound tensors are the rule: one pass at the speed of memory tells.</summary>
    private static bool HasAny(ReadOnlySpan<uint> bits)
    {
        var exponent = new Vector<uint>(FloatExponent);
        Vector<uint> found = Vector<uint>.Zero;
        ReadOnlySpan<Vector<uint>> vectors = MemoryMarshal.Cast<uint, Vector<uint>>(bits);
        foreach (Vector<uint> vector in vectors)
        {
            found |= Vector.Equals(vector & exponent, exponent);
        }

        return found != Vector<uint>.Zero || CountWhere(bits[(vectors.Length * Vector<uint>.Count)..], IsNotFinite).Count > 0;
    }

    private static bool IsNotFinite(uint bits) => (bits & FloatExponent) == FloatExponent;

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
