using Quant.Net.IO;
using Quant.Net.Recipes;

namespace Quant.Net.Quantization;

/// <summary>What becomes of the tensors of a model, in the order of the output. Everything that can be refused is refused here.</summary>
internal static class QuantizeTasks
{
    /// <summary>Puts a plan and a model together, in the order in which llama-quantize writes tensors.</summary>
    /// <exception cref="ArgumentException">The plan is of another model.</exception>
    public static IReadOnlyList<QuantizeTask> Order(QuantizeSource source, QuantizationPlan plan)
    {
        Dictionary<string, SourceTensor> sources = source.Tensors.ToDictionary(tensor => tensor.Stored.Name, StringComparer.Ordinal);
        Dictionary<string, QuantizationPlanEntry> entries = new(StringComparer.Ordinal);
        foreach (QuantizationPlanEntry entry in plan.Entries)
        {
            bool isSame = entries.TryAdd(entry.Tensor.Name, entry) && sources.TryGetValue(entry.Tensor.Name, out SourceTensor? tensor)
                && (uint)entry.Tensor.Format == tensor.Type && entry.Tensor.ByteLength == tensor.Stored.ByteLength
                && entry.Tensor.Shape.Reverse().SequenceEqual(tensor.Dimensions[..Math.Min(entry.Tensor.Shape.Count, tensor.Dimensions.Length)]);
            if (!isSame)
            {
                throw new ArgumentException($"{source.ShownName}: the plan is of another model, with {entry.Tensor}.", nameof(plan));
            }
        }

        return entries.Count == sources.Count
            ? [.. (plan.KeepsSplit ? plan.Model.Tensors.OrderBy(tensor => sources[tensor.Name].Part) : LayerNames.Sort(plan.Model.Tensors)).Select(
                tensor => new QuantizeTask(sources[tensor.Name], entries[tensor.Name], default))]
            : throw new ArgumentException(
                $"{source.ShownName}: the plan is of another model, with {ErrorText.Count(entries.Count, "tensor")}, expected {sources.Count}.", nameof(plan));
    }

    /// <summary>Adds what is known of importance.</summary>
    /// <exception cref="ModelFormatException">It is of tensors of other shapes.</exception>
    /// <exception cref="NotSupportedException">There are tensors that need it, and nothing is known of them.</exception>
    public static IReadOnlyList<QuantizeTask> Weigh(
        QuantizeSource source, IReadOnlyList<QuantizeTask> tasks, ImportanceMatrix? importance, QuantDevice device, List<string> warnings)
    {
        QuantizeTask[] weighed = [.. tasks.Select(task => task with { Importance = ImportanceOf(task, importance, warnings) })];
        Refuse(
            source, weighed.Where(task => NeedsImportance(task, device) && task.Importance.IsEmpty),
            importance is null ? "that need an importance matrix" : $"that need importance, of which {ErrorText.EscapePath(importance.Path)} knows nothing",
            task => $"{task.Plan.Target}", importance is null ? QuantizationRemedy.ImportanceMatrix : QuantizationRemedy.None);
        if (importance is not null)
        {
            WarnOfUnknown(weighed, importance, warnings);
        }

        return weighed;
    }

    /// <summary>Says of how many tensors nothing is known. Of embeddings and the output matrix nothing usually is.</summary>
    private static void WarnOfUnknown(QuantizeTask[] tasks, ImportanceMatrix importance, List<string> warnings)
    {
        QuantizeTask[] expected = [.. tasks.Where(task => IsWeighable(task) && task.RowCount > 0
            && TensorCategories.Guess(task.Name) is not (TensorCategory.Output or TensorCategory.TokenEmbedding))];
        int known = expected.Count(task => !task.Importance.IsEmpty);
        bool chose = tasks.Any(task => task.Plan.Reason == QuantizationReason.Budget);   // columns count by it in what a budget measures
        if (!chose && !tasks.Any(task => !task.IsCopy && TargetFormats.UsesImportance(task.Plan.Target)))
        {
            warnings.Add($"{ErrorText.EscapePath(importance.Path)}: has no effect, because no tensor becomes a type that is quantized by importance");
        }
        else if (tasks.All(task => task.Importance.IsEmpty) && tasks.Any(IsWeighable))
        {
            warnings.Add($"{ErrorText.EscapePath(importance.Path)}: knows no tensor that is quantized");
        }
        else if (known < expected.Length)
        {
            warnings.Add(ErrorText.Invariant(
                $"{ErrorText.EscapePath(importance.Path)}: knows {known} of {ErrorText.Count(expected.Length, "tensor")} that are quantized, embeddings and output aside; the others are quantized without"));
        }
    }

