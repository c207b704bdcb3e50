using System.Text.Json.Serialization;
using Quant.Net.Gguf;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Inspect;

/// <summary>What <c>quantnet inspect</c> found. The metadata are views into the file, which must stay open.</summary>
internal sealed record InspectResult(
    string Container,
    int? Version,
    string? Architecture,
    string? Name,
    IReadOnlyList<FileFacts> Files,
    long FileBytes,
    int TensorCount,
    IReadOnlyList<MetadataFacts> Metadata,
    Totals Selected,
    FitFacts? Fit,
    QuantizationFacts? Quantization,
    PackedFacts? Packed,
    IReadOnlyList<TypeFacts> Types,
    IReadOnlyList<TensorFacts> Tensors,
    IReadOnlyList<string> Warnings)
{
    [JsonPropertyOrder(-1)]
    public int Schema => ResultJson.Schema;
}

/// <summary>A file of the model.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Alignment">What the offsets of its tensors are multiples of; null where the container asks for nothing.</param>
/// <param name="DataOffset">Where its tensors' data begin.</param>
internal sealed record FileFacts(string Path, long Bytes, long? Alignment, long DataOffset);

/// <summary>How a model says it was quantized. What it does not say is null.</summary>
/// <param name="Source">The file that says it, and the key in it.</param>
/// <param name="Method">The method: <c>gptq</c>, <c>awq</c>, ...</param>
/// <param name="Bits">Bits of a packed weight.</param>
/// <param name="GroupSize">Weights that share a scale; -1: all of a column.</param>
/// <param name="Symmetric">Whether zero points say nothing.</param>
/// <param name="ActOrder">Whether columns are in the order of their activations.</param>
/// <param name="CheckpointFormat">How the packed tensors are laid out.</param>
internal sealed record QuantizationFacts(
    string Source, string? Method, int? Bits, int? GroupSize, bool? Symmetric, bool? ActOrder, string? CheckpointFormat);

/// <summary>An entry of the metadata.</summary>
internal sealed record MetadataFacts(string Key, string Type, string? ElementType, int? Count, MetadataValue Value, bool? Shortened);

/// <summary>A value, with the number of elements of an array to show.</summary>
[JsonConverter(typeof(MetadataValueConverter))]
internal sealed record MetadataValue(GgufValue Value, int Limit);

/// <summary>Sums over the tensors that were asked for.</summary>
/// <param name="Tensors">How many there are.</param>
/// <param name="Parameters">Their values.</param>
/// <param name="BitsPerWeight">Bits of the file for one value.</param>
/// <param name="PackedBytes">What they take as they are.</param>
/// <param name="F16Bytes">What they take with all but integers decoded to 16 bits.</param>
/// <param name="F32Bytes">What they take with all but integers decoded to 32 bits.</param>
internal sealed record Totals(int Tensors, long Parameters, double BitsPerWeight, long PackedBytes, long F16Bytes, long F32Bytes);

/// <summary>Sums over the tensors of one type.</summary>
/// <param name="Type">The type's name.</param>
/// <param name="Tensors">How many there are.</param>
/// <param name="Parameters">Their values.</param>
/// <param name="BitsPerWeight">Bits for one value.</param>
/// <param name="Bytes">What they take.</param>
/// <param name="Share">Their share of all bytes, 0 to 1.</param>
internal sealed record TypeFacts(string Type, int Tensors, long Parameters, double BitsPerWeight, long Bytes, double Share);

/// <summary>A tensor.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type's name.</param>
/// <param name="Shape">Its dimensions as the file gives them: in GGUF the length of a row first, in safetensors last.</param>
/// <param name="Parameters">Its values.</param>
/// <param name="Bytes">What it takes.</param>
/// <param name="File">The place of its file in the list of files.</param>
/// <param name="Offset">Where its data begin in that file.</param>
/// <param name="Scale">The tensor of scales that goes with it, or null.</param>
internal sealed record TensorFacts(
    string Name,
    string Type,
    IReadOnlyList<long> Shape,
    long Parameters,
    long Bytes,
    int File,
    long Offset,
    string? Scale);
