using System.Diagnostics;
using Quant.Net.Cuda;
using Quant.Net.Gguf;

namespace Quant.Net.Tool.Bench.Gpu;

/// <summary>
/// Measures loading a model as f16, beside what limits it: reading the file, which is in the system's cache after the first round, and
/// the bus.
/// </summary>
internal sealed unsafe class LoadRun(QuantDevice gpu, GgufFile model, double seconds, CancellationToken cancellation)
{
    // What a thread reads, and what the bus carries, at a time: as when a model is loaded.
    private const int PieceBytes = 4 << 20;

    private readonly long _bytes = model.Tensors.Sum(tensor => tensor.ByteLength);
    private long _outputBytes;

    public BenchLoad Measure()
    {
        ReadAll();
        using var bus = new Bus(gpu);
        double[][] times = Interleaved.Rounds(
            3,
            contender => contender switch
            {
                0 => Time(ReadAll),
                1 => bus.TimeByte() * _bytes,
                _ => Load(),
            },
            seconds,
            cancellation);
        double[] limit = [.. times[0].Zip(times[1], Math.Max)];
        return new BenchLoad(
            _bytes,
            _outputBytes,
            gpu.Threads,
            limit.Length,
            _bytes / Median.Of(times[2]),
            _bytes / Median.Of(times[0]),
            _bytes / Median.Of(times[1]),
            Median.OfRatios(limit, times[2]));
    }

    private double Load()
    {
        using GpuModel loaded = GpuModel.LoadAsync(model, gpu, new GpuLoadOptions(), null, cancellation).GetAwaiter().GetResult();
        _outputBytes = loaded.Buffer.Length;
        return loaded.Elapsed.TotalSeconds;
    }

    private void ReadAll()
    {
        var pieces = new List<(GgufTensor Tensor, long Offset, int Bytes)>();
        foreach (GgufTensor tensor in model.Tensors)
        {
            for (long offset = 0; offset < tensor.ByteLength; offset += PieceBytes)
            {
                pieces.Add((tensor, offset, (int)Math.Min(PieceBytes, tensor.ByteLength - offset)));
            }
        }

        int next = -1;
        Parallel.For(0, gpu.Threads, new ParallelOptions { MaxDegreeOfParallelism = gpu.Threads }, _ =>
        {
            using var buffer = new PageMemory(PieceBytes);
            while (Interlocked.Increment(ref next) is int i && i < pieces.Count)
            {
                pieces[i].Tensor.Read(pieces[i].Offset, new Span<byte>(buffer.Pointer, pieces[i].Bytes));
            }
        });
    }

    private static double Time(Action work)
    {
        long start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Pinned memory, and as much on the GPU.</summary>
    private sealed class Bus(QuantDevice gpu) : IDisposable
    {
        private const int Copies = 64;

        private readonly EventTimer _timer = new(gpu);
        private readonly PinnedBuffer<byte> _from = gpu.AllocatePinned<byte>(PieceBytes);
        private readonly DeviceBuffer<byte> _to = gpu.Allocate<byte>(PieceBytes);

        /// <summary>The seconds that a byte takes, by many copies behind each other.</summary>
        public double TimeByte() => _timer.Sample(stream =>
        {
            for (int copy = 0; copy < Copies; copy++)
            {
                stream.Copy(_from, _to);
            }
        }) / ((double)Copies * PieceBytes);

        public void Dispose()
        {
            _to.Dispose();
            _from.Dispose();
            _timer.Dispose();
        }
    }
}
