using Quant.Net.Comparison;

namespace Quant.Net;

/// <summary>How values differ from those that they were made of.</summary>
public sealed class ErrorStatistics
{
    internal ErrorStatistics(ErrorSums sums)
    {
        Count = sums.Count;
        IdenticalCount = sums.Identical;
        NonFiniteCount = sums.NonFinite;
        NonFiniteErrorCount = sums.NonFiniteErrors;
        FirstNonFiniteErrorIndex = sums.FirstNonFiniteError;
        long finite = Count - NonFiniteCount;
        Rmse = finite == 0 ? 0 : Math.Sqrt(sums.ErrorSquares / finite);
        RelativeError = Ratio(sums.ErrorSquares, sums.OriginalSquares);
        MaxError = sums.MaxError;
        MaxErrorIndex = sums.MaxErrorIndex;
        Cosine = CosineOf(sums);
        SignalToNoise = sums.ErrorSquares == 0 ? double.PositiveInfinity : 10 * Math.Log10(sums.OriginalSquares / sums.ErrorSquares);
        Histogram = [.. sums.Bins.Select((count, bin) => new ErrorBin(ErrorSums.LowerBound(bin), count)).Where(bin => bin.Count > 0)];
    }

    /// <summary>The number of values.</summary>
    public long Count { get; }

    /// <summary>How many are the same, bit for bit or both NaN; 0 and -0 are the same too.</summary>
    public long IdenticalCount { get; }

    /// <summary>
    /// How many are NaN or infinite in one of the models or in both. They are identical or among <see cref="NonFiniteErrorCount"/>, and count
    /// in nothing that is measured.
    /// </summary>
    public long NonFiniteCount { get; }

    /// <summary>
    /// How many are NaN or infinite in one of the models and something else in the other. Such an error is no number, and larger than any.
    /// </summary>
    public long NonFiniteErrorCount { get; }

    /// <summary>
    /// Which value is the first of these, counted from 0 in the order of the tensor; -1 if there is none, or several tensors were summed.
    /// </summary>
    public long FirstNonFiniteErrorIndex { get; }

    /// <summary>Whether no error is larger than a relative one, and none is without number.</summary>
    /// <param name="relativeError">The largest <see cref="RelativeError"/>.</param>
    public bool IsWithin(double relativeError) => NonFiniteErrorCount == 0 && RelativeError <= relativeError;

    /// <summary>The root of the mean square of the errors.</summary>
    public double Rmse { get; }

    /// <summary>The root of the errors' squares, divided by that of the original's values; infinite if all of those are zero and there are errors.</summary>
    public double RelativeError { get; }

    /// <summary>The largest error, without its sign.</summary>
    public double MaxError { get; }

    /// <summary>Which value has it, counted from 0 in the order of the tensor; -1 if there is no error, or several tensors were summed.</summary>
    public long MaxErrorIndex { get; }

    /// <summary>The cosine of the angle between both, as vectors; 1 if there is no error, 0 if one of them is zero.</summary>
    public double Cosine { get; }

    /// <summary>The signal-to-quantization-noise ratio in decibels; infinite if there is no error.</summary>
    public double SignalToNoise { get; }

    /// <summary>How many errors there are of each size, smallest first; the finite ones that are not zero.</summary>
    public IReadOnlyList<ErrorBin> Histogram { get; }

    internal static double Ratio(double errorSquares, double originalSquares) => errorSquares == 0 ? 0 : Math.Sqrt(errorSquares / originalSquares);

    private static double CosineOf(ErrorSums sums)
    {
        if (sums.ErrorSquares == 0)
        {
            return 1;
        }

        double lengths = Math.Sqrt(sums.OriginalSquares) * Math.Sqrt(sums.OtherSquares);
        return lengths > 0 ? Math.Clamp(sums.Products / lengths, -1, 1) : 0;
    }
}

/// <summary>Errors of about one size.</summary>
/// <param name="From">They are this large or larger, without their sign, and less than twice as large; 0: less than float32 has whole precision for.</param>
/// <param name="Count">How many there are.</param>
public readonly record struct ErrorBin(double From, long Count);
