using System.Text.Json.Serialization;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Slice;

/// <summary>What <c>quantnet slice --tensor-parallel</c> plans of a module, or of a tensor that belongs to none.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind"><c>column</c>, <c>row</c>, <c>vocabulary</c> or <c>replicated</c>.</param>
/// <param name="Axis"><c>out</c> or <c>in</c>; null if it is not cut.</param>
/// <param name="Packed">Whether it is packed.</param>
/// <param name="Shape">Its shape, decoded.</param>
/// <param name="PartShape">The shape of each rank's part, decoded; null if it cannot be cut so.</param>
/// <param name="Padding">Features of zeros that are added, all ranks together.</param>
/// <param name="Note">What is special about it.</param>
/// <param name="Problem">Why it cannot be cut so.</param>
internal sealed record RankFacts(
    string Name, string Kind, string? Axis, bool Packed, IReadOnlyList<long> Shape, IReadOnlyList<long>? PartShape, long Padding,
    string? Note, string? Problem);

/// <summary>What <c>quantnet slice --tensor-parallel</c> planned and did.</summary>
/// <param name="Input">The model that was read.</param>
/// <param name="Architecture">Its architecture, which tells what its modules or tensors are.</param>
/// <param name="Ranks">Among how many ranks it is divided.</param>
/// <param name="Possible">Whether all of it can be divided so.</param>
/// <param name="Plan">What becomes of each module and tensor.</param>
/// <param name="Outputs">The files that were written; none in a dry run.</param>
/// <param name="Tensors">The number of tensors written.</param>
/// <param name="BytesWritten">Bytes of the files written.</param>
/// <param name="Seconds">The time it took.</param>
/// <param name="Warnings">What is odd about the model.</param>
internal sealed record RankReport(
    string Input, string Architecture, int Ranks, bool Possible, IReadOnlyList<RankFacts> Plan, IReadOnlyList<string> Outputs, int Tensors,
    long BytesWritten, double Seconds, IReadOnlyList<string> Warnings)
{
    [JsonPropertyOrder(-1)]
    public int Schema => ResultJson.Schema;

    public static RankReport Of(string input, TensorParallelPlan plan, IReadOnlyList<string> warnings, CopyResult? result) => new(
        input, plan.Architecture, plan.RankCount, plan.IsPossible, [.. plan.Entries.Select(Facts)], result?.Files ?? [],
        result?.TensorCount ?? 0, result?.OutputBytes ?? 0, result?.Elapsed.TotalSeconds ?? 0,
        [.. warnings, .. result?.Warnings ?? []]);

    private static RankFacts Facts(TensorParallelEntry entry) => new(
        entry.Name,
        entry.Kind switch
        {
            ParallelKind.Column => "column",
            ParallelKind.Row => "row",
            ParallelKind.Vocabulary => "vocabulary",
            _ => "replicated",
        },
        entry.Axis is { } axis ? SliceOptions.NameOf(axis) : null,
        entry.IsPacked, entry.Shape, entry.Problem is null ? entry.PartShape : null, entry.Padding, entry.Note, entry.Problem);
}
