using System.Text.Json.Serialization;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Doctor;

/// <summary>What <c>quantnet doctor</c> found.</summary>
internal sealed record DoctorResult(
    Versions Versions,
    IReadOnlyList<DeviceStatus> Devices,
    IReadOnlyList<InstructionSetStatus> InstructionSets,
    IReadOnlyList<string> Problems,
    AnswerFacts Answers,
    IReadOnlyList<DeviceCheck> Checks,
    bool Healthy)
{
    [JsonPropertyOrder(-1)]
    public int Schema => ResultJson.Schema;
}

/// <summary>What runs here.</summary>
/// <param name="Tool">The version of this tool.</param>
/// <param name="Library">The version of the native library.</param>
/// <param name="Interface">The version of the native library's C interface.</param>
/// <param name="LibraryPath">The file that the native library was loaded from.</param>
/// <param name="Runtime">The .NET runtime.</param>
/// <param name="System">The operating system.</param>
/// <param name="Architecture">The architecture of the process.</param>
internal sealed record Versions(
    string Tool,
    string Library,
    int Interface,
    string? LibraryPath,
    string Runtime,
    string System,
    string Architecture);

/// <summary>A device, whether it can be had, and whether <c>auto</c> would take it.</summary>
/// <param name="Name">As <c>--device</c> takes it.</param>
/// <param name="Available">Whether it can be had.</param>
/// <param name="Chosen">Whether <c>auto</c> takes it.</param>
/// <param name="Description">What it is, or why it cannot be had.</param>
/// <param name="Gpu">What is known of a GPU that can be had; else null.</param>
internal sealed record DeviceStatus(string Name, bool Available, bool Chosen, string Description, GpuFacts? Gpu);

/// <summary>What is known of a GPU.</summary>
/// <param name="MemoryBytes">Its memory.</param>
/// <param name="FreeBytes">What of it was free when the device was opened.</param>
/// <param name="ComputeCapability">Such as <c>9.0</c>.</param>
/// <param name="DriverVersion">The newest CUDA that its driver knows, such as <c>12.4</c>.</param>
internal sealed record GpuFacts(long MemoryBytes, long FreeBytes, string? ComputeCapability, string? DriverVersion)
{
    /// <summary>Those of an open device; null for the CPU.</summary>
    public static GpuFacts? Of(QuantDeviceInfo device) => device.Kind == QuantDeviceKind.Cpu
        ? null
        : new GpuFacts(device.MemoryTotal, device.MemoryFree, device.ComputeCapability?.ToString(), device.DriverVersion?.ToString());
}

/// <summary>An instruction set, whether it can be had, and whether the CPU device would use it.</summary>
/// <param name="Name">As <c>--isa</c> takes it.</param>
/// <param name="Available">Whether the library has kernels for it and this machine runs them.</param>
/// <param name="Chosen">Whether the CPU device uses it when nothing else is asked for.</param>
/// <param name="Reason">Why it is not available or not chosen.</param>
internal sealed record InstructionSetStatus(string Name, bool Available, bool Chosen, string Reason);

/// <summary>The answers that the self-check compared with.</summary>
/// <param name="Source"><c>built in</c>, or the file that was named.</param>
/// <param name="Origin">Who made them.</param>
/// <param name="Formats">How many formats they cover.</param>
/// <param name="Layouts">How many layouts of packed matrices they cover.</param>
/// <param name="Encoders">How many formats they cover that numbers are encoded to.</param>
/// <param name="ByHand">The formats whose answers were worked out by hand.</param>
/// <param name="Missing">Formats of the library, and layouts with bits, that have no answer and were not checked.</param>
/// <param name="MissingEncoders">Formats with an encoder that has no answer and was not checked.</param>
internal sealed record AnswerFacts(
    string Source,
    string Origin,
    int Formats,
    int Layouts,
    int Encoders,
    IReadOnlyList<string> ByHand,
    IReadOnlyList<string> Missing,
    IReadOnlyList<string> MissingEncoders);

/// <summary>The self-check of one device with one instruction set.</summary>
internal sealed record DeviceCheck(string Device, string? InstructionSet, int Comparisons, int Passed, IReadOnlyList<Fault> Faults);

/// <summary>What did not come out as its answer.</summary>
/// <param name="Operation">What was done: <c>dequantize</c> or <c>quantize</c>.</param>
/// <param name="Format">The format's name, or the layout's with its bits, such as <c>GPTQ:4</c>.</param>
/// <param name="Output">The type that was decoded to. Null where numbers were encoded, which are float32.</param>
/// <param name="Order">The order of a matrix' results: <c>rows</c> or <c>columns</c>. Null for a format.</param>
/// <param name="Importance">Whether the encoder was given importance. Null for decoding.</param>
/// <param name="Problem">What was found and expected.</param>
internal sealed record Fault(string Operation, string Format, string? Output, string? Order, bool? Importance, string Problem);
