using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Bench;

/// <summary>Measures devices, place by place and format by format.</summary>
/// <param name="seconds">About how long to measure each device with each format and output type.</param>
/// <param name="cancellation">Stops it.</param>
internal sealed class BenchRun(double seconds, CancellationToken cancellation)
{
    private readonly List<BenchMeasurement> _measurements = [];

    public IReadOnlyList<BenchMeasurement> Measurements => _measurements;

    /// <summary>Measures one format in one place: for each output type all devices against each other.</summary>
    public void Measure(
        BenchPlace place,
        QuantFormatInfo format,
        IReadOnlyList<(string Name, QuantFormat Format)> outputs,
        IReadOnlyList<QuantDevice> devices)
    {
        using var packed = new PackedWeights(format, place.Weights);
        foreach ((string name, QuantFormat output) in outputs)
        {
            QuantDevice[] able = [.. devices.Where(device => CapabilityOf(device, format, output).IsSupported)];
            long outputBytes = QuantFormats.Get(output).GetByteCount(place.Weights);
            Contest contest = Contest.Run(place, packed, outputBytes, [.. able.Select(Decoder)], seconds, cancellation);
            _measurements.AddRange(able.Zip(contest.Standings, (device, standing) => new BenchMeasurement(
                format.Name,
                name,
                place.Name,
                device.Name,
                DeviceFacts.NameOf(device.InstructionSet),
                device.Threads,
                CapabilityOf(device, format, output).Kernel,
                place.Weights,
                packed.Memory.Bytes,
                outputBytes,
                contest.Repetitions,
                standing.Seconds,
                place.Weights / standing.Seconds,
                outputBytes / standing.Seconds,
                place.YardstickName,
                outputBytes / contest.YardstickSeconds,
                standing.Share)));

            Action Decoder(QuantDevice device) => () => packed.Decode(device, output, place.Destination);
        }
    }

    /// <summary>Measures how fast memory is, whatever is decoded.</summary>
    public BenchBandwidth MeasureBandwidth(MemoryPlace place)
    {
        long bytes = place.Destination.Bytes;
        using var source = new PageMemory(bytes);
        double[][] times = Interleaved.Time(
            [place.Traffic(0, source, bytes), place.Traffic(bytes, source, bytes)], null, seconds, cancellation);
        return new BenchBandwidth(place.Threads, bytes / Median.Of(times[0]), bytes / Median.Of(times[1]));
    }

    private static QuantCapability CapabilityOf(QuantDevice device, QuantFormatInfo format, QuantFormat output) =>
        device.GetCapability(QuantOperation.Dequantize, format.Format, output);
}
