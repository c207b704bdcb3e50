using Quant.Net.Native;

namespace Quant.Net;

/// <summary>Whether and how a device does an operation.</summary>
public readonly unsafe struct QuantCapability
{
    internal QuantCapability(in qn_capability capability)
    {
        IsSupported = capability.supported != 0;
        IsTuned = capability.tuned != 0;
        NeedsImportance = capability.needs_importance != 0;
        Kernel = NativeText.Read(capability.kernel);
    }

    /// <summary>Whether the device can do it.</summary>
    public bool IsSupported { get; }

    /// <summary>Whether the kernel was written by hand for this format, or for codes of these bits in this layout; else it is the general
    /// one.</summary>
    public bool IsTuned { get; }

    /// <summary>Whether it cannot be done without importance, as quantizing to IQ2_XXS.</summary>
    public bool NeedsImportance { get; }

    /// <summary>The kernel that does it, such as "avx512/Q4_K/f32"; "" if there is none.</summary>
    public string Kernel { get => field ?? ""; }

    /// <summary>The kernel, or "not supported".</summary>
    public override string ToString() => IsSupported ? Kernel : "not supported";
}
