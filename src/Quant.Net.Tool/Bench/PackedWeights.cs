namespace Quant.Net.Tool.Bench;

/// <summary>Blocks of one format to decode.</summary>
internal sealed class PackedWeights : IDisposable
{
    private const int Seed = 20;

    // Different blocks; larger buffers repeat them.
    private const int DistinctWeights = 64 * 1024;

    // Numbers below this are no normal ones in f16. Models have few of them, and some processors take longer for each.
    private const float LeastNormalHalf = 1f / (1 << 14);

    /// <summary>Makes blocks of random bits whose weights are numbers as models have them.</summary>
    /// <param name="format">The format.</param>
    /// <param name="weights">How many weights they hold: whole blocks.</param>
    public PackedWeights(QuantFormatInfo format, long weights)
    {
        Format = format;
        Weights = weights;
        Memory = new PageMemory(format.GetByteCount(weights));
        Memory.FillWith(MakeBlocks(format));
    }

    public QuantFormatInfo Format { get; }

    public long Weights { get; }

    public PageMemory Memory { get; }

    /// <summary>Decodes all of them.</summary>
    public unsafe void Decode(QuantDevice device, QuantFormat output, PageMemory destination) =>
        device.Dequantize(Format.Format, Memory.Pointer, (nuint)Memory.Bytes, output, destination.Pointer, (nuint)destination.Bytes);

    public void Dispose() => Memory.Dispose();

    // Where the scales are is known to the native library only, so blocks are drawn until enough are good.
    private static byte[] MakeBlocks(QuantFormatInfo format)
    {
        using QuantDevice device = QuantDevice.Open("cpu", new QuantDeviceOptions { Threads = 1 });
        var random = new Random(Seed);
        byte[] drawn = new byte[format.GetByteCount(DistinctWeights)];
        float[] decoded = new float[DistinctWeights];
        byte[] good = new byte[drawn.Length];
        int length = 0;
        while (length < good.Length)
        {
            random.NextBytes(drawn);
            device.Dequantize(format.Format, drawn, decoded);
            for (int block = 0; block < DistinctWeights / format.ValuesPerBlock && length < good.Length; block++)
            {
                if (IsGood(decoded.AsSpan(block * format.ValuesPerBlock, format.ValuesPerBlock)))
                {
                    drawn.AsSpan(block * format.BytesPerBlock, format.BytesPerBlock).CopyTo(good.AsSpan(length));
                    length += format.BytesPerBlock;
                }
            }
        }

        return good;
    }

    private static bool IsGood(ReadOnlySpan<float> weights)
    {
        foreach (float weight in weights)
        {
            if (!float.IsFinite(weight) || (weight != 0 && MathF.Abs(weight) < LeastNormalHalf))
            {
                return false;
            }
        }

        return true;
    }
}
