using Quant.Net.Benchmarks.Api;
using Quant.Net.Benchmarks.Kernels;
using Quant.Net.Tool.Bench;

namespace Quant.Net.Benchmarks;

/// <summary>All that one run measured.</summary>
/// <param name="Command">The command that did.</param>
/// <param name="Kernels">The decoders.</param>
/// <param name="Peers">The libraries they were compared with.</param>
/// <param name="Differences">For each peer and format the number of weights that differ.</param>
/// <param name="Api">Calls of the .NET API.</param>
/// <param name="Start">The start of the tool; null if the programs were not given.</param>
internal sealed record Results(
    string Command,
    BenchResult Kernels,
    IReadOnlyList<Peer> Peers,
    IReadOnlyDictionary<(string Peer, string Format), int> Differences,
    IReadOnlyList<ApiResult> Api,
    ToolStart? Start)
{
    /// <summary>The instruction sets measured, lowest first.</summary>
    public IReadOnlyList<string> Sets { get; } =
        [.. Kernels.Measurements.Select(measurement => measurement.InstructionSet).OfType<string>().Distinct()];

    /// <summary>The best instruction set measured.</summary>
    public string BestSet => Sets[^1];

    /// <summary>The formats measured.</summary>
    public IReadOnlyList<string> Formats { get; } = [.. Kernels.Measurements.Select(measurement => measurement.Format).Distinct()];

    /// <summary>What an instruction set of this library did; null if it was not measured.</summary>
    public BenchMeasurement? Find(string place, string format, string output, string set) =>
        Kernels.Measurements.FirstOrDefault(measurement => measurement.InstructionSet == set && Is(measurement, place, format, output));

    /// <summary>What a peer did; null if it does not decode the format.</summary>
    public BenchMeasurement? FindPeer(string place, string format, string output, string peer) =>
        Kernels.Measurements.FirstOrDefault(measurement => measurement.Device == peer && Is(measurement, place, format, output));

    private static bool Is(BenchMeasurement measurement, string place, string format, string output) =>
        measurement.Cache == place && measurement.Format == format && measurement.Output == output;
}
