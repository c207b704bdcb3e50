namespace Quant.Net.Tool.Bench.Gpu;

/// <summary>How many places of a size are taken in turn, so that what is in them does not stay in a GPU's L2 cache.</summary>
internal static class GpuPlaces
{
    /// <summary>Of all places: several times the largest L2.</summary>
    public const long LeastBytes = 256L << 20;

    // Small ones are limited by the time that starting a kernel takes, whatever is in the cache.
    private const long Most = 1000;

    /// <summary>The number of places, which take at most a fourth of what is free where one is not larger.</summary>
    public static int Count(QuantDevice gpu, long bytes) =>
        (int)Math.Clamp(Math.Min(LeastBytes, gpu.GetMemory().Free / 4) / bytes, 1, Most);
}
