using Quant.Net.IO;
using Quant.Net.Ranks;
using Quant.Net.Safetensors;

namespace Quant.Net.Verification;

/// <summary>
/// Compares layers with <c>config.json</c>, for the kinds of models whose layers are known (<see cref="ArchitectureShapes"/>). Others
/// only have to have layers at all; their shapes are compared with each other elsewhere.
/// </summary>
internal static class ConfigShapes
{
    // Of models of text, and of the text in those of pictures too, as they were and are named.
    private static readonly string[] Prefixes = ["model.layers.", "language_model.model.layers.", "model.language_model.layers."];

    /// <summary>What is missing, and what has another shape than expected; a line each.</summary>
    public static IEnumerable<string> Check(SafetensorsModel model, IReadOnlyList<PackedModule> modules)
    {
        // The settings of a rank are those of the whole.
        if (RankMark.Find(model) is not null || model.Config is not { } config)
        {
            return [];
        }

        if (CheckWhole(model, config) && !model.Tensors.Any(tensor => tensor.Name.Any(char.IsAsciiDigit)))
        {
            // Architectures call their layers by many names, and all number them.
            return [ErrorText.Invariant(
                $"{ErrorText.EscapePath(model.Path)}: found 0 tensors of layers, expected {ErrorText.Count(config.LayerCount!.Value, "layer")} as {ModelConfig.FileName} says")];
        }

        if (ArchitectureShapes.Of(config) is not { } architecture)
        {
            return [];
        }

        string prefix = Prefixes.FirstOrDefault(start => model.Tensors.Any(tensor => tensor.Name.StartsWith(start, StringComparison.Ordinal))) ?? Prefixes[0];
        SortedSet<long> layers = [.. model.Tensors.Select(tensor => LayerOf(tensor.Name, prefix)).Where(layer => layer >= 0)];
        IEnumerable<string> shapes = WrongShapes(model, modules, architecture, prefix);
        return CheckWhole(model, config) && layers.Count > 0
            ? [.. MissingLayers(config, layers, architecture.MoreLayers), .. layers.SelectMany(layer => Missing(model, ErrorText.Invariant($"{prefix}{layer}."), architecture)), .. shapes]
            : shapes;
    }

    private static IEnumerable<string> WrongShapes(
        SafetensorsModel model, IReadOnlyList<PackedModule> modules, ArchitectureShapes architecture, string prefix)
    {
        Dictionary<string, (string Path, IReadOnlyList<long> Shape)> found = new(StringComparer.Ordinal);
        foreach (SafetensorsTensor tensor in model.Tensors)
        {
            found.TryAdd(tensor.Name, (tensor.File.Path, tensor.Shape));
        }

        foreach (PackedModule module in modules)
        {
            found[module.WeightName] = (module.Arrays.Codes.File.Path, module.Shape);
        }

        var wrong =
            from weight in found
            let layer = LayerOf(weight.Key, prefix)
            where layer >= 0
            let key = FamilyTable.KeyOf(weight.Key[(weight.Key.IndexOf('.', prefix.Length) + 1)..])
            where architecture.Weights.TryGetValue(key, out ExpectedShape? expected) && !expected.Fits(weight.Value.Shape)
            group weight by (Layer: layer, Key: key) into alike   // experts: there may be thousands
            orderby alike.Key.Layer
            select alike;
        return wrong.Select(alike =>
        {
            (string name, (string path, IReadOnlyList<long> shape)) = alike.First();
            string others = alike.Count() > 1 ? ErrorText.Invariant($" (and {alike.Count() - 1} more experts)") : "";
            return ErrorText.Invariant(
                $"{ErrorText.EscapePath(path)}: {ErrorText.Quote(name)} is [{string.Join(", ", shape)}]{others}, expected [{architecture.Weights[alike.Key.Key]}] as {ModelConfig.FileName} says");
        });
    }

    // A file that is opened alone is a part of something.
    private static bool CheckWhole(SafetensorsModel model, ModelConfig config) =>
        config.LayerCount > 0 && model.MissingFiles.Count == 0 && (model.IndexPath is not null || Directory.Exists(model.Path));

    private static IEnumerable<string> MissingLayers(ModelConfig config, SortedSet<long> layers, long more)
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

        if (layers.Max is var last && last - more >= config.LayerCount)
        {
            yield return ErrorText.Invariant($"{ErrorText.EscapePath(config.Path)}: there is a layer {last}, expected {config.LayerCount} layers");
        }
    }

    private static IEnumerable<string> Missing(SafetensorsModel model, string layer, ArchitectureShapes architecture)
    {
        string[] codes = [".weight", ".qweight", ".weight_packed"];
        foreach ((string weight, _) in architecture.Weights.Where(weight => weight.Value.IsRequired))
        {
            string module = layer + weight[..^codes[0].Length];
            if (!codes.Any(part => model.Tensors.Contains(module + part)))
            {
                yield return $"{ErrorText.EscapePath(model.Path)}: {ErrorText.Quote(module)} is missing: there is neither {string.Join(" nor ", codes)}";
            }
        }
    }

    private static long LayerOf(string name, string prefix)
    {
        int end = name.StartsWith(prefix, StringComparison.Ordinal) ? name.IndexOf('.', prefix.Length) : -1;
        return end > 0 && int.TryParse(name.AsSpan(prefix.Length, end - prefix.Length), System.Globalization.NumberStyles.None, null, out int layer) ? layer : -1;
    }
}
