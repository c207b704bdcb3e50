using System.Text.Json.Serialization;
using Quant.Net.Gguf;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Split;

/// <summary>What <c>quantnet split</c> or <c>quantnet merge</c> did.</summary>
/// <param name="Input">The model that was read.</param>
/// <param name="Outputs">The files that were written.</param>
/// <param name="Tensors">The number of tensors written.</param>
/// <param name="BytesWritten">Bytes of the files written.</param>
/// <param name="Seconds">The time it took.</param>
/// <param name="Warnings">What is odd about the model, and worth knowing about the output.</param>
internal sealed record CopyReport(
    string Input, IReadOnlyList<string> Outputs, int Tensors, long BytesWritten, double Seconds, IReadOnlyList<string> Warnings)
{
    [JsonPropertyOrder(-1)]
    public int Schema => ResultJson.Schema;

    public static CopyReport Of(string input, GgufFile model, CopyResult result) =>
        new(input, result.Files, result.TensorCount, result.OutputBytes, result.Elapsed.TotalSeconds,
            [.. model.Warnings, .. result.Warnings]);
}
