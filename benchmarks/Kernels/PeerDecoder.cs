using Quant.Net.Tool.Bench;

namespace Quant.Net.Benchmarks.Kernels;

/// <summary>A peer as a decoder to measure: its rows shared among the threads of the place.</summary>
internal sealed record PeerDecoder(Peer Peer) : Decoder(Peer.Name, InstructionSet: null)
{
    public override unsafe (string Kernel, Action Run)? Prepare(BenchPlace place, PackedWeights packed, QuantFormat output)
    {
        QuantFormatInfo format = packed.Format;
        delegate* unmanaged<byte*, float*, long, void> decode = Peer.DecoderOf(format);
        if (output != QuantFormat.F32 || decode is null)
        {
            return null;
        }

        byte* source = packed.Memory.Pointer;
        float* destination = (float*)place.Destination.Pointer;
        return ("to_float", () => place.Share((first, last) =>
            decode(source + (first / format.ValuesPerBlock * format.BytesPerBlock), destination + first, last - first)));
    }
}
