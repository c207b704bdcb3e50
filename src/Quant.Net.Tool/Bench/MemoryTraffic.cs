using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Quant.Net.Tool.Bench;

/// <summary>The roof of a decoder out of cache: the same bytes read and written, without anything decoded.</summary>
internal static unsafe class MemoryTraffic
{
    private const int LineBytes = 64;

    // Bytes written before the next ones are read; about what the blocks of the larger formats decode to.
    private const int StepBytes = 1024;

    // Where what was read goes, so that the compiler keeps the reads.
    private static long _sink;

    /// <summary>
    /// Reads the bytes of one place and writes those of another past the caches, both evenly spread over the time. The destination
    /// begins a cache line and is a multiple of <see cref="StepBytes"/>; the source may be read up to the end of its last line.
    /// </summary>
    // Optimized from the first call on, so that no run is measured before it is.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Move(byte* source, long sourceBytes, byte* destination, long destinationBytes)
    {
        double readPerWritten = (double)sourceBytes / destinationBytes;
        byte* read = source;
        Vector512<long> sum = default;
        for (long written = 0; written < destinationBytes; written += StepBytes)
        {
            byte* until = source + (long)((written + StepBytes) * readPerWritten);
            for (; read < until; read += LineBytes)
            {
                sum ^= Vector512.Load((long*)read);
            }

            for (int line = 0; line < StepBytes; line += LineBytes)
            {
                Vector512.StoreAlignedNonTemporal(Vector512<byte>.Zero, destination + written + line);
            }
        }

        _sink = Vector512.Sum(sum);
    }
}
