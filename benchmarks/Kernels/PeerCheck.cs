using System.Runtime.InteropServices;

namespace Quant.Net.Benchmarks.Kernels;

/// <summary>Whether a peer's decoder gives the same bits.</summary>
internal static class PeerCheck
{
    private const int Seed = 4;
    private const int Weights = 1 << 20;

    /// <summary>Decodes blocks of random bits, infinities and NaN among their scales, with both.</summary>
    /// <returns>How many weights differ; any NaN is equal to any other. Null if the peer does not decode the format.</returns>
    public static unsafe int? CountDifferences(Peer peer, QuantFormatInfo format)
    {
        delegate* unmanaged<byte*, float*, long, void> decode = peer.DecoderOf(format);
        if (decode is null)
        {
            return null;
        }

        byte[] packed = new byte[format.GetByteCount(Weights)];
        new Random(Seed).NextBytes(packed);
        float[] ours = new float[Weights];
        float[] theirs = new float[Weights];
        using QuantDevice device = QuantDevice.Open("cpu");
        device.Dequantize(format.Format, packed, ours);
        fixed (byte* source = packed)
        fixed (float* destination = theirs)
        {
            decode(source, destination, Weights);
        }

        int differences = 0;
        ReadOnlySpan<int> ourBits = MemoryMarshal.Cast<float, int>(ours);
        ReadOnlySpan<int> theirBits = MemoryMarshal.Cast<float, int>(theirs);
        for (int i = 0; i < Weights; i++)
        {
            bool equal = ourBits[i] == theirBits[i] || (float.IsNaN(ours[i]) && float.IsNaN(theirs[i]));
            differences += equal ? 0 : 1;
        }

        return differences;
    }
}
