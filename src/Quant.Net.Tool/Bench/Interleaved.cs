using System.Diagnostics;

namespace Quant.Net.Tool.Bench;

/// <summary>
/// Times pieces of work against each other in rounds: each is run once in every round, so that whatever slows the machine for a
/// while slows all of them, and ratios are taken within a round.
/// </summary>
internal static class Interleaved
{
    private const int LeastRounds = 5;
    private const int MostRounds = 2001;

    // A sample shorter than this is repeated until it is long enough for the clock.
    private const double SampleSeconds = 100e-6;
    private const double WarmUpSeconds = 2e-3;

    /// <summary>Times the work.</summary>
    /// <param name="contenders">What to time.</param>
    /// <param name="settle">Puts the machine into the same state before each sample; null if that is the state already.</param>
    /// <param name="seconds">About how long to measure; five rounds are done even if they take longer.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>For each contender the seconds that it took in each round.</returns>
    public static double[][] Time(
        IReadOnlyList<Action> contenders, Action? settle, double seconds, CancellationToken cancellation)
    {
        int[] repetitions = [.. contenders.Select(WarmUp)];
        return Rounds(
            contenders.Count,
            contender =>
            {
                settle?.Invoke();
                return Sample(contenders[contender], repetitions[contender]);
            },
            seconds,
            cancellation);
    }

    /// <summary>Takes samples by any clock.</summary>
    /// <param name="contenders">How many pieces of work there are.</param>
    /// <param name="sample">Does one of them and returns the seconds that it took.</param>
    /// <param name="seconds">About how long to measure; five rounds are done even if they take longer.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>For each contender the seconds that it took in each round.</returns>
    public static double[][] Rounds(int contenders, Func<int, double> sample, double seconds, CancellationToken cancellation)
    {
        List<double>[] samples = [.. Enumerable.Range(0, contenders).Select(_ => new List<double>())];
        var clock = Stopwatch.StartNew();
        for (int round = 0; round < LeastRounds || (round < MostRounds && clock.Elapsed.TotalSeconds < seconds); round++)
        {
            cancellation.ThrowIfCancellationRequested();
            for (int i = 0; i < contenders; i++)
            {
                samples[i].Add(sample(i));
            }
        }

        return [.. samples.Select(list => list.ToArray())];
    }

    // Returns how often the work has to be repeated to make a sample.
    private static int WarmUp(Action work)
    {
        var clock = Stopwatch.StartNew();
        double fastest = double.MaxValue;
        do
        {
            fastest = Math.Min(fastest, Sample(work, 1));
        }
        while (clock.Elapsed.TotalSeconds < WarmUpSeconds);

        return (int)Math.Ceiling(SampleSeconds / Math.Max(fastest, 1e-9));
    }

    private static double Sample(Action work, int repetitions)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < repetitions; i++)
        {
            work();
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds / repetitions;
    }
}
