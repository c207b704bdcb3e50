using Quant.Net.Gguf;
using Quant.Net.Safetensors;
using Quant.Net.Tool.CommandLine;

namespace Quant.Net.Tool.Inspect;

/// <summary>Collects what <c>inspect</c> shows of a safetensors model.</summary>
internal static class SafetensorsSurvey
{
    // Of zero points and scales: enough for several gigabytes of weights, or a look at those of each module.
    private const long MostScaleBytes = 64 << 20;

    /// <summary>Describes a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tensors">Those of its tensors that are of interest.</param>
    /// <param name="place">The memory that they may fit into, or null.</param>
    public static InspectResult Describe(SafetensorsModel model, IReadOnlyList<SafetensorsTensor> tensors, FitPlace? place)
    {
        (Totals selected, IReadOnlyList<TypeFacts> types) = TensorSums.Of(tensors);
        // What is wrong with a module is worth knowing, and no reason to show nothing.
        var survey = PackedModuleSurvey.Of(model);
        IReadOnlyList<PackedModule> modules = survey.Modules;
        if (place is not null && !survey.IsComplete)
        {
            throw new ToolException($"--fit: what its weights take decoded is not known: {survey.Faults[0]}");
        }

        if (place is not null && modules.Count == 0 && model.Quantization is { } unknown)
        {
            throw new ToolException(
                $"{model.Path}: --fit: it says that it is quantized ({unknown.Method ?? unknown.Source}), and what its weights take decoded is not known");
        }

        Dictionary<SafetensorsFile, int> places = model.Files.Select((file, i) => (file, i)).ToDictionary(p => p.file, p => p.i);
        return new InspectResult(
            "safetensors",
            null,
            model.Config?.ModelType ?? model.Config?.Architecture,
            null,
            [.. model.Files.Select(file => new FileFacts(file.Path, file.Length, null, file.DataOffset))],
            model.Files.Sum(file => file.Length),
            model.Tensors.Count,
            [.. model.Files.SelectMany(file => file.Metadata).Distinct().Select(Describe)],
            selected,
            place is null ? null : FitFacts.Of(ModelMemory.Of(tensors, modules), place),
            model.Quantization is { } quantization ? Describe(quantization) : null,
            PackedFacts.Of(tensors, modules),
            types,
            [.. tensors.Select(tensor => Describe(tensor, places[tensor.File]))],
            [.. model.Warnings, .. survey.Faults, .. survey.Warnings, .. ModelVerifier.CheckScales(model, modules, MostScaleBytes)]);
    }

    private static MetadataFacts Describe(KeyValuePair<string, string> entry) =>
        new(entry.Key, "string", null, null, new MetadataValue(GgufValue.FromString(entry.Value), int.MaxValue), null);

    private static QuantizationFacts Describe(QuantizationConfig quantization) => new(
        quantization.Source,
        quantization.Method,
        quantization.Bits,
        quantization.GroupSize,
        quantization.IsSymmetric,
        quantization.IsActOrder,
        quantization.CheckpointFormat);

    private static TensorFacts Describe(SafetensorsTensor tensor, int file) => new(
        tensor.Name, tensor.Type.ToString(), tensor.Shape, tensor.ElementCount, tensor.ByteLength, file, tensor.FileOffset, null);
}
