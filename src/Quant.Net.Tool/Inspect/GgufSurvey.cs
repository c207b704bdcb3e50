using Quant.Net.Gguf;

namespace Quant.Net.Tool.Inspect;

/// <summary>Collects what <c>inspect</c> shows of a GGUF model.</summary>
internal static class GgufSurvey
{
    /// <summary>Describes a model.</summary>
    /// <param name="model">The model, open for as long as the result is in use.</param>
    /// <param name="tensors">Those of its tensors that are of interest.</param>
    /// <param name="arrayLimit">The number of elements to keep of an array in the metadata.</param>
    /// <param name="place">The memory that they may fit into, or null.</param>
    public static InspectResult Describe(GgufFile model, IReadOnlyList<GgufTensor> tensors, int arrayLimit, FitPlace? place)
    {
        (Totals selected, IReadOnlyList<TypeFacts> types) = TensorSums.Of(tensors);
        Dictionary<GgufPart, int> places = model.Parts.Select((part, i) => (part, i)).ToDictionary(p => p.part, p => p.i);
        return new InspectResult(
            "gguf",
            model.Version,
            model.Architecture,
            model.Metadata.TryGetString("general.name", out string? name) ? name : null,
            [.. model.Parts.Select(part => new FileFacts(part.Path, part.Length, part.Alignment, part.DataOffset))],
            model.Parts.Sum(part => part.Length),
            model.Tensors.Count,
            [.. model.Metadata.Select(entry => Describe(entry.Key, entry.Value, arrayLimit))],
            selected,
            place is null ? null : FitFacts.Of(ModelMemory.Of(tensors), place),
            null,
            null,
            types,
            [.. tensors.Select(tensor => Describe(tensor, places[tensor.Part], model))],
            model.Warnings);
    }

    /// <summary>An entry of the metadata, with so many elements of an array.</summary>
    public static MetadataFacts Describe(string key, GgufValue value, int arrayLimit) => new(
        key,
        NameOf(value.Type),
        value.ElementType is { } element ? NameOf(element) : null,
        value.IsArray ? value.Count : null,
        new MetadataValue(value, arrayLimit),
        value.IsArray ? value.Count > arrayLimit : null);

    private static TensorFacts Describe(GgufTensor tensor, int file, GgufFile model) => new(
        tensor.Name,
        tensor.FormatName,
        tensor.Dimensions,
        tensor.ElementCount,
        tensor.ByteLength,
        file,
        tensor.FileOffset,
        model.Tensors.FindScale(tensor)?.Name);

    /// <summary>The name of a metadata type, such as <c>uint32</c>.</summary>
    public static string NameOf(GgufValueType type) => type.ToString().ToLowerInvariant();
}