    /// <summary>Says when a longer search was asked for and no tensor becomes a format that has one.</summary>
    public static void WarnOfIdleEffort(IEnumerable<QuantizeTask> tasks, QuantizeOptions options, List<string> warnings)
    {
        if (options.Effort == QuantizationEffort.Best && !tasks.Any(task => !task.IsCopy && TargetFormats.HasLongerSearch(task.Plan.Target)))
        {
            warnings.Add("effort best has no effect, because no tensor becomes a type with a longer search, Q2_K to Q6_K");
        }
    }

    /// <summary>Says when there are no files to be kept apart. (The order of the tensors may still be another.)</summary>
    public static void WarnOfIdleSplit(QuantizeSource source, QuantizationPlan plan, List<string> warnings)
    {
        if (plan.KeepsSplit && source.Paths.Count == 1)
        {
            warnings.Add($"{source.ShownName}: keep split divides nothing, because the model is one file");
        }
    }

    /// <summary>Refuses what cannot be done on a device, or with so much memory.</summary>
    /// <exception cref="NotSupportedException">There are tensors that the device cannot encode, or rows that are too long; they are named. Or
    /// the device cannot search longer.</exception>
    public static void RequirePossible(
        QuantizeSource source, IReadOnlyList<QuantizeTask> tasks, QuantizeOptions options, QuantDevice device, long memory)
    {
        if (options.Effort == QuantizationEffort.Best && device.Kind != QuantDeviceKind.Cpu)
        {
            throw new QuantizationRefusedException($"{device.Name} cannot search longer for lower errors", QuantizationRemedy.Cpu);
        }

        Refuse(
            source, tasks.Where(task => ChunkEncoder.Refusal(device, task) is not null), $"that {device.Name} cannot encode",
            task => ChunkEncoder.Refusal(device, task)!, device.Kind == QuantDeviceKind.Cpu ? QuantizationRemedy.None : QuantizationRemedy.Cpu);
        long most = Math.Min(memory, Array.MaxLength);   // larger buffers there are none
        Refuse(
            source, tasks.Where(task => QuantizeChunk.IsOfRows(task, options.Measure) && QuantizeChunk.MemoryOfRow(task, options.Measure) > most),
            $"with rows that do not fit into {ErrorText.Count(most, "byte")} of memory",
            task => ErrorText.Count(QuantizeChunk.MemoryOfRow(task, options.Measure), "byte"),
            memory < Array.MaxLength ? QuantizationRemedy.MoreMemory : QuantizationRemedy.None);
    }

    private static ReadOnlyMemory<float> ImportanceOf(QuantizeTask task, ImportanceMatrix? importance, List<string> warnings)
    {
        if (importance is null || !IsWeighable(task) || !importance.TryGet(task.Name, out ImportanceEntry? entry) || task.RowCount == 0)
        {
            return default;
        }

        try
        {
            return entry.GetValues(task.RowLength, task.Plan.Tensor.MatrixCount);
        }
        catch (ModelFormatException misfit) when (TensorCategories.IsTokenEmbedding(task.Name))
        {
            // Embeddings are looked up and not multiplied, and so what was measured may be of something else. The reference passes over it too.
            warnings.Add($"{misfit.Message}; the tensor is quantized without");
            return default;
        }
    }

    /// <summary>Where llama-quantize asks for it, and where the encoders cannot do without, whatever the tensor.</summary>
    private static bool NeedsImportance(QuantizeTask task, QuantDevice device) => task.Plan.RequiresImportanceMatrix
        || (!task.IsCopy && device.GetCapability(QuantOperation.Quantize, QuantFormat.F32, task.Plan.Target).NeedsImportance);

    private static bool IsWeighable(QuantizeTask task) => !task.IsCopy && TargetFormats.IsQuantized(task.Plan.Target);

    private static void Refuse(
        QuantizeSource source, IEnumerable<QuantizeTask> tasks, string what, Func<QuantizeTask, string> detail, QuantizationRemedy remedy)
    {
        string[] refused = [.. tasks.Select(task => $"{task.Name} ({detail(task)})")];
        if (refused.Length > 0)
        {
            throw new QuantizationRefusedException(
                $"{source.ShownName}: {ErrorText.Count(refused.Length, "tensor")} {what}: {ErrorText.QuoteAll(refused)}", remedy);
        }
    }
}
