namespace Quant.Net;

/// <summary>How to read what writers of packed checkpoints disagree about.</summary>
public sealed class PackedModuleOptions
{
    /// <summary>GPTQ: a stored zero point of all ones means 0 and not 2 to the power of the bits, as some readers have it. The default
    /// is what AutoGPTQ's own code multiplies with.</summary>
    public bool ZeroWraps { get; init; }
}
