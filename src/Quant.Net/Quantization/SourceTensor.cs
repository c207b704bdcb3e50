using Quant.Net.Gguf;
using Quant.Net.IO;
using Quant.Net.Safetensors;

namespace Quant.Net.Quantization;

/// <summary>A tensor that is to be quantized or copied, whatever its container.</summary>
/// <param name="Stored">Reads its bytes.</param>
/// <param name="Path">Its file.</param>
/// <param name="Part">Which file of the model that is, from 0.</param>
/// <param name="Dimensions">Its dimensions as GGUF has them, innermost first.</param>
/// <param name="Type">The number of its type in GGUF.</param>
internal sealed record SourceTensor(IStoredTensor Stored, string Path, int Part, long[] Dimensions, uint Type)
{
    public static SourceTensor Of(GgufTensor tensor, int part) =>
        new(tensor, tensor.Part.Path, part, [.. tensor.Dimensions], tensor.TypeNumber);

    /// <summary>A tensor of a type that GGUF has too. A single number becomes a vector of one.</summary>
    public static SourceTensor Of(SafetensorsTensor tensor, int part) => new(
        tensor, tensor.File.Path, part, tensor.Shape.Count == 0 ? [1] : [.. tensor.Shape.Reverse()], (uint)tensor.Format!.Value);

    /// <summary>File and name, for the beginning of a message.</summary>
    public string Place => $"{ErrorText.EscapePath(Path)}: tensor {ErrorText.Quote(Stored.Name)}";
}
