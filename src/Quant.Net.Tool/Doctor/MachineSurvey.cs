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

    public static IReadOnlyList<DeviceStatus> Devices()
    {
        using QuantDevice automatic = QuantDevice.Open("auto");
        List<DeviceStatus> devices =
        [
            .. QuantDevice.Enumerate().Select(device =>
                new DeviceStatus(device.Name, true, device.Name == automatic.Name, device.Description)),
        ];
        if (devices.All(device => !device.Name.StartsWith("cuda", StringComparison.Ordinal)))
        {
            devices.Add(new DeviceStatus("cuda:0", false, false, WhyNot("cuda:0")));
        }

        return devices;
    }

    public static IReadOnlyList<InstructionSetStatus> InstructionSets()
    {
        using QuantDevice cpu = QuantDevice.Open("cpu");
        return
        [
            .. QuantDevice.InstructionSets.Select(set => new InstructionSetStatus(
                set.Name,
                set.Available,
                set.InstructionSet == cpu.InstructionSet,
                !set.Available ? set.Reason
                    : set.InstructionSet == cpu.InstructionSet ? ""
                    : set.InstructionSet < cpu.InstructionSet ? $"{DeviceFacts.NameOf(cpu.InstructionSet)} is better"
                    : "QUANTNET_ISA asks for a lower one")),
        ];
    }

    private static string WhyNot(string device)
    {
        try
        {
            using QuantDevice opened = QuantDevice.Open(device);
            return opened.Description;
        }
        catch (Exception refused) when (refused is QuantNetException or PlatformNotSupportedException)
        {
            return refused.Message;
        }
    }
}
