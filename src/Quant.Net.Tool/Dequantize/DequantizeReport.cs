using System.Text.Json.Serialization;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Dequantize;

/// <summary>What <c>quantnet dequantize</c> did.</summary>
/// <param name="Input">The model that was read.</param>
/// <param name="Outputs">The files that were written.</param>
/// <param name="Container"><c>safetensors</c> or <c>gguf</c>.</param>
/// <param name="Type">The type of the weights: <c>f32</c>, <c>f16</c>, <c>bf16</c>.</param>
/// <param name="Tensors">The number of tensors written.</param>
/// <param name="Parameters">Their values.</param>
/// <param name="BytesRead">Packed bytes read.</param>
/// <param name="BytesWritten">Bytes of the files written, without an index.</param>
/// <param name="BytesResumed">Bytes of tensor data in them that an interrupted run had left.</param>
/// <param name="Seconds">The time it took.</param>
/// <param name="Device">The device that decoded.</param>
/// <param name="Kernels">The kernels that did the work.</param>
/// <param name="Warnings">What is worth knowing about the result.</param>
internal sealed record DequantizeReport(
    string Input,
    IReadOnlyList<string> Outputs,
    string Container,
    string Type,
    int Tensors,
    long Parameters,
    long BytesRead,
    long BytesWritten,
    long BytesResumed,
    double Seconds,
    DeviceFacts Device,
    IReadOnlyList<string> Kernels,
    IReadOnlyList<string> Warnings)
{
    [JsonPropertyOrder(-1)]
    public int Schema => ResultJson.Schema;
}
