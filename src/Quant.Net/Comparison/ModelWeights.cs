using Quant.Net.Comparison;
using Quant.Net.Gguf;
using Quant.Net.IO;
using Quant.Net.Modules;
using Quant.Net.Safetensors;

namespace Quant.Net;

/// <summary>The weights of a model of any kind, by the names that they have decoded. The model must stay open.</summary>
public sealed class ModelWeights
{
    private readonly Dictionary<string, ComparedWeight> _byName = new(StringComparer.Ordinal);
    private readonly List<ComparedWeight> _weights = [];

    private ModelWeights(string path, IEnumerable<ComparedWeight> weights, IReadOnlyList<string> warnings)
    {
        (Path, Warnings) = (path, warnings);
        foreach (ComparedWeight weight in weights)
        {
            // A packed module and a plain tensor may claim one name; the module is what the model computes with, and comes first.
            if (_byName.TryAdd(weight.Name, weight))
            {
                _weights.Add(weight);
            }
        }
    }

    /// <summary>The model.</summary>
    public string Path { get; }

    /// <summary>What is odd about the model, and packed modules that cannot be read, each in one line.</summary>
    public IReadOnlyList<string> Warnings { get; }

    internal IReadOnlyList<ComparedWeight> Weights => _weights;

    /// <summary>The tensors of a GGUF model.</summary>
    /// <param name="model">The model.</param>
    public static ModelWeights Of(GgufFile model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return new ModelWeights(model.Parts[0].Path, model.Tensors.Select(ComparedWeight.Of), model.Warnings);
    }

    /// <summary>The packed modules of a safetensors model as the weights that they decode to, and its other tensors.</summary>
    /// <param name="model">The model.</param>
    /// <param name="cancellationToken">Ends the search for modules.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static ModelWeights Of(SafetensorsModel model, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        var survey = PackedModuleSurvey.Of(model, cancellationToken: cancellationToken);
        var packed = survey.Modules.SelectMany(module => module.Tensors).ToHashSet();
        return new ModelWeights(
            model.Path,
            [.. survey.Modules.Select(ComparedWeight.Of), .. model.Tensors.Where(tensor => !packed.Contains(tensor)).Select(ComparedWeight.Of)],
            [.. model.Warnings, .. survey.Faults, .. survey.Warnings]);
    }

    /// <summary>The model for a reader.</summary>
    public override string ToString() => $"{ErrorText.EscapePath(Path)}: {ErrorText.Count(_weights.Count, "tensor")}";

    internal ComparedWeight? Find(string name) => _byName.GetValueOrDefault(name);
}
