using System.Text.Json.Serialization;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Quantize;

/// <summary>What <c>quantnet quantize</c> did, or would do.</summary>
/// <param name="Input">The model that was read.</param>
/// <param name="Outputs">The files that were written; none with <c>--dry-run</c>.</param>
/// <param name="DryRun">Whether nothing was to be written.</param>
/// <param name="Type">The file type; of a budget that of the type that most weights get.</param>
/// <param name="ArchitectureKnown">Whether llama-quantize has rules for the architecture.</param>
/// <param name="Parameters">The values of all tensors.</param>
/// <param name="BytesBefore">Bytes of all tensors before.</param>
/// <param name="BytesAfter">And after.</param>
/// <param name="BitsPerWeightBefore">Bits for each value before.</param>
/// <param name="BitsPerWeightAfter">And after.</param>
/// <param name="FileBytes">Bytes of the files, with metadata and padding.</param>
/// <param name="Types">The tensors of each type.</param>
/// <param name="Tensors">The tensors, in the order of the model.</param>
/// <param name="Notes">What is worth knowing about the plan.</param>
/// <param name="Faults">Why the plan cannot be carried out; of <c>--dry-run</c>, which goes on to show it.</param>
/// <param name="Effort">How long encoders search, as <c>--effort</c> has it.</param>
/// <param name="Device">The device that encodes.</param>
/// <param name="Kernels">The kernels that did the work; none with <c>--dry-run</c>.</param>
/// <param name="Warnings">What is odd about the model and worth knowing about the output.</param>
internal sealed record QuantizeReport(
    string Input,
    IReadOnlyList<string> Outputs,
    bool DryRun,
    string Type,
    bool ArchitectureKnown,
    long Parameters,
    long BytesBefore,
    long BytesAfter,
    double BitsPerWeightBefore,
    double BitsPerWeightAfter,
    long FileBytes,
    IReadOnlyList<PlannedType> Types,
    IReadOnlyList<PlannedTensor> Tensors,
    IReadOnlyList<string> Notes,
    IReadOnlyList<string> Faults,
    string Effort,
    DeviceFacts Device,
    IReadOnlyList<string> Kernels,
    IReadOnlyList<string> Warnings)
{
    [JsonPropertyOrder(-1)]
    public int Schema => ResultJson.Schema;

    /// <summary>The number of the file type; null for COPY.</summary>
    public int? FileType { get; init; }

    /// <summary>The model's architecture; null if it names none.</summary>
    public string? Architecture { get; init; }

    /// <summary>The importance matrix; null if there is none.</summary>
    public string? Importance { get; init; }

    /// <summary>The bytes that the files may have; null unless that was asked for.</summary>
    public long? TargetBytes { get; init; }

    /// <summary>The bits for each value that there may be; null unless that was asked for.</summary>
    public double? TargetBitsPerWeight { get; init; }

    /// <summary>The relative error that is to be expected of the tensors that a budget chose for; null without a budget.</summary>
    public double? EstimatedError { get; init; }

    /// <summary>Bytes of tensor data that an interrupted run had left; null with <c>--dry-run</c>.</summary>
    public long? BytesResumed { get; init; }

    /// <summary>The time it took; null with <c>--dry-run</c>.</summary>
    public double? Seconds { get; init; }

    public static QuantizeReport Of(
        string input, QuantizationPlan plan, long fileBytes, SizeBudget? budget, string? importance, string effort, DeviceFacts device) =>
        new(
            input, [], DryRun: true, plan.Recipe.Name, plan.IsArchitectureKnown, plan.ElementCount, plan.SourceBytes, plan.TargetBytes,
            plan.SourceBitsPerWeight, plan.TargetBitsPerWeight, fileBytes,
            [.. plan.Entries.GroupBy(entry => Subjects.NameOf(entry.Target)).OrderBy(type => type.Key, StringComparer.Ordinal).Select(PlannedType.Of)],
            [.. plan.Entries.Select(PlannedTensor.Of)], NotesOn(plan, budget), Faults: [], effort, device, Kernels: [], Warnings: [])
        {
            FileType = plan.Recipe.FileType,
            Architecture = plan.Model.Architecture,
            Importance = importance,
            TargetBytes = budget?.FileBytes,
            TargetBitsPerWeight = budget?.BitsPerWeight,
            EstimatedError = plan.EstimatedError,
        };

    private static IReadOnlyList<string> NotesOn(QuantizationPlan plan, SizeBudget? budget)
    {
        bool wasChosen = plan.Entries.Any(entry => entry.Reason == QuantizationReason.Budget);   // else the plan says why nothing is
        return budget is not null && plan.Faults.Count == 0 && wasChosen && plan.Entries.All(entry => entry.IsCopy)
            ? [.. plan.Notes, $"nothing is quantized: {budget} are enough for all tensors as they are"]
            : plan.Notes;
    }

    /// <summary>The same when it is done.</summary>
    public QuantizeReport With(QuantizeResult result) => this with
    {
        Outputs = result.Files,
        DryRun = false,
        FileBytes = result.OutputBytes,
        BytesResumed = result.ResumedBytes,
        Seconds = result.Elapsed.TotalSeconds,
        Kernels = result.Kernels,
        Warnings = result.Warnings,
    };
}

