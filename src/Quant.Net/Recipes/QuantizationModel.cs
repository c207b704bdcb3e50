using Quant.Net.Gguf;
using Quant.Net.IO;
using Quant.Net.Quantization;
using Quant.Net.Recipes;
using Quant.Net.Safetensors;

namespace Quant.Net;

/// <summary>What a plan has to know of a model.</summary>
public sealed class QuantizationModel
{
    /// <summary>Its architecture as GGUF names it, such as "llama"; null or any other name: it is planned by names and shapes alone.</summary>
    public string? Architecture { get; init; }

    /// <summary>Layers, all kinds together (<c>block_count</c>). Null: as many as the names of tensors tell.</summary>
    public int? LayerCount { get; init; }

    /// <summary>Heads of the first layer's attention (<c>attention.head_count</c>); 0: not known.</summary>
    public int HeadCount { get; init; }

    /// <summary>Its heads of keys and values (<c>attention.head_count_kv</c>); null: as many as <see cref="HeadCount"/>.</summary>
    public int? KeyValueHeadCount { get; init; }

    /// <summary>Experts of a layer (<c>expert_count</c>); 0: the model has none.</summary>
    public int ExpertCount { get; init; }

    /// <summary>Its tensors, in the order of its files.</summary>
    public required IReadOnlyList<TensorDescription> Tensors { get; init; }

    /// <summary>How messages name it.</summary>
    internal string ShownName { get; private init; } = "model";

    /// <summary>Whether its tensors have the names of a checkpoint, and not those of GGUF, whatever its architecture.</summary>
    internal bool HasForeignNames { get; private init; }

    /// <summary>Whether it is a safetensors model, whose settings do not say what metadata do.</summary>
    internal bool IsSafetensors { get; private init; }

    /// <summary>Whether llama-quantize knows it.</summary>
    internal bool IsKnown => !HasForeignNames && !IsSafetensors && KnownArchitectures.Contains(Architecture);

    /// <summary>How many heads share their keys and values.</summary>
    internal int HeadsPerKeyValueHead => (KeyValueHeadCount ?? HeadCount) is > 0 and int keyValues ? HeadCount / keyValues : 0;

    /// <summary>Reads what its metadata say.</summary>
    /// <param name="model">The model. None of its weights is read.</param>
    /// <returns>The description.</returns>
    /// <exception cref="ModelFormatException">The architecture is known and its number of layers is missing.</exception>
    public static QuantizationModel Of(GgufFile model)
    {
        ArgumentNullException.ThrowIfNull(model);
        string? architecture = model.Architecture;
        int? Number(string key) => architecture is null ? null : FirstNumber(model.Metadata, $"{architecture}.{key}");
        int? layers = Number("block_count");
        bool lacksLayers = layers is null && KnownArchitectures.HasLayers(architecture);
        bool hasForeignNames = lacksLayers && !model.Tensors.Any(tensor => LayerNames.AreOfGguf(tensor.Name));   // as PlainCheckpoint leaves them
        if (lacksLayers && !hasForeignNames)
        {
            throw ModelFormatException.In(
                model.Parts[0].Path, $"has no usable {architecture}.block_count, expected the number of layers");
        }

        return new QuantizationModel
        {
            ShownName = model.ShownPath,
            HasForeignNames = hasForeignNames,
            Architecture = architecture,
            LayerCount = layers,
            HeadCount = Number("attention.head_count") ?? 0,
            KeyValueHeadCount = Number("attention.head_count_kv"),
            ExpertCount = Number("expert_count") ?? 0,
            Tensors = [.. model.Tensors.Select(TensorDescription.Of)],
        };
    }

    /// <summary>Describes a safetensors model. Its settings are not those that GGUF has, and so it is planned by names and shapes alone.</summary>
    /// <param name="model">The model. None of its weights is read.</param>
    /// <returns>The description.</returns>
    /// <exception cref="ArgumentException">Files of the model are missing.</exception>
    /// <exception cref="NotSupportedException">The model is packed, or has tensors that GGUF cannot have.</exception>
    public static QuantizationModel Of(SafetensorsModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        PlainCheckpoint.Require(model);
        ModelConfig? config = model.Config;
        return new QuantizationModel
        {
            ShownName = ErrorText.EscapePath(model.Path),
            IsSafetensors = true,
            HasForeignNames = !model.Tensors.Any(tensor => LayerNames.AreOfGguf(tensor.Name)),
            Architecture = PlainCheckpoint.ArchitectureOf(model),
            LayerCount = Number(config?.LayerCount),
            HeadCount = Number(config?.HeadCount) ?? 0,
            KeyValueHeadCount = Number(config?.KeyValueHeadCount),
            ExpertCount = Number(config?.Size("num_local_experts") ?? config?.Size("num_experts") ?? config?.Size("n_routed_experts")) ?? 0,
            Tensors = [.. model.Tensors.Select(tensor => new TensorDescription(tensor.Name, tensor.Format!.Value, tensor.Shape))],
        };

        static int? Number(long? value) => value is >= 0 and <= int.MaxValue ? (int)value : null;
    }

    /// <summary>A number, or the first of an array with one for each layer; null if it is missing or none of ours.</summary>
    private static int? FirstNumber(GgufMetadata metadata, string key) =>
        !metadata.TryGetValue(key, out GgufValue? value) ? null
        : (value is { IsArray: true, Count: > 0 } ? value[0] : value) is { IsArray: false } scalar && scalar.TryGet(out int number) && number >= 0
        ? number
        : null;
}
