using Quant.Net.Gguf;
using Quant.Net.IO;
using Quant.Net.Safetensors;

namespace Quant.Net.Conversion;

/// <summary>What becomes of each tensor of a model. Everything that can be refused is refused here, before a byte is written.</summary>
internal sealed class DequantizePlan
{
    private DequantizePlan(IReadOnlyList<PlannedTensor> tensors, IReadOnlyList<string> warnings)
    {
        Tensors = tensors;
        Warnings = warnings;
    }

    public IReadOnlyList<PlannedTensor> Tensors { get; }

    public IReadOnlyList<string> Warnings { get; }

    public static DequantizePlan Make(GgufFile model, DequantizeOptions options, QuantDevice device, ModelContainer container) =>
        Make(model, TensorChoice.Choose(model, options.Include, []), options, device, container);

    public static DequantizePlan Make(
        GgufFile model, IReadOnlyCollection<GgufTensor> chosen, DequantizeOptions options, QuantDevice device, ModelContainer container)
    {
        TensorChoice.RefuseUnknown(model, chosen);

        Dictionary<GgufTensor, GgufTensor> scales = chosen
            .Where(tensor => !TensorChoice.IsInteger(tensor))
            .Select(tensor => (Weight: tensor, Scale: model.Tensors.FindScale(tensor)))
            .Where(pair => pair.Scale is not null)
            .ToDictionary(pair => pair.Weight, pair => pair.Scale!);
        var applied = options.ApplyScales ? scales.Values.ToHashSet() : [];
        TensorChoice.RefuseUnknown(model, applied);
        RefuseReservedName(model, chosen, container);
        HashSet<GgufTensor> kept = model.Tensors
            .Select(model.Tensors.FindScale).OfType<GgufTensor>()
            .Where(scale => !applied.Contains(scale)).ToHashSet();

        IEnumerable<PlannedTensor> tensors =
            from tensor in chosen
            where !applied.Contains(tensor)
            let output = OutputOf(tensor, kept.Contains(tensor), options.OutputType, container)
            let scale = options.ApplyScales ? scales.GetValueOrDefault(tensor) : null
            select new PlannedTensor(tensor, output, scale is null ? null : CompanionScales.Read(scale, tensor, device));
        if (container == ModelContainer.Safetensors)
        {
            // Larger elements first: so all begin at multiples of their size.
            tensors = tensors.OrderByDescending(tensor => QuantFormats.Get(tensor.Output).BytesPerBlock);
        }

        List<PlannedTensor> planned = tensors.ToList();
        var plan = new DequantizePlan(
            planned, [.. model.Warnings, .. WarnOfScales(model, options, scales), .. WarnOfSizes(model, options, planned)]);
        TensorChoice.RefuseWhatTheDeviceCannotDo(device, plan.Tensors);
        return plan;
    }

    private static void RefuseReservedName(GgufFile model, IEnumerable<GgufTensor> tensors, ModelContainer container)
    {
        const string Reserved = SafetensorsHeader.MetadataName;
        if (container == ModelContainer.Safetensors && tensors.Any(tensor => tensor.Name == Reserved))
        {
            throw new NotSupportedException(
                $"{model.ShownPath}: tensor {ErrorText.Quote(Reserved)} has a name that safetensors files keep for themselves");
        }
    }

    private static IEnumerable<string> WarnOfScales(
        GgufFile model, DequantizeOptions options, Dictionary<GgufTensor, GgufTensor> scales)
    {
        if (!options.ApplyScales && scales.Count > 0)
        {
            string names = ErrorText.QuoteAll(scales.Values.Select(scale => scale.Name).ToList());
            yield return
                $"{model.ShownPath}: {ErrorText.Count(scales.Count, "companion scale")} kept beside the weights and not applied: {names}";
        }
    }

    private static IEnumerable<string> WarnOfSizes(GgufFile model, DequantizeOptions options, List<PlannedTensor> tensors)
    {
        if (tensors.Count == 0)
        {
            yield return $"{model.ShownPath}: has no tensors, and so the output has none";
        }

        int large = tensors.Count(tensor => tensor.OutputBytes > options.MaxShardBytes);
        if (large > 0)
        {
            string limit = ErrorText.Count(options.MaxShardBytes!.Value, "byte");
            yield return
                $"{model.ShownPath}: {ErrorText.Count(large, "tensor")} larger than the limit of {limit}; such a tensor has a larger file of its own";
        }
    }

    /// <summary>
    /// GGUF models keep vectors in float32, as llama.cpp's own files do: ggml wants norms and biases so.
    /// </summary>
    private static QuantFormat OutputOf(GgufTensor tensor, bool isKeptScale, QuantFormat type, ModelContainer container) =>
        TensorChoice.OutputOf(
            tensor, isKeptScale, container == ModelContainer.Gguf && tensor.RowCount == 1 ? QuantFormat.F32 : type);
}
