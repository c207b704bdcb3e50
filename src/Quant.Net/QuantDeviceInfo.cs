using Quant.Net.Native;

namespace Quant.Net;

/// <summary>What is known of a device.</summary>
public sealed class QuantDeviceInfo
{
    internal QuantDeviceInfo(in qn_device_info info)
    {
        Kind = info.kind;
        Index = (int)info.index;
        Threads = (int)info.threads;
        InstructionSet = info.isa;
        Name = NativeText.Read(info.name);
        Description = NativeText.Read(info.description);
    }

    /// <summary>Its name, as <see cref="QuantDevice.Open"/> takes it: "cpu", "cuda:0".</summary>
    public string Name { get; }

    /// <summary>One line for people: the hardware, what was chosen, and why nothing better was.</summary>
    public string Description { get; }

    /// <summary>What it is.</summary>
    public QuantDeviceKind Kind { get; }

    /// <summary>The N of cuda:N, 0 for the CPU.</summary>
    public int Index { get; }

    /// <summary>CPU: threads that work on a call.</summary>
    public int Threads { get; }

    /// <summary>CPU: the instruction set in use.</summary>
    public InstructionSet InstructionSet { get; }

    /// <summary>The device's name and description.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => $"{Name}: {Description}";
}
