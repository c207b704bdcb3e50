using Quant.Net.IO;
using Quant.Net.Ranks;
using Quant.Net.Safetensors;

namespace Quant.Net.Verification;

/// <summary>
/// Compares shapes with <c>config.json</c>, for the kinds of models whose layers are as in Llama. Others say it in other ways, and their
/// shapes are only compared with each other.
/// </summary>
internal static class ConfigShapes
{
    private const string Layers = "model.layers.";
    private const long AnyLength = -1;

    private static readonly HashSet<string> Kinds = new(["llama", "mistral", "qwen2", "qwen3"], StringComparer.Ordinal);

    /// <summary>What is missing, and what has another shape than expected; a line each.</summary>
    public static IEnumerable<string> Check(SafetensorsModel model, IReadOnlyList<PackedModule> modules)
    {
        // The settings of a rank are those of the whole.
        if (RankMark.Find(model) is not null || model.Config is not { ModelType: { } kind, HiddenSize: { } hidden and > 0 } config || !Kinds.Contains(kind))
        {
            return [];
        }

        Dictionary<string, (string Path, IReadOnlyList<long> Shape)> found = new(StringComparer.Ordinal);
        foreach (SafetensorsTensor tensor in model.Tensors)
        {
            found.TryAdd(tensor.Name, (tensor.File.Path, tensor.Shape));
        }

        foreach (PackedModule module in modules)
        {
            found[module.WeightName] = (module.Arrays.Codes.File.Path, module.Shape);
        }

        SortedSet<long> layers = [.. model.Tensors.Select(tensor => LayerOf(tensor.Name)).Where(layer => layer >= 0)];
        Dictionary<string, long[]> expected = Expected(config, hidden);
        return CheckWhole(model, config)
            ? [.. MissingLayers(config, layers), .. layers.SelectMany(layer => Missing(model, layer, expected.Keys)), .. Shapes()]
            : Shapes();

        IEnumerable<string> Shapes() =>
            from layer in layers
            from weight in expected
            let name = ErrorText.Invariant($"{Layers}{layer}.{weight.Key}")
            where found.TryGetValue(name, out (string, IReadOnlyList<long> Shape) there) && !Fits(there.Shape, weight.Value)
            let place = found[name]
            select ErrorText.Invariant(
                $"{ErrorText.EscapePath(place.Path)}: {ErrorText.Quote(name)} is [{string.Join(", ", place.Shape)}], expected [{Text(weight.Value)}] as {ModelConfig.FileName} says");
    }

    private static Dictionary<string, long[]> Expected(ModelConfig config, long hidden)
    {
        long size = config.HeadSize ?? (config.HeadCount is { } count and > 0 ? hidden / count : AnyLength);
        long queries = Times(config.HeadCount, size), keys = Times(config.KeyValueHeadCount ?? config.HeadCount, size);
        long inner = config.IntermediateSize ?? AnyLength;
        return new(StringComparer.Ordinal)
        {
            ["self_attn.q_proj.weight"] = [queries, hidden],
            ["self_attn.k_proj.weight"] = [keys, hidden],
            ["self_attn.v_proj.weight"] = [keys, hidden],
            ["self_attn.o_proj.weight"] = [hidden, queries],
            ["mlp.gate_proj.weight"] = [inner, hidden],
            ["mlp.up_proj.weight"] = [inner, hidden],
            ["mlp.down_proj.weight"] = [hidden, inner],
            ["input_layernorm.weight"] = [hidden],
            ["post_attention_layernorm.weight"] = [hidden],
        };
    }

    private static long Times(long? heads, long size) =>
        heads is { } count && size > 0 && count <= long.MaxValue / size ? count * size : AnyLength;

    // A file that is opened alone is a part of something.
    private static bool CheckWhole(SafetensorsModel model, ModelConfig config) =>
        config.LayerCount > 0 && model.MissingFiles.Count == 0 && (model.IndexPath is not null || Directory.Exists(model.Path))
        && model.Tensors.Any(tensor => tensor.Name.StartsWith(Layers, StringComparison.Ordinal));

    private static IEnumerable<string> MissingLayers(ModelConfig config, SortedSet<long> layers)
    {
        long next = 0;
        foreach (long layer in layers.Append(config.LayerCount!.Value))
        {
            if (layer > next)
            {
                string which = layer == next + 1 ? ErrorText.Invariant($"layer {next} is") : ErrorText.Invariant($"layers {next} to {layer - 1} are");
                yield return ErrorText.Invariant($"{ErrorText.EscapePath(config.Path)}: {which} missing, expected {config.LayerCount} layers");
            }

            next = Math.Max(next, layer + 1);
        }

        if (layers.Max is var last && last >= config.LayerCount)
        {
            yield return ErrorText.Invariant($"{ErrorText.EscapePath(config.Path)}: there is a layer {last}, expected {config.LayerCount} layers");
        }
    }

    private static IEnumerable<string> Missing(SafetensorsModel model, long layer, IEnumerable<string> weights)
    {
        string[] codes = [".weight", ".qweight", ".weight_packed"];
        foreach (string weight in weights)
        {
            string module = ErrorText.Invariant($"{Layers}{layer}.{weight[..^codes[0].Length]}");
            if (!codes.Any(part => model.Tensors.Contains(module + part)))
            {
                yield return $"{ErrorText.EscapePath(model.Path)}: {ErrorText.Quote(module)} is missing: there is neither {string.Join(" nor ", codes)}";
            }
        }
    }

    private static bool Fits(IReadOnlyList<long> shape, long[] expected) =>
        shape.Count == expected.Length && shape.Zip(expected).All(pair => pair.Second == AnyLength || pair.First == pair.Second);

    private static string Text(long[] shape) => string.Join(", ", shape.Select(length => length == AnyLength ? "any" : ErrorText.Invariant($"{length}")));

    private static long LayerOf(string name)
    {
        if (!name.StartsWith(Layers, StringComparison.Ordinal))
        {
            return -1;
        }

        int end = name.IndexOf('.', Layers.Length);
        return end > 0 && int.TryParse(name.AsSpan(Layers.Length, end - Layers.Length), System.Globalization.NumberStyles.None, null, out int layer) ? layer : -1;
    }
}
