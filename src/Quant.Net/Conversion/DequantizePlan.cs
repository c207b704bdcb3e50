using Quant.Net.Gguf;
using Quant.Net.IO;

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
        Make(model, Choose(model, options.Include), options, device, container);

    public static DequantizePlan Make(
        GgufFile model, IReadOnlyCollection<GgufTensor> chosen, DequantizeOptions options, QuantDevice device, ModelContainer container)
    {
        RefuseUnknown(model, chosen);

        Dictionary<GgufTensor, GgufTensor> scales = chosen
            .Where(tensor => !IsInteger(tensor))
            .Select(tensor => (Weight: tensor, Scale: model.Tensors.FindScale(tensor)))
            .Where(pair => pair.Scale is not null)
            .ToDictionary(pair => pair.Weight, pair => pair.Scale!);
        var applied = options.ApplyScales ? scales.Values.ToHashSet() : [];
        RefuseUnknown(model, applied);

        IEnumerable<PlannedTensor> tensors =
            from tensor in chosen
            where !applied.Contains(tensor)
            let output = OutputOf(tensor, options.OutputType, container)
            let scale = options.ApplyScales ? scales.GetValueOrDefault(tensor) : null
            select new PlannedTensor(tensor, output, scale is null ? null : CompanionScales.Read(scale, tensor, device));
        if (container == ModelContainer.Safetensors)
        {
            // Larger elements first: so all begin at multiples of their size.
            tensors = tensors.OrderByDescending(tensor => QuantFormats.Get(tensor.Output).BytesPerBlock);
        }

        var plan = new DequantizePlan(tensors.ToList(), Warn(model, options, scales));
        plan.RefuseWhatTheDeviceCannotDo(device);
        return plan;
    }

    private static List<GgufTensor> Choose(GgufFile model, IReadOnlyList<string> include)
    {
        if (include.Count == 0)
        {
            return model.Tensors.ToList();
        }

        List<NamePattern> patterns = include.Select(text => new NamePattern(text)).ToList();
        NamePattern? idle = patterns.Find(pattern => !model.Tensors.Any(tensor => pattern.IsMatch(tensor.Name)));
        return idle is null
            ? model.Tensors.Where(tensor => patterns.Exists(pattern => pattern.IsMatch(tensor.Name))).ToList()
            : throw new KeyNotFoundException($"{model.ShownPath}: no tensor matches {ErrorText.Quote(idle.ToString())}");
    }

    private static void RefuseUnknown(GgufFile model, IEnumerable<GgufTensor> tensors)
    {
        List<string> unknown = tensors
            .Where(tensor => !tensor.IsFormatKnown)
            .Select(tensor => $"{tensor.Name} ({tensor.FormatName})").ToList();
        if (unknown.Count > 0)
        {
            throw new NotSupportedException(ErrorText.Invariant(
                $"{model.ShownPath}: {unknown.Count} tensors have types that cannot be decoded: {ErrorText.QuoteAll(unknown)}"));
        }
    }

    private void RefuseWhatTheDeviceCannotDo(QuantDevice device)
    {
        PlannedTensor? refused = Tensors.FirstOrDefault(tensor =>
            !tensor.IsCopy && !device.GetCapability(QuantOperation.Dequantize, tensor.Source.Format, tensor.Output).IsSupported);
        if (refused is not null)
        {
            throw new NotSupportedException($"{device.Name} cannot decode {refused.Source.FormatName} to {refused.Output}.");
        }
    }

    private static string[] Warn(GgufFile model, DequantizeOptions options, Dictionary<GgufTensor, GgufTensor> scales)
    {
        if (options.ApplyScales || scales.Count == 0)
        {
            return [.. model.Warnings];
        }

        string names = ErrorText.QuoteAll(scales.Values.Select(scale => scale.Name).ToList());
        return
        [
            .. model.Warnings,
            ErrorText.Invariant($"{model.ShownPath}: {scales.Count} tensors have companion scales that are kept and not applied: {names}"),
        ];
    }

    /// <summary>Integers stay. GGUF models keep vectors in float32, as llama.cpp's own files do: ggml wants norms and biases so.</summary>
    private static QuantFormat OutputOf(GgufTensor tensor, QuantFormat type, ModelContainer container) =>
        IsInteger(tensor) ? tensor.Format
        : container == ModelContainer.Gguf && tensor.RowCount == 1 ? QuantFormat.F32
        : type;

    private static bool IsInteger(GgufTensor tensor) => tensor.FormatInfo is { IsInteger: true };
}
