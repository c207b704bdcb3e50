namespace Quant.Net.Tool.Output;

/// <summary>A device as results name it.</summary>
internal sealed record DeviceFacts(string Name, string Kind, string Description, string? InstructionSet, int Threads)
{
    public static DeviceFacts Of(QuantDevice device) => new(
        device.Name,
        NameOf(device.Kind),
        device.Description,
        NameOf(device.InstructionSet),
        device.Threads);

    public static DeviceFacts Of(QuantDeviceInfo device) => new(
        device.Name,
        NameOf(device.Kind),
        device.Description,
        NameOf(device.InstructionSet),
        device.Threads);

    /// <summary>The name of an instruction set as <c>--isa</c> takes it; null for a device that has none.</summary>
    public static string? NameOf(InstructionSet set) =>
        QuantDevice.InstructionSets.FirstOrDefault(known => known.InstructionSet == set)?.Name;

    private static string NameOf(QuantDeviceKind kind) => kind.ToString().ToLowerInvariant();
}
