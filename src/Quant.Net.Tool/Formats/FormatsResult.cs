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

/// <summary>A layout of packed matrices and the kernels that decode it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Number">Its number.</param>
/// <param name="Bits">How many bits a code may have.</param>
/// <param name="Formula">How a weight is computed.</param>
/// <param name="Kernels">How each device decodes it.</param>
internal sealed record LayoutFacts(
    string Name, int Number, IReadOnlyList<int> Bits, string Formula, IReadOnlyList<MatrixKernelFacts> Kernels);

/// <summary>How one device decodes codes of some bits in a layout to one output type in one order.</summary>
/// <param name="Device">The device's name.</param>
/// <param name="Operation">What is done: <c>dequantize</c>.</param>
/// <param name="Bits">Bits of a code.</param>
/// <param name="Order">The order of the result: <c>rows</c> or <c>columns</c>.</param>
/// <param name="Output">The type of the result.</param>
/// <param name="Supported">Whether the device can do it.</param>
/// <param name="Tuned">Whether the kernel was written by hand for these bits of this layout.</param>
/// <param name="Kernel">The kernel's name, or null if there is none.</param>
internal sealed record MatrixKernelFacts(
    string Device, string Operation, int Bits, string Order, string Output, bool Supported, bool Tuned, string? Kernel);

/// <summary>How one device decodes a format to one output type.</summary>
/// <param name="Device">The device's name.</param>
/// <param name="Operation">What is done: <c>dequantize</c>.</param>
/// <param name="Output">The type of the result.</param>
/// <param name="Supported">Whether the device can do it.</param>
/// <param name="Tuned">Whether the kernel was written by hand for this format.</param>
/// <param name="Kernel">The kernel's name, or null if there is none.</param>
internal sealed record KernelFacts(string Device, string Operation, string Output, bool Supported, bool Tuned, string? Kernel);
