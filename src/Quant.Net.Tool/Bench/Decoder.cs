using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Bench;

/// <summary>Something that decodes, as results name it.</summary>
/// <param name="Device">The device's name.</param>
/// <param name="InstructionSet">The instruction set of a CPU.</param>
internal abstract record Decoder(string Device, string? InstructionSet)
{
    /// <summary>Makes ready to decode.</summary>
    /// <param name="place">Where the weights go, and how many threads there are.</param>
    /// <param name="packed">Where they come from.</param>
    /// <param name="output">The type to decode them to.</param>
    /// <returns>The kernel's name and the work; null if it cannot do that.</returns>
    public abstract (string Kernel, Action Run)? Prepare(BenchPlace place, PackedWeights packed, QuantFormat output);
}

/// <summary>A device of this library, opened with the threads of the place that it is to decode to.</summary>
internal sealed record DeviceDecoder(QuantDevice Opened) : Decoder(Opened.Name, DeviceFacts.NameOf(Opened.InstructionSet))
{
    public override (string Kernel, Action Run)? Prepare(BenchPlace place, PackedWeights packed, QuantFormat output)
    {
        QuantCapability capability = Opened.GetCapability(QuantOperation.Dequantize, packed.Format.Format, output);
        return capability.IsSupported ? (capability.Kernel, () => packed.Decode(Opened, output, place.Destination)) : null;
    }
}
