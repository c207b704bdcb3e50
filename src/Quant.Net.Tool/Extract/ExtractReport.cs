using System.Text.Json.Serialization;
using Quant.Net.Gguf;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Extract;

/// <summary>What <c>quantnet extract</c> did.</summary>
/// <param name="Input">The model that was read.</param>
/// <param name="Output">The file that was written.</param>
/// <param name="Tensor">The tensor's name.</param>
/// <param name="Format">The tensor's type in the model.</param>
/// <param name="Shape">Its dimensions as NumPy has them: outermost first.</param>
/// <param name="Type">The type of the decoded weights, or null if the bytes were copied.</param>
/// <param name="BytesWritten">Bytes of the file.</param>
/// <param name="Seconds">The time it took.</param>
/// <param name="Device">The device that decoded, or null.</param>
/// <param name="Kernels">The kernels that did the work.</param>
/// <param name="Warnings">What is worth knowing about the result.</param>
internal sealed record ExtractReport(
    string Input,
    string Output,
    string Tensor,
    string Format,
    IReadOnlyList<long> Shape,
    string? Type,
    long BytesWritten,
    double Seconds,
    DeviceFacts? Device,
    IReadOnlyList<string> Kernels,
    IReadOnlyList<string> Warnings)
{
    [JsonPropertyOrder(-1)]
    public int Schema => ResultJson.Schema;

    public static ExtractReport Of(string input, GgufTensor tensor, DequantizeResult result, string type, DeviceFacts device) => new(
        input, result.Files[0], tensor.Name, tensor.FormatName, tensor.Shape, type, result.OutputBytes, result.Elapsed.TotalSeconds,
        device, result.Kernels, result.Warnings);

    public static ExtractReport Of(string input, GgufTensor tensor, CopyResult result, IReadOnlyList<string> warnings) => new(
        input, result.Files[0], tensor.Name, tensor.FormatName, tensor.Shape, null, result.OutputBytes, result.Elapsed.TotalSeconds,
        null, [], warnings);
}
