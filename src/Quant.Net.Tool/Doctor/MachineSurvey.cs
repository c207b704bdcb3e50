using System.Runtime.InteropServices;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Doctor;

/// <summary>What this machine has and what the library would use of it.</summary>
internal static class MachineSurvey
{
    public static Versions Versions() => new(
        PrintVersion.ToolVersion,
        QuantNetLibrary.Version,
        QuantNetLibrary.InterfaceVersion,
        QuantNetLibrary.Path,
        RuntimeInformation.FrameworkDescription,
        RuntimeInformation.OSDescription,
        RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant());

    /// <summary>Why the CPU cannot be opened without options, which it always can unless the environment is wrong; else none.</summary>
    public static IReadOnlyList<string> Problems()
    {
        using QuantDevice? cpu = TryOpen("cpu", out string refusal);
        return cpu is null ? [refusal] : [];
    }

    public static IReadOnlyList<DeviceStatus> Devices()
    {
        using QuantDevice? automatic = TryOpen("auto", out _);

        // Those that cannot be had say why, and the first one that there is none.
        int gpus = Math.Max(1, QuantDevice.GpuCount);
        return
        [
            Describe("cpu", automatic?.Name),
            .. Enumerable.Range(0, gpus).Select(index => Describe($"cuda:{index}", automatic?.Name)),
        ];
    }

    public static IReadOnlyList<InstructionSetStatus> InstructionSets()
    {
        using QuantDevice? cpu = TryOpen("cpu", out _);
        return
        [
            .. QuantDevice.InstructionSets.Select(set => new InstructionSetStatus(
                set.Name,
                set.Available,
                set.InstructionSet == cpu?.InstructionSet,
                WhyNot(set, cpu))),
        ];
    }

    private static string WhyNot(InstructionSetInfo set, QuantDevice? cpu) =>
        !set.Available ? set.Reason
        : cpu is null || set.InstructionSet == cpu.InstructionSet ? ""
        : set.InstructionSet < cpu.InstructionSet ? $"{DeviceFacts.NameOf(cpu.InstructionSet)} is better"
        : "QUANTNET_ISA asks for a lower one";

    /// <summary>A device as it is when it is opened, with what the environment asks for.</summary>
    private static DeviceStatus Describe(string name, string? chosen)
    {
        using QuantDevice? opened = TryOpen(name, out string refusal);
        return opened is null
            ? new DeviceStatus(name, Available: false, Chosen: false, refusal, Gpu: null)
            : new DeviceStatus(name, Available: true, opened.Name == chosen, opened.Description, GpuFacts.Of(opened.Info));
    }

    private static QuantDevice? TryOpen(string name, out string refusal)
    {
        try
        {
            refusal = "";
            return QuantDevice.Open(name);
        }
        catch (Exception refused) when (refused is QuantNetException or PlatformNotSupportedException or OutOfMemoryException)
        {
            refusal = refused.Message;
            return null;
        }
    }
}
