using Quant.Net.Conversion;
using Quant.Net.Gguf;
using Quant.Net.IO;

namespace Quant.Net.Loading;

/// <summary>What becomes of each tensor on a GPU, and where it goes. Everything that can be refused is refused here.</summary>
internal sealed class GpuLoadPlan
{
    // As cuMemAlloc aligns; more than any kernel or copy gains from.
    private const long Alignment = 256;

    private GpuLoadPlan(IReadOnlyList<PlannedTensor> tensors, IReadOnlyList<string> warnings)
    {
        Tensors = tensors;
        Warnings = warnings;
        var offsets = new long[tensors.Count];
        for (int i = 0; i < offsets.Length; i++)
        {
            offsets[i] = Bytes;
            Bytes = checked(Bytes + tensors[i].OutputBytes + Alignment - 1) / Alignment * Alignment;
        }

        Offsets = offsets;
    }

    /// <summary>The tensors and what they become.</summary>
    public IReadOnlyList<PlannedTensor> Tensors { get; }

    /// <summary>Where each begins, in bytes from the first.</summary>
    public IReadOnlyList<long> Offsets { get; }

    /// <summary>Bytes of all of them on the GPU.</summary>
    public long Bytes { get; }

    /// <summary>What the model's user should know.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>Refuses options that no model could be loaded with.</summary>
    public static void RequireOptions(GpuLoadOptions options)
    {
        if (options.OutputType is { } type && !TensorChoice.IsOutputType(type))
        {
            throw new ArgumentException($"The output type is {type}, expected F32, F16, BF16 or null.", nameof(options));
        }

        if (options.MemoryLimit < 0)
        {
            throw new ArgumentException(
                ErrorText.Invariant($"{nameof(options.MemoryLimit)} is {options.MemoryLimit}, expected 0 or more."), nameof(options));
        }
    }

    public static GpuLoadPlan Make(GgufFile model, QuantDevice gpu, GpuLoadOptions options)
    {
        long free = gpu.GetMemory().Free;
        List<GgufTensor> chosen = TensorChoice.Choose(model, options.Include, options.Exclude);
        if (options.OutputType is not null)
        {
            TensorChoice.RefuseUnknown(model, chosen);
        }

        HashSet<GgufTensor> scales = model.Tensors.Select(model.Tensors.FindScale).OfType<GgufTensor>().ToHashSet();
        List<PlannedTensor> tensors = chosen
            .Select(tensor => new PlannedTensor(
                tensor,
                options.OutputType is { } type ? TensorChoice.OutputOf(tensor, scales.Contains(tensor), type) : tensor.Format,
                Scales: null))
            .ToList();
        TensorChoice.RefuseWhatTheDeviceCannotDo(gpu, tensors);
        var plan = new GpuLoadPlan(tensors, [.. model.Warnings, .. WarnOfScales(model, chosen, options)]);
        plan.RequireMemory(model, gpu, options, free);
        return plan;
    }

    private static IEnumerable<string> WarnOfScales(GgufFile model, List<GgufTensor> chosen, GpuLoadOptions options)
    {
        List<string> scales = chosen.Select(model.Tensors.FindScale).OfType<GgufTensor>().Select(scale => scale.Name).ToList();
        if (options.OutputType is not null && scales.Count > 0)
        {
            yield return
                $"{model.ShownPath}: {ErrorText.Count(scales.Count, "companion scale")} not applied to the weights: {ErrorText.QuoteAll(scales)}";
        }
    }

    /// <summary>Before anything is allocated: a model that is too large is known to be, and so is what would fit instead.</summary>
    private void RequireMemory(GgufFile model, QuantDevice gpu, GpuLoadOptions options, long free)
    {
        // Decoding needs some of the GPU's memory besides; it makes do with the least that a device's limit can be.
        long staging = Tensors.Any(tensor => !tensor.IsCopy) ? QuantDeviceOptions.MinMemoryLimit : 0;
        long room = Math.Min(free - staging, options.MemoryLimit ?? long.MaxValue);
        if (Bytes <= room)
        {
            return;
        }

        string form = options.OutputType is { } type ? $"as {type}" : "packed";
        string limit = options.MemoryLimit is { } bytes ? ErrorText.Invariant($", {bytes} are allowed") : "";
        throw new OutOfMemoryException(ErrorText.Invariant(
            $"{gpu.Name}: {ErrorText.Count(Tensors.Count, "tensor")} of {model.ShownPath} need {Bytes + staging} bytes {form}, {free} are free{limit}; {WhatFits(room)}"));
    }

    private string WhatFits(long room)
    {
        ModelMemory memory = ModelMemory.Of(Tensors.Select(tensor => tensor.Source));
        long padding = Bytes - Tensors.Sum(tensor => tensor.OutputBytes);
        return memory.FindFitting(room - padding) switch
        {
            ModelForm.F16 => ErrorText.Invariant($"they fit as F16 or BF16, which is {memory.F16Bytes}"),
            ModelForm.Packed => ErrorText.Invariant($"they fit packed, which is {memory.PackedBytes}"),
            _ => ErrorText.Invariant($"they do not fit even packed, which is {memory.PackedBytes}"),
        };
    }
}
