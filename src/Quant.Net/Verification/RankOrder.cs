using Quant.Net.IO;

namespace Quant.Net.Verification;

/// <summary>The order of ranks by what they say of themselves: shells sort <c>rank-10</c> before <c>rank-2</c>.</summary>
/// <param name="parts">The parts.</param>
/// <param name="path">The path of one.</param>
/// <param name="mark">Which rank of how many one says it is; null: none.</param>
internal sealed class RankOrder<TModel>(IReadOnlyList<TModel> parts, Func<TModel, string> path, Func<TModel, (int Rank, int Count)?> mark)
{
    private readonly (TModel Part, (int Rank, int Count)? Mark)[] _marks = [.. parts.Select(part => (part, mark(part)))];

    /// <summary>The parts in the order of their ranks; as they are if one does not say which it is.</summary>
    public IReadOnlyList<TModel> Sorted => AreMarked ? [.. _marks.OrderBy(part => part.Mark!.Value.Rank).Select(part => part.Part)] : parts;

    /// <summary>Whether each part says which rank it is.</summary>
    public bool AreMarked => _marks.All(part => part.Mark is not null);

    /// <summary>Whether a part says which rank it is.</summary>
    public bool IsAnyMarked => _marks.Any(part => part.Mark is not null);

    /// <summary>Why ranks are not those of one division, each of them once.</summary>
    public IEnumerable<string> Faults
    {
        get
        {
            if (_marks.FirstOrDefault(part => part.Mark is not null) is not { Mark: { } first } like)
            {
                return [];
            }

            if (_marks.Where(part => part.Mark?.Count != first.Count).Take(1).ToArray() is [var other])
            {
                string what = other.Mark is { } found ? ErrorText.Invariant($"is rank {found.Rank} of {found.Count}") : "does not say which rank it is";
                return [ErrorText.Invariant($"{Shown(other.Part)}: {what}, expected one of {first.Count} as {Shown(like.Part)} is")];
            }

            string[] twice =
            [
                .. _marks.GroupBy(part => part.Mark!.Value.Rank).Where(same => same.Count() > 1).Select(same => ErrorText.Invariant(
                    $"{Shown(same.ElementAt(1).Part)}: is rank {same.Key} of {first.Count}, and so is {Shown(same.First().Part)}")),
            ];
            int[] missing = [.. Enumerable.Range(0, first.Count).Except(_marks.Select(part => part.Mark!.Value.Rank))];
            return missing.Length == 0 ? twice
                : [.. twice, ErrorText.Invariant($"{(missing.Length == 1 ? "rank" : "ranks")} {string.Join(", ", missing)} of {first.Count} {(missing.Length == 1 ? "is" : "are")} missing")];
        }
    }

    private string Shown(TModel part) => ErrorText.EscapePath(path(part));
}
