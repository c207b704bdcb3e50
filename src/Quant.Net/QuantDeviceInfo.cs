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
        MemoryTotal = (long)info.memory_total;
        MemoryFree = (long)info.memory_free;
        ComputeCapability = info.compute_major == 0 ? null : new Version((int)info.compute_major, (int)info.compute_minor);
        DriverVersion = info.driver_version == 0
            ? null
            : new Version((int)info.driver_version / 1000, (int)info.driver_version % 1000 / 10);
    }

    /// <summary>Its name, as <see cref="QuantDevice.Open"/> takes it: "cpu", "cuda:0".</summary>
    public string Name { get; }

    /// <summary>One line for people: the hardware, what was chosen, and why nothing better was.</summary>
    public string Description { get; }

    /// <summary>What it is.</summary>
    public QuantDeviceKind Kind { get; }

    /// <summary>The N of cuda:N, 0 for the CPU.</summary>
    public int Index { get; }

    /// <summary>Threads that work on a call; on a GPU, those that copy to and from pinned memory.</summary>
    public int Threads { get; }

    /// <summary>CPU: the instruction set in use.</summary>
    public InstructionSet InstructionSet { get; }

    /// <summary>GPU: bytes of its memory; 0 for the CPU.</summary>
    public long MemoryTotal { get; }

    /// <summary>GPU: bytes of its memory that were free when the device was opened; 0 for one that is not open.</summary>
    public long MemoryFree { get; }

    /// <summary>GPU: its compute capability, such as 9.0; null for the CPU.</summary>
    public Version? ComputeCapability { get; }

    /// <summary>GPU: the newest CUDA that its driver knows, such as 12.4; null for the CPU.</summary>
    public Version? DriverVersion { get; }

    /// <summary>The device's name and description.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => $"{Name}: {Description}";
}
