namespace Quant.Net.Tool.Bench;

/// <summary>How one decoder did.</summary>
/// <param name="Seconds">The median time of a run.</param>
/// <param name="Share">The median of its speed as a share of the yardstick's in the same round.</param>
internal readonly record struct Standing(double Seconds, double Share);

/// <summary>Decoders of the same weights, timed against each other and against the yardstick of the place.</summary>
/// <param name="YardstickSeconds">The median time of the yardstick.</param>
/// <param name="Repetitions">How many rounds there were.</param>
/// <param name="Standings">How each decoder did, in the order they were given.</param>
internal sealed record Contest(double YardstickSeconds, int Repetitions, IReadOnlyList<Standing> Standings)
{
    /// <summary>Times them.</summary>
    /// <param name="place">Where the weights go.</param>
    /// <param name="packed">Where they come from.</param>
    /// <param name="outputBytes">How many bytes each decoder writes.</param>
    /// <param name="decoders">The decoders.</param>
    /// <param name="seconds">About how long to measure each.</param>
    /// <param name="cancellation">Stops it.</param>
    public static Contest Run(
        BenchPlace place,
        PageMemory packed,
        long outputBytes,
        IReadOnlyList<Action> decoders,
        double seconds,
        CancellationToken cancellation)
    {
        double[][] times = Interleaved.Time(
            [place.Yardstick(packed, outputBytes), .. decoders],
            place.Settle(packed, outputBytes),
            seconds * decoders.Count,
            cancellation);
        double[] yardstick = times[0];
        return new Contest(
            Median.Of(yardstick),
            yardstick.Length,
            [.. times.Skip(1).Select(decoder => new Standing(Median.Of(decoder), Median.OfRatios(yardstick, decoder)))]);
    }
}
