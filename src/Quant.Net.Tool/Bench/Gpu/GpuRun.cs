using System.Diagnostics;
using Quant.Net.Cuda;
using Quant.Net.Tool.Bench.Matrices;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Bench.Gpu;

/// <summary>Measures decoding from a GPU's memory into its memory, beside a copy that moves as many bytes.</summary>
/// <param name="gpu">The GPU.</param>
/// <param name="arena">The memory.</param>
/// <param name="seconds">About how long to measure each format with each output type.</param>
/// <param name="cancellation">Stops it.</param>
internal sealed class GpuRun(QuantDevice gpu, GpuArena arena, double seconds, CancellationToken cancellation) : IDisposable
{
    /// <summary>The name of this place in results.</summary>
    public const string PlaceName = "gpu";

    /// <summary>The weights that are decoded if nothing else is asked for.</summary>
    public const long UsualWeights = 256 * 1024 * 1024;

    // The contract of a small call: a matrix of this size.
    private const long SmallWeights = 4096 * 4096;

    // Fewer than a stream queues, so that no call waits for the GPU.
    private const int CallsPerSample = 100;

    private readonly EventTimer _timer = new(gpu);
    private readonly List<BenchMeasurement> _measurements = [];

    public IReadOnlyList<BenchMeasurement> Measurements => _measurements;

    /// <summary>Measures one format with each output type.</summary>
    public void Measure(QuantFormatInfo format, IReadOnlyList<(string Name, QuantFormat Format)> outputs)
    {
        arena.Fill(_timer.Stream, format);
        double first = TimeFirst(format);
        long packed = format.GetByteCount(arena.Weights);
        foreach ((string name, QuantFormat output) in outputs)
        {
            long decoded = QuantFormats.Get(output).GetByteCount(arena.Weights);
            Measure(format.Name, name, order: null, actOrder: null, packed, decoded, first, stream => Decode(stream, format, packed, output, decoded));
        }
    }

    /// <summary>Measures one layout of packed matrices with each output type and order.</summary>
    public void Measure(MatrixShape shape, IReadOnlyList<(string Name, QuantFormat Format)> outputs, IReadOnlyList<MatrixOrder> orders)
    {
        using var matrices = new GpuMatrices(gpu, _timer.Stream, shape);
        double first = TimeFirst(matrices);
        foreach (MatrixOrder order in orders)
        {
            foreach ((string name, QuantFormat output) in outputs)
            {
                using var weights = new GpuWeights(gpu, output, shape.Rows * shape.Columns);
                Measure(
                    shape.Name, name, MatrixOrders.NameOf(order), shape.ActOrder, matrices.Bytes, weights.Bytes, first,
                    stream => weights.Decode(stream, matrices.Next(), order, shape.Lines(order)));
            }
        }
    }

    /// <summary>Measures what does not depend on formats.</summary>
    public BenchGpu MeasureGpu()
    {
        long bytes = arena.Weights * sizeof(float);
        double copy = Median.Of(Time([stream => Copy(stream, bytes)])[0]);
        long weights = Math.Min(SmallWeights, arena.Weights);
        (double start, double allocated) = MeasureStart(weights);
        return new BenchGpu(gpu.Name, gpu.Description, 2 * bytes / copy, weights, start, allocated);
    }

    public void Dispose() => _timer.Dispose();

    private void Measure(
        string subject, string outputName, string? order, bool? actOrder, long packed, long decoded, double first, Action<CudaStream> decode)
    {
        double[][] times = Time([stream => Copy(stream, (packed + decoded) / 2), decode]);
        double took = Median.Of(times[1]);
        _measurements.Add(new BenchMeasurement(
            subject,
            outputName,
            order,
            PlaceName,
            gpu.Name,
            InstructionSet: null,
            Threads: 1,
            QuantDevice.LastKernel,
            arena.Weights,
            packed,
            decoded,
            times[1].Length,
            took,
            arena.Weights / took,
            decoded / took,
            "copy",
            decoded / Median.Of(times[0]),
            Median.OfRatios(times[0], times[1]),
            first,
            actOrder));
    }

    // The first round does not count: it finds the GPU's clock low, and pages that were never touched.
    private double[][] Time(Action<CudaStream>[] contenders)
    {
        Array.ForEach(contenders, contender => _timer.Sample(contender));
        return Interleaved.Rounds(contenders.Length, i => _timer.Sample(contenders[i]), seconds, cancellation);
    }

    private void Copy(CudaStream stream, long bytes)
    {
        (ulong source, ulong destination) = arena.Next(bytes, bytes);
        stream.CopyOnDevice(source, destination, (nuint)bytes);
    }

    private void Decode(CudaStream stream, QuantFormatInfo format, long packed, QuantFormat output, long decoded)
    {
        (ulong source, ulong destination) = arena.Next(packed, decoded);
        stream.Dequantize(format.Format, source, (nuint)packed, output, destination, (nuint)decoded);
    }

    private double TimeFirst(QuantFormatInfo format) =>
        TimeFirst(stream => Decode(stream, format, format.BytesPerBlock, QuantFormat.F32, format.ValuesPerBlock * sizeof(float)));

    private double TimeFirst(GpuMatrices matrices)
    {
        using var weights = new GpuWeights(gpu, QuantFormat.F32, matrices.Columns, places: 1);
        return TimeFirst(stream => weights.Decode(stream, matrices.Next(), MatrixOrder.Rows, 1));
    }

    // By the host's clock: it is the host that loads the kernels, and the driver that compiles them.
    private double TimeFirst(Action<CudaStream> decode)
    {
        long start = Stopwatch.GetTimestamp();
        decode(_timer.Stream);
        _timer.Stream.Synchronize();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private (double Seconds, double AllocatedBytes) MeasureStart(long weights)
    {
        QuantFormatInfo format = QuantFormats.Get(QuantFormat.Q4_K);
        long packed = format.GetByteCount(weights), decoded = QuantFormats.Get(QuantFormat.F16).GetByteCount(weights);
        arena.Fill(_timer.Stream, format);
        Decode(_timer.Stream, format, packed, QuantFormat.F16, decoded);
        _timer.Stream.Synchronize();
        long allocated = 0;
        double[] times = Interleaved.Rounds(1, _ => Sample(), seconds, cancellation)[0];
        return (Median.Of(times), (double)allocated / CallsPerSample / times.Length);

        double Sample()
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            long start = Stopwatch.GetTimestamp();
            for (int call = 0; call < CallsPerSample; call++)
            {
                Decode(_timer.Stream, format, packed, QuantFormat.F16, decoded);
            }

            TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            _timer.Stream.Synchronize();
            return elapsed.TotalSeconds / CallsPerSample;
        }
    }
}
