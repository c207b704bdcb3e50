using System.Runtime.InteropServices;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Bench;

/// <summary>Where weights are decoded to, which decides what the speed is compared with.</summary>
internal abstract class BenchPlace(long weights, int threads) : IDisposable
{
    /// <summary>Its name in results: <c>l2</c> or <c>memory</c>.</summary>
    public abstract string Name { get; }

    /// <summary>The name of what the speed is compared with: <c>memset</c> or <c>roof</c>.</summary>
    public abstract string YardstickName { get; }

    /// <summary>How many weights are decoded at a time.</summary>
    public long Weights { get; } = weights;

    /// <summary>How many threads do it.</summary>
    public int Threads { get; } = threads;

    /// <summary>Receives the weights; there is room for the largest output type.</summary>
    public PageMemory Destination { get; } = new(weights * sizeof(float));

    /// <summary>What the speed of a decoder is compared with.</summary>
    /// <param name="packed">What the decoder reads.</param>
    /// <param name="outputBytes">How much it writes.</param>
    public abstract Action Yardstick(PageMemory packed, long outputBytes);

    /// <summary>What to run before each sample so that all begin in the same state, or null.</summary>
    public abstract Action? Settle(PageMemory packed, long outputBytes);

    /// <summary>Does work on the weights from the first to before the last, in all threads.</summary>
    public abstract void Share(Action<long, long> work);

    public virtual void Dispose() => Destination.Dispose();
}

/// <summary>The second-level cache: small enough to stay there, one thread. Compared with <c>memset</c> of the same destination.</summary>
internal sealed class CachePlace() : BenchPlace(weights: 64 * 1024, threads: 1)
{
    /// <summary>The name of this place.</summary>
    public const string PlaceName = "l2";

    public override string Name => PlaceName;

    public override string YardstickName => "memset";

    // For sizes like these it calls the C library's memset.
    public override unsafe Action Yardstick(PageMemory packed, long outputBytes) =>
        () => NativeMemory.Clear(Destination.Pointer, (nuint)outputBytes);

    public override Action? Settle(PageMemory packed, long outputBytes) => null;

    public override void Share(Action<long, long> work) => work(0, Weights);
}

/// <summary>Main memory: far more than the caches hold, all threads. Compared with the same traffic without decoding.</summary>
internal sealed class MemoryPlace : BenchPlace
{
    /// <summary>The name of this place.</summary>
    public const string PlaceName = "memory";

    /// <summary>The weights that are decoded if nothing else is asked for.</summary>
    public const long UsualWeights = 64 * 1024 * 1024;

    /// <summary>The fewest weights: as many as a thread takes at a time, which are as many as the threads of a CPU device take.</summary>
    public const long PieceWeights = 32 * 1024;

    // The widest format, F64, takes as much again twice.
    private const int MostBytesPerWeight = sizeof(double) + sizeof(float);

    private readonly Crew _crew;

    private MemoryPlace(long weights, int threads)
        : base(weights, threads) => _crew = new Crew(threads);

    public override string Name => PlaceName;

    public override string YardstickName => "roof";

    private static long MostWeights => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2 / MostBytesPerWeight;

    /// <summary>Throws if there is no room for as many weights as are asked for.</summary>
    public static void RequireRoom(long asked)
    {
        if (asked > MostWeights)
        {
            throw new ToolException(
                $"--size: {Quantity.Bytes((double)asked * sizeof(float))} of weights and what they are decoded from are more than half of the memory here, "
                + $"expected at most {Quantity.Bytes(MostWeights * sizeof(float))}");
        }
    }

    /// <summary>Takes room for a number of weights, or for fewer if that would be more than half of the memory there is.</summary>
    /// <exception cref="ToolException">There is no room for a reasonable number.</exception>
    public static MemoryPlace Create(long weights, int threads)
    {
        long limit = MostWeights, pieces = Math.Min(weights, limit) / PieceWeights;
        return pieces > 0
            ? new MemoryPlace(pieces * PieceWeights, threads)
            : throw new ToolException($"there is memory for {limit} weights, expected {PieceWeights} at least");
    }

    public override Action Yardstick(PageMemory packed, long outputBytes) => Traffic(packed.Bytes, packed, outputBytes);

    // Ordinary stores leave the caches full of lines that the next one would have to wait for.
    public override Action Settle(PageMemory packed, long outputBytes) => Yardstick(packed, outputBytes);

    /// <summary>Reads and writes a number of bytes, evenly spread.</summary>
    public unsafe Action Traffic(long readBytes, PageMemory source, long writtenBytes)
    {
        double readEach = (double)readBytes / Weights;
        long writtenEach = writtenBytes / Weights;
        return () => _crew.Run(Weights, PieceWeights, (first, last) =>
        {
            long from = (long)(first * readEach);
            MemoryTraffic.Move(
                source.Pointer + from, (long)(last * readEach) - from, Destination.Pointer + (first * writtenEach),
                (last - first) * writtenEach);
        });
    }

    public override void Share(Action<long, long> work) => _crew.Run(Weights, PieceWeights, work);

    public override void Dispose()
    {
        _crew.Dispose();
        base.Dispose();
    }
}
