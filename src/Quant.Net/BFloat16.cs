using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Quant.Net;

/// <summary>A bfloat16 number: the upper half of a <see cref="float"/>, with its range and 8 bits of precision.</summary>
/// <remarks>Equality and order are those of <see cref="float"/>; <see cref="Equals(BFloat16)"/> takes all NaNs for equal.</remarks>
public readonly struct BFloat16 : IEquatable<BFloat16>, IComparable<BFloat16>, IComparable, ISpanFormattable
{
    private const int Shift = 16;

    private BFloat16(ushort bits) => Bits = bits;

    /// <summary>The number's 16 bits.</summary>
    public ushort Bits { get; }

    /// <summary>The number that has the given bits.</summary>
    /// <param name="bits">The bits.</param>
    /// <returns>The number.</returns>
    public static BFloat16 FromBits(ushort bits) => new(bits);

    /// <summary>Rounds to the nearest bfloat16, ties to even. Subnormals are kept, too large values become infinite, NaN stays NaN.
    /// </summary>
    /// <param name="value">The value to round.</param>
    public static explicit operator BFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value))
        {
            const uint Quiet = 0x0040; // a payload in the lost half only must not leave an infinity
            return new((ushort)((bits >> Shift) | Quiet));
        }

        // Adds just under one half, and a little more where the kept part is odd: ties go to even. The carry may run into the
        // exponent, which is right, up to infinity.
        uint odd = (bits >> Shift) & 1;
        return new((ushort)((bits + 0x7FFF + odd) >> Shift));
    }

    /// <summary>Widens, without loss.</summary>
    /// <param name="value">The value to widen.</param>
    public static explicit operator float(BFloat16 value) => BitConverter.UInt32BitsToSingle((uint)value.Bits << Shift);

    /// <summary>Whether two numbers are equal; NaN is equal to nothing.</summary>
    /// <param name="left">One number.</param>
    /// <param name="right">Another.</param>
    public static bool operator ==(BFloat16 left, BFloat16 right) => (float)left == (float)right;

    /// <summary>Whether two numbers differ; NaN differs from everything.</summary>
    /// <param name="left">One number.</param>
    /// <param name="right">Another.</param>
    public static bool operator !=(BFloat16 left, BFloat16 right) => (float)left != (float)right;

    /// <summary>Whether a number is below another; false for NaN.</summary>
    /// <param name="left">One number.</param>
    /// <param name="right">Another.</param>
    public static bool operator <(BFloat16 left, BFloat16 right) => (float)left < (float)right;

    /// <summary>Whether a number is above another; false for NaN.</summary>
    /// <param name="left">One number.</param>
    /// <param name="right">Another.</param>
    public static bool operator >(BFloat16 left, BFloat16 right) => (float)left > (float)right;

    /// <summary>Whether a number is not above another; false for NaN.</summary>
    /// <param name="left">One number.</param>
    /// <param name="right">Another.</param>
    public static bool operator <=(BFloat16 left, BFloat16 right) => (float)left <= (float)right;

    /// <summary>Whether a number is not below another; false for NaN.</summary>
    /// <param name="left">One number.</param>
    /// <param name="right">Another.</param>
    public static bool operator >=(BFloat16 left, BFloat16 right) => (float)left >= (float)right;

    /// <summary>Whether a number is NaN.</summary>
    /// <param name="value">The number.</param>
    /// <returns>True for any NaN.</returns>
    public static bool IsNaN(BFloat16 value) => float.IsNaN((float)value);

    /// <summary>Whether a number is infinite.</summary>
    /// <param name="value">The number.</param>
    /// <returns>True for both infinities.</returns>
    public static bool IsInfinity(BFloat16 value) => float.IsInfinity((float)value);

    /// <inheritdoc/>
    public bool Equals(BFloat16 other) => ((float)this).Equals((float)other);

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is BFloat16 other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => ((float)this).GetHashCode();

    /// <inheritdoc/>
    public int CompareTo(BFloat16 other) => ((float)this).CompareTo((float)other);

    /// <inheritdoc/>
    /// <exception cref="ArgumentException"><paramref name="obj"/> is something else than a <see cref="BFloat16"/>.</exception>
    public int CompareTo(object? obj) => obj switch
    {
        null => 1,
        BFloat16 other => CompareTo(other),
        _ => throw new ArgumentException($"Found a {obj.GetType().Name}, expected a {nameof(BFloat16)}.", nameof(obj)),
    };

    /// <summary>The number as the shortest text that gives the same <see cref="float"/>.</summary>
    /// <returns>Text in the current culture.</returns>
    public override string ToString() => ((float)this).ToString(CultureInfo.CurrentCulture);

    /// <inheritdoc/>
    public string ToString(string? format, IFormatProvider? formatProvider) => ((float)this).ToString(format, formatProvider);

    /// <inheritdoc/>
    public bool TryFormat(Span<char> destination, out int charsWritten, ReadOnlySpan<char> format, IFormatProvider? provider) =>
        ((float)this).TryFormat(destination, out charsWritten, format, provider);
}
