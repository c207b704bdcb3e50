using Quant.Net.Native;

namespace Quant.Net;

/// <summary>What is known of an instruction set on this machine.</summary>
public sealed unsafe class InstructionSetInfo
{
    internal InstructionSetInfo(in qn_isa_info info)
    {
        InstructionSet = info.isa;
        Name = NativeText.Read(info.name);
        Available = info.available != 0;
        Reason = NativeText.Read(info.reason);
    }

    /// <summary>The set.</summary>
    public InstructionSet InstructionSet { get; }

    /// <summary>Its name, such as "avx2", as the environment variable <c>QUANTNET_ISA</c> takes it.</summary>
    public string Name { get; }

    /// <summary>Whether the library has kernels for it and this machine can run them.</summary>
    public bool Available { get; }

    /// <summary>Why it is not available, or "".</summary>
    public string Reason { get; }

    /// <summary>The set's name.</summary>
    /// <returns><see cref="Name"/>.</returns>
    public override string ToString() => Name;
}
