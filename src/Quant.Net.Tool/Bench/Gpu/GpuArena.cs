using Quant.Net.Cuda;
using Quant.Net.Tool.CommandLine;

namespace Quant.Net.Tool.Bench.Gpu;

/// <summary>Memory of a GPU for packed and decoded weights: so much that what is taken in turn does not stay in its L2 cache.</summary>
internal sealed class GpuArena : IDisposable
{
    // The widest format takes 8 bytes of a weight. A copy that moves as much as decoding it to f32 does writes half of 8 + 4.
    private const int PackedBytesPerWeight = 8;
    private const int DecodedBytesPerWeight = 6;

    // Of places. MemoryPlace.PieceWeights take a multiple of it in every format, so that places begin where blocks do.
    private const int Alignment = 256;

    // What is copied at a time when memory is filled.
    private const long PieceWeights = 4 << 20;

    private readonly DeviceBuffer<byte> _packed;
    private readonly DeviceBuffer<byte> _decoded;
    private long _turn;

    private GpuArena(QuantDevice gpu, long weights, long leastBytes)
    {
        Weights = weights;
        _packed = gpu.Allocate<byte>(Math.Max(weights * PackedBytesPerWeight, leastBytes));
        try
        {
            _decoded = gpu.Allocate<byte>(Math.Max(weights * DecodedBytesPerWeight, leastBytes));
        }
        catch
        {
            _packed.Dispose();
            throw;
        }
    }

    /// <summary>How many weights are decoded at a time.</summary>
    public long Weights { get; }

    /// <summary>Takes room for a number of weights, or for fewer if that would be more than half of what is free.</summary>
    /// <exception cref="ToolException">There is no room for a reasonable number.</exception>
    public static GpuArena Create(QuantDevice gpu, long weights)
    {
        long half = gpu.GetMemory().Free / 2;
        long limit = half / (PackedBytesPerWeight + DecodedBytesPerWeight);
        long pieces = Math.Min(weights, limit) / MemoryPlace.PieceWeights;
        return pieces > 0
            ? new GpuArena(gpu, pieces * MemoryPlace.PieceWeights, Math.Min(GpuPlaces.LeastBytes, half / 2))
            : throw new ToolException(
                $"{gpu.Name}: there is memory for {limit} weights, expected {MemoryPlace.PieceWeights} at least");
    }

    /// <summary>Fills every place that <see cref="Next"/> gives for all weights of a format with its blocks.</summary>
    public unsafe void Fill(CudaStream stream, QuantFormatInfo format)
    {
        using var blocks = new PackedWeights(format, PieceWeights);
        for (long at = 0; at < _packed.Length; at += blocks.Memory.Bytes)
        {
            stream.CopyToDevice(
                blocks.Memory.Pointer, _packed.Address + (ulong)at, (nuint)Math.Min(blocks.Memory.Bytes, _packed.Length - at));
        }

        stream.Synchronize();
    }

    /// <summary>Where to read and write next: other memory than for as long as there is some.</summary>
    /// <param name="sourceBytes">Bytes read.</param>
    /// <param name="destinationBytes">Bytes written.</param>
    public (ulong Source, ulong Destination) Next(long sourceBytes, long destinationBytes)
    {
        long turn = _turn++;
        long source = Aligned(sourceBytes), destination = Aligned(destinationBytes);
        return (
            _packed.Address + (ulong)(turn % (_packed.Length / source) * source),
            _decoded.Address + (ulong)(turn % (_decoded.Length / destination) * destination));
    }

    public void Dispose()
    {
        _decoded.Dispose();
        _packed.Dispose();
    }

    private static long Aligned(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;
}