/// <summary>The tensors of a type.</summary>
internal sealed record PlannedType(string Type, int Tensors, long Parameters, long Bytes)
{
    public static PlannedType Of(IGrouping<string, QuantizationPlanEntry> entries) =>
        new(entries.Key, entries.Count(), entries.Sum(entry => entry.Tensor.ElementCount), entries.Sum(entry => entry.TargetBytes));
}

/// <summary>What becomes of a tensor.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Its dimensions, outermost first.</param>
/// <param name="From">Its type.</param>
/// <param name="To">The type that it gets; null: none is possible, and its bytes are counted as they are.</param>
/// <param name="Reason"><c>kept</c>, <c>recipe</c>, <c>option</c>, <c>budget</c> or <c>impossible</c>.</param>
/// <param name="BytesBefore">Its bytes.</param>
/// <param name="BytesAfter">The bytes that it gets.</param>
/// <param name="BitsPerWeight">Bits for each of its values then.</param>
/// <param name="NeedsImportance">Whether it cannot become so without an importance matrix.</param>
internal sealed record PlannedTensor(
    string Name, IReadOnlyList<long> Shape, string From, string? To, string Reason, long BytesBefore, long BytesAfter, double BitsPerWeight,
    bool NeedsImportance)
{
    /// <summary>The type that was chosen, if its rows are not whole blocks of that; else null.</summary>
    public string? Instead { get; init; }

    /// <summary>What there is to say about it; null: nothing.</summary>
    public string? Note { get; init; }

    /// <summary>The relative error that the type makes, measured on some of its rows for a budget; else null.</summary>
    public double? EstimatedError { get; init; }

    public static PlannedTensor Of(QuantizationPlanEntry entry)
    {
        TensorDescription tensor = entry.Tensor;
        return new PlannedTensor(
            tensor.Name, tensor.Shape, tensor.FormatName, TypeAfter(entry),
            entry.Reason.ToString().ToLowerInvariant(), tensor.ByteLength, entry.TargetBytes,
            tensor.ElementCount == 0 ? 0 : 8.0 * entry.TargetBytes / tensor.ElementCount, entry.RequiresImportanceMatrix)
        {
            Instead = entry.IsSubstituted ? Subjects.NameOf(entry.Wanted) : null,
            Note = entry.Note,
            EstimatedError = entry.EstimatedError,
        };
    }

    private static string? TypeAfter(QuantizationPlanEntry entry) => entry.Reason == QuantizationReason.Impossible ? null
        : entry.IsCopy ? entry.Tensor.FormatName
        : Subjects.NameOf(entry.Target);
}
