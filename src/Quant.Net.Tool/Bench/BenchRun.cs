using Quant.Net.Tool.Bench.Matrices;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Bench;

/// <summary>Measures decoders, place by place and format by format.</summary>
/// <param name="seconds">About how long to measure each decoder with each format and output type.</param>
/// <param name="cancellation">Stops it.</param>
internal sealed class BenchRun(double seconds, CancellationToken cancellation)
{
    private readonly List<BenchMeasurement> _measurements = [];

    public IReadOnlyList<BenchMeasurement> Measurements => _measurements;

    /// <summary>Measures one format in one place: for each output type all decoders against each other.</summary>
    public void Measure(
        BenchPlace place,
        QuantFormatInfo format,
        IReadOnlyList<(string Name, QuantFormat Format)> outputs,
        IReadOnlyList<Decoder> decoders)
    {
        using var packed = new PackedWeights(format, place.Weights);
        foreach ((string name, QuantFormat output) in outputs)
        {
            var able = new List<(Decoder Decoder, string Kernel, Action Run)>();
            foreach (Decoder decoder in decoders)
            {
                if (decoder.Prepare(place, packed, output) is var (kernel, run))
                {
                    able.Add((decoder, kernel, run));
                }
            }

            Measure(place, format.Name, packed.Memory, name, output, order: null, actOrder: null, able);
        }
    }

    /// <summary>Measures one layout of packed matrices in one place: for each output type and order all devices against each other.</summary>
    public void Measure(
        BenchPlace place,
        MatrixShape shape,
        IReadOnlyList<(string Name, QuantFormat Format)> outputs,
        IReadOnlyList<MatrixOrder> orders,
        IReadOnlyList<QuantDevice> devices)
    {
        using var packed = new RandomMatrix(shape);
        foreach (MatrixOrder order in orders)
        {
            foreach ((string name, QuantFormat output) in outputs)
            {
                Measure(place, shape.Name, packed.Memory, name, output, order, shape.ActOrder, [.. devices.Select(device => (
                    (Decoder)new DeviceDecoder(device),
                    device.GetMatrixCapability(QuantOperation.Dequantize, shape.Layout, shape.Bits, order, output).Kernel,
                    (Action)(() => packed.Decode(device, order, output, place.Destination))))]);
            }
        }
    }

    private void Measure(
        BenchPlace place,
        string subject,
        PageMemory packed,
        string outputName,
        QuantFormat output,
        MatrixOrder? order,
        bool? actOrder,
        IReadOnlyList<(Decoder Decoder, string Kernel, Action Run)> able)
    {
        long outputBytes = QuantFormats.Get(output).GetByteCount(place.Weights);
        Contest contest = Contest.Run(place, packed, outputBytes, [.. able.Select(one => one.Run)], seconds, cancellation);
        _measurements.AddRange(able.Zip(contest.Standings, (one, standing) => new BenchMeasurement(
            subject,
            outputName,
            order is { } asked ? MatrixOrders.NameOf(asked) : null,
            place.Name,
            one.Decoder.Device,
            one.Decoder.InstructionSet,
            place.Threads,
            one.Kernel,
            place.Weights,
            packed.Bytes,
            outputBytes,
            contest.Repetitions,
            standing.Seconds,
            place.Weights / standing.Seconds,
            outputBytes / standing.Seconds,
            place.YardstickName,
            outputBytes / contest.YardstickSeconds,
            standing.Share,
            ActOrder: actOrder)));
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
}
