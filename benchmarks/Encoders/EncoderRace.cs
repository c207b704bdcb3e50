using Quant.Net.Tool.Bench;

namespace Quant.Net.Benchmarks.Encoders;

/// <summary>How long one encoder took.</summary>
/// <param name="Name">The instruction set, or the peer's name.</param>
/// <param name="Seconds">The seconds of each round.</param>
internal sealed record EncoderTime(string Name, double[] Seconds);

/// <summary>Encoders of one format, timed against each other on the same numbers.</summary>
/// <param name="Format">The format.</param>
/// <param name="Importance">Whether columns mattered differently.</param>
/// <param name="Threads">The threads that each had.</param>
/// <param name="Weights">How many weights were encoded in a run.</param>
/// <param name="Sets">This library's instruction sets, lowest first.</param>
/// <param name="Peers">The peers that encode the format.</param>
/// <param name="Differences">For each of those how many blocks are not the same bytes as the best set's.</param>
internal sealed record EncoderRace(
    string Format,
    bool Importance,
    int Threads,
    long Weights,
    IReadOnlyList<EncoderTime> Sets,
    IReadOnlyList<EncoderTime> Peers,
    IReadOnlyDictionary<string, long> Differences)
{
    /// <summary>What of the best instruction set was measured.</summary>
    public EncoderTime Best => Sets[^1];

    /// <summary>The median of the weights encoded in a second; null if there is no such encoder.</summary>
    public double? Rate(string name) => Find(name) is { } time ? Weights / Median.Of(time.Seconds) : null;

    /// <summary>How many times as fast as a peer an instruction set is; null without either.</summary>
    public double? Ratio(string set, string peer) =>
        Find(set) is { } ours && Find(peer) is { } theirs ? Median.OfRatios(theirs.Seconds, ours.Seconds) : null;

    private EncoderTime? Find(string name) => Sets.Concat(Peers).FirstOrDefault(time => time.Name == name);
}
