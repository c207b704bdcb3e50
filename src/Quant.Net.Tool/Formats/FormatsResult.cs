using System.Text.Json.Serialization;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Formats;

/// <summary>What <c>quantnet formats</c> found.</summary>
internal sealed record FormatsResult(
    IReadOnlyList<DeviceFacts> Devices,
    IReadOnlyList<FormatFacts> Formats,
    IReadOnlyList<LayoutFacts> Layouts)
{
    [JsonPropertyOrder(-1)]
    public int Schema => ResultJson.Schema;
}

/// <summary>A format and the kernels that decode it.</summary>
internal sealed record FormatFacts(
    string Name,
    int Number,
    int ValuesPerBlock,
    int BytesPerBlock,
    int ValuesPerGroup,
    double BitsPerWeight,
    string Formula,
    IReadOnlyList<KernelFacts> Kernels);

/// <summary>A layout of packed matrices. The library does not tell which kernel decodes it before it has done so.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Number">Its number.</param>
/// <param name="Bits">How many bits a code may have.</param>
/// <param name="Formula">How a weight is computed.</param>
internal sealed record LayoutFacts(string Name, int Number, IReadOnlyList<int> Bits, string Formula);

/// <summary>How one device decodes a format to one output type.</summary>
/// <param name="Device">The device's name.</param>
/// <param name="Operation">What is done: <c>dequantize</c>.</param>
/// <param name="Output">The type of the result.</param>
/// <param name="Supported">Whether the device can do it.</param>
/// <param name="Tuned">Whether the kernel was written by hand for this format.</param>
/// <param name="Kernel">The kernel's name, or null if there is none.</param>
internal sealed record KernelFacts(string Device, string Operation, string Output, bool Supported, bool Tuned, string? Kernel);
