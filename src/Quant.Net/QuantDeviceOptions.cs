namespace Quant.Net;

/// <summary>How to open a device.</summary>
public sealed class QuantDeviceOptions
{
    /// <summary>The most threads that a device can have.</summary>
    public const int MaxThreads = 1024;

    /// <summary>CPU: how many threads work on a call, the caller's included. 0, the default: <see cref="Environment.ProcessorCount"/>.
    /// </summary>
    public int Threads { get; init; }

    /// <summary>
    /// CPU: the instructions to use. <see cref="InstructionSet.Auto"/>, the default: those that the environment variable
    /// <c>QUANTNET_ISA</c> names, else the best that this machine has.
    /// </summary>
    public InstructionSet InstructionSet { get; init; }
}
