using Quant.Net.IO;
using Quant.Net.Ranks;
using Quant.Net.Safetensors;

namespace Quant.Net.Verification;

/// <summary>The order of ranks by what they say of themselves: shells sort <c>rank-10</c> before <c>rank-2</c>.</summary>
internal static class RankOrder
{
    /// <summary>The parts in the order of their ranks; as they are if one does not say which it is.</summary>
    public static IReadOnlyList<SafetensorsModel> Sort(IReadOnlyList<SafetensorsModel> parts) =>
        AreMarked(parts) ? [.. parts.OrderBy(part => RankMark.Read(part)!.Value.Rank)] : parts;

    /// <summary>Whether each part says which rank it is.</summary>
    public static bool AreMarked(IReadOnlyList<SafetensorsModel> parts) => parts.All(part => RankMark.Read(part) is not null);

    /// <summary>Why ranks are not those of one division, each of them once.</summary>
    public static IEnumerable<string> Faults(IReadOnlyList<SafetensorsModel> parts)
    {
        (string Path, (int Rank, int Count)? Mark)[] marks = [.. parts.Select(part => (ErrorText.EscapePath(part.Path), RankMark.Read(part)))];
        if (marks.FirstOrDefault(part => part.Mark is not null) is not { Mark: { } first } like)
        {
            return [];
        }

        if (marks.FirstOrDefault(part => part.Mark?.Count != first.Count) is { Path: not null } other)
        {
            string what = other.Mark is { } mark ? ErrorText.Invariant($"is rank {mark.Rank} of {mark.Count}") : "does not say which rank it is";
            return [ErrorText.Invariant($"{other.Path}: {what}, expected one of {first.Count} as {like.Path} is")];
        }

        string[] twice =
        [
            .. marks.GroupBy(part => part.Mark!.Value.Rank).Where(same => same.Count() > 1).Select(same => ErrorText.Invariant(
                $"{same.ElementAt(1).Path}: is rank {same.Key} of {first.Count}, and so is {same.First().Path}")),
        ];
        int[] missing = [.. Enumerable.Range(0, first.Count).Except(marks.Select(part => part.Mark!.Value.Rank))];
        return missing.Length == 0 ? twice
            : [.. twice, ErrorText.Invariant($"{(missing.Length == 1 ? "rank" : "ranks")} {string.Join(", ", missing)} of {first.Count} {(missing.Length == 1 ? "is" : "are")} missing")];
    }
}
