using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Quant.Net.Comparison;

/// <summary>
/// Sums over pairs of values. Rows are summed in four lanes whatever the CPU has, and added in their order, so that the result is always
/// the same.
/// </summary>
internal sealed class ErrorSums
{
    private const int ExponentBits = 8, FractionBits = 23, ExponentBias = 127;
    private const int LastBin = (1 << ExponentBits) - 2;   // the one behind it is of infinities
    private const int Lanes = 4;

    /// <summary>Errors by their exponent in float32.</summary>
    public long[] Bins { get; } = new long[1 << ExponentBits];

    public long Count { get; private set; }

    public long Identical { get; private set; }

    public long NonFinite { get; private set; }

    /// <summary>Pairs of which one is NaN or infinite and the other something else: their differences are no numbers.</summary>
    public long NonFiniteErrors { get; private set; }

    public long FirstNonFiniteError { get; private set; } = -1;

    public double ErrorSquares { get; private set; }

    public double OriginalSquares { get; private set; }

    public double OtherSquares { get; private set; }

    public double Products { get; private set; }

    public double MaxError { get; private set; }

    public long MaxErrorIndex { get; private set; } = -1;

    /// <summary>The least error of a bin.</summary>
    public static double LowerBound(int bin) => bin == 0 ? 0 : Math.ScaleB(1, bin - ExponentBias);

    /// <summary>Adds a row.</summary>
    /// <param name="original">Its values.</param>
    /// <param name="other">What they have become.</param>
    /// <param name="first">Which value of the tensor is the first.</param>
    /// <returns>The squares of its errors and of its values.</returns>
    public (double Errors, double Originals) AddRow(ReadOnlySpan<float> original, ReadOnlySpan<float> other, long first)
    {
        Vector256<double> errors = default, originals = default, others = default, products = default;
        ref float a = ref MemoryMarshal.GetReference(original), b = ref MemoryMarshal.GetReference(other);
        int i = 0;
        for (; i <= original.Length - Lanes; i += Lanes)
        {
            Vector128<float> x = Vector128.LoadUnsafe(ref a, (nuint)i), y = Vector128.LoadUnsafe(ref b, (nuint)i);
            if (!IsFinite(x) || !IsFinite(y))
            {
                x = Finite(x, y, out y);
            }

            Vector256<double> p = Widen(x), q = Widen(y), e = p - q;
            errors += e * e;
            originals += p * p;
            others += q * q;
            products += p * q;
        }

        double errorSquares = Sum(errors), originalSquares = Sum(originals), otherSquares = Sum(others), dot = Sum(products);
        for (; i < original.Length; i++)
        {
            if (float.IsFinite(original[i]) && float.IsFinite(other[i]))
            {
                double p = original[i], q = other[i], e = p - q;
                errorSquares += e * e;
                originalSquares += p * p;
                otherSquares += q * q;
                dot += p * q;
            }
        }

        ErrorSquares += errorSquares;
        OriginalSquares += originalSquares;
        OtherSquares += otherSquares;
        Products += dot;
        Tally(original, other, first);
        return (errorSquares, originalSquares);
    }

    /// <summary>Adds what was summed of later rows of the tensor, or of another tensor.</summary>
    public void Add(ErrorSums sums, bool sameTensor)
    {
        Count += sums.Count;
        Identical += sums.Identical;
        NonFinite += sums.NonFinite;
        NonFiniteErrors += sums.NonFiniteErrors;
        FirstNonFiniteError = !sameTensor ? -1 : FirstNonFiniteError < 0 ? sums.FirstNonFiniteError : FirstNonFiniteError;
        ErrorSquares += sums.ErrorSquares;
        OriginalSquares += sums.OriginalSquares;
        OtherSquares += sums.OtherSquares;
        Products += sums.Products;
        if (sums.MaxError > MaxError)
        {
            (MaxError, MaxErrorIndex) = (sums.MaxError, sums.MaxErrorIndex);
        }

        MaxErrorIndex = sameTensor ? MaxErrorIndex : -1;
        for (int bin = 0; bin < Bins.Length; bin++)
        {
            Bins[bin] += sums.Bins[bin];
        }
    }

    /// <summary>What is counted, not summed: in whole numbers no order matters.</summary>
    private void Tally(ReadOnlySpan<float> original, ReadOnlySpan<float> other, long first)
    {
        Count += original.Length;
        for (int i = 0; i < original.Length; i++)
        {
            float x = original[i], y = other[i];
            if (x.Equals(y))
            {
                Identical++;
                NonFinite += float.IsFinite(x) ? 0 : 1;
            }
            else if (!float.IsFinite(x) || !float.IsFinite(y))
            {
                NonFinite++;
                FirstNonFiniteError = NonFiniteErrors++ == 0 ? first + i : FirstNonFiniteError;
            }
            else
            {
                double error = Math.Abs((double)x - y);
                Bins[Math.Min(BitConverter.SingleToUInt32Bits((float)error) >> FractionBits, LastBin)]++;
                if (error > MaxError)
                {
                    (MaxError, MaxErrorIndex) = (error, first + i);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Widen(Vector128<float> values)
    {
        (Vector128<double> low, Vector128<double> high) = Vector128.Widen(values);
        return Vector256.Create(low, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsFinite(Vector128<float> values) =>
        Vector128.LessThanAll(Vector128.Abs(values), Vector128.Create(float.PositiveInfinity));

    /// <summary>In an order that is said, which the framework's is not.</summary>
    private static double Sum(Vector256<double> lanes) => lanes[0] + lanes[1] + (lanes[2] + lanes[3]);

    /// <summary>Both with zeros where one of them is not finite.</summary>
    private static Vector128<float> Finite(Vector128<float> x, Vector128<float> y, out Vector128<float> finiteY)
    {
        Vector128<float> limit = Vector128.Create(float.PositiveInfinity);
        Vector128<float> mask = Vector128.LessThan(Vector128.Abs(x), limit) & Vector128.LessThan(Vector128.Abs(y), limit);
        finiteY = y & mask;
        return x & mask;
    }
}
