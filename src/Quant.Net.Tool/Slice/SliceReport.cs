using System.Text.Json.Serialization;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Slice;

/// <summary>What <c>quantnet slice</c> or <c>quantnet concat</c> did.</summary>
/// <param name="Inputs">The models that were read.</param>
/// <param name="Outputs">The files that were written.</param>
/// <param name="Name">The module or tensor.</param>
/// <param name="Axis"><c>out</c> or <c>in</c>.</param>
/// <param name="Tensors">The number of tensors written.</param>
/// <param name="BytesWritten">Bytes of the files written.</param>
/// <param name="Seconds">The time it took.</param>
/// <param name="Warnings">What is odd about the models.</param>
internal sealed record SliceReport(
    IReadOnlyList<string> Inputs, IReadOnlyList<string> Outputs, string Name, string Axis, int Tensors, long BytesWritten, double Seconds,
    IReadOnlyList<string> Warnings)
{
    [JsonPropertyOrder(-1)]
    public int Schema => ResultJson.Schema;
}
