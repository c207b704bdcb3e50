namespace Quant.Net.Tool.Bench;

/// <summary>Medians of samples.</summary>
internal static class Median
{
    public static double Of(IEnumerable<double> samples)
    {
        double[] sorted = [.. samples.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// <summary>The median of the ratios of samples taken in the same rounds.</summary>
    public static double OfRatios(double[] numerators, double[] denominators) =>
        Of(numerators.Zip(denominators, (numerator, denominator) => numerator / denominator));
}
