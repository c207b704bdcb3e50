namespace Quant.Net;

/// <summary>How to open a device.</summary>
public sealed class QuantDeviceOptions
{
    /// <summary>The most threads that a device can have.</summary>
    public const int MaxThreads = 1024;

    /// <summary>The least that <see cref="MemoryLimit"/> can be.</summary>
    public const long MinMemoryLimit = Native.NativeMethods.QN_MEMORY_LIMIT_MIN;

    /// <summary>What 0 as <see cref="MemoryLimit"/> means: 64 MiB.</summary>
    public const long DefaultMemoryLimit = 64L << 20;

    /// <summary>How many threads work on a call, the caller's included. 0, the default: <see cref="Environment.ProcessorCount"/>.
    /// On a GPU they copy between the caller's memory and pinned memory, and no more than 8 are used.</summary>
    public int Threads { get; init; }

    /// <summary>
    /// CPU: the instructions to use. <see cref="InstructionSet.Auto"/>, the default: those that the environment variable
    /// <c>QUANTNET_ISA</c> names, else the best that this machine has.
    /// </summary>
    public InstructionSet InstructionSet { get; init; }

    /// <summary>
    /// GPU: bytes of its memory, and again as many of pinned host memory, through which work on the caller's memory goes. Where so much
    /// cannot be had less is used, down to <see cref="MinMemoryLimit"/>. 0, the default: 64 MiB.
    /// </summary>
    public long MemoryLimit { get; init; }
}
