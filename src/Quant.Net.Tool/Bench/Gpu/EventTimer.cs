using Quant.Net.Cuda;

namespace Quant.Net.Tool.Bench.Gpu;

/// <summary>Times work on a GPU by the GPU's own clock.</summary>
internal sealed class EventTimer(QuantDevice gpu) : IDisposable
{
    private readonly CudaEvent _start = gpu.CreateEvent();
    private readonly CudaEvent _end = gpu.CreateEvent();

    /// <summary>The stream that the work goes to.</summary>
    public CudaStream Stream { get; } = gpu.CreateStream();

    /// <summary>Does some work and waits for it.</summary>
    /// <returns>The seconds that it took on the GPU.</returns>
    public double Sample(Action<CudaStream> work)
    {
        Stream.Record(_start);
        work(Stream);
        Stream.Record(_end);
        _end.Synchronize();
        return _end.ElapsedSince(_start).TotalSeconds;
    }

    public void Dispose()
    {
        Stream.Dispose();
        _end.Dispose();
        _start.Dispose();
    }
}
