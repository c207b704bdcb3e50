using Quant.Net.Tool.Bench;
using Quant.Net.Tool.Output;

namespace Quant.Net.Benchmarks.Kernels;

/// <summary>Every format with every instruction set, in the cache and out of it, beside the peers.</summary>
internal static class KernelContest
{
    /// <summary>Measures.</summary>
    /// <param name="formats">The formats.</param>
    /// <param name="peers">Libraries to compare with.</param>
    /// <param name="seconds">About how long to measure each decoder with each format and output type.</param>
    /// <param name="report">Told what is done.</param>
    public static BenchResult Run(
        IReadOnlyList<QuantFormatInfo> formats, IReadOnlyList<Peer> peers, double seconds, Action<string> report)
    {
        var run = new BenchRun(seconds, CancellationToken.None);
        var patient = new BenchRun(10 * seconds, CancellationToken.None);
        using (var cache = new CachePlace())
        {
            Measure(run, patient, cache, formats, peers, report);
        }

        using MemoryPlace memory = MemoryPlace.Create(MemoryPlace.UsualWeights, Environment.ProcessorCount);
        BenchBandwidth bandwidth = run.MeasureBandwidth(memory);
        Measure(run, patient, memory, formats, peers, report);
        return new BenchResult(DateTimeOffset.Now, BenchMachine.Here(), bandwidth, Gpu: null, Load: null, [.. run.Measurements, .. patient.Measurements]);
    }

    private static void Measure(
        BenchRun run,
        BenchRun patient,
        BenchPlace place,
        IReadOnlyList<QuantFormatInfo> formats,
        IReadOnlyList<Peer> peers,
        Action<string> report)
    {
        QuantDevice[] devices =
        [
            .. QuantDevice.InstructionSets.Where(set => set.Available).Select(set =>
                QuantDevice.Open("cpu", new QuantDeviceOptions { Threads = place.Threads, InstructionSet = set.InstructionSet })),
        ];
        Decoder[] decoders =
        [
            .. devices.Select(device => new DeviceDecoder(device)),
            .. peers.Select(peer => new PeerDecoder(peer)),
        ];
        foreach (QuantFormatInfo format in formats)
        {
            report($"{place.Name}: {format.Name}");
            if (place is CachePlace)
            {
                run.Measure(place, format, OutputTypes.All, decoders);
                continue;
            }

            // Out of cache the slower ones take most of the time; one output type shows how they compare. The best set is by itself and
            // has more rounds: they are short, so that what disturbs the machine disturbs few of them.
            run.Measure(place, format, [OutputTypes.All[0]], [.. decoders.Where((_, i) => i != devices.Length - 1)]);
            patient.Measure(place, format, OutputTypes.All, [decoders[devices.Length - 1]]);
        }

        Array.ForEach(devices, device => device.Dispose());
    }
}
