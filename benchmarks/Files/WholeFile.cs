using Quant.Net.Tool.Bench;

namespace Quant.Net.Benchmarks.Files;

/// <summary>How long <c>quantnet quantize</c> took for a model, beside something else.</summary>
/// <param name="Type">The file type.</param>
/// <param name="InputBytes">The model's bytes.</param>
/// <param name="OutputBytes">The result's bytes.</param>
/// <param name="Against">What it is compared with.</param>
/// <param name="Seconds">What the tool took in each round, its start included.</param>
/// <param name="OtherSeconds">What the other took.</param>
/// <param name="PeakBytes">The most memory that the tool had at a time, without what is mapped from files.</param>
internal sealed record WholeFile(
    string Type, long InputBytes, long OutputBytes, string Against, double[] Seconds, double[] OtherSeconds, long PeakBytes)
{
    /// <summary>How many times as fast as the other it is: the median of the ratios within a round.</summary>
    public double Ratio => Median.OfRatios(OtherSeconds, Seconds);
}
