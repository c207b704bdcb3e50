using Quant.Net.IO;

namespace Quant.Net.Ranks;

/// <summary>The features of each rank.</summary>
/// <param name="Parts">The ranges of each rank, in order.</param>
/// <param name="PartLength">Features of a rank, with those it is filled up with.</param>
/// <param name="Note">What a user should know; null: nothing.</param>
/// <param name="Problem">Why features cannot be divided so; null if they can.</param>
internal sealed record RankRanges(
    IReadOnlyList<IReadOnlyList<(long First, long Count)>> Parts, long PartLength, string? Note = null, string? Problem = null)
{
    /// <summary>Zeros that the last ranks are filled up with, all together.</summary>
    public long Padding => Problem is null ? Parts.Sum(part => PartLength - part.Sum(range => range.Count)) : 0;

    /// <summary>Of what is not divided.</summary>
    public static RankRanges Nothing { get; } = new([], 0);

    /// <summary>Divides features.</summary>
    public static RankRanges Of(RankCut cut, long length, int ranks, HeadCounts heads) => cut switch
    {
        RankCut.Whole => new([.. Enumerable.Repeat<IReadOnlyList<(long, long)>>([(0, length)], ranks)], length),
        RankCut.Even => Units(length, length, ranks, "features"),
        RankCut.Pairs => Units(length, length / 2, ranks, "pairs of gate and up"),
        RankCut.Halves => Stack(length, ranks, (length / 2, Units(length / 2, length / 2, ranks, "features")), (length / 2, Units(length / 2, length / 2, ranks, "features"))),
        RankCut.Heads => Units(length, heads.Queries, ranks, "heads"),
        RankCut.KeyValueHeads => KeyValues(length, ranks, heads),
        RankCut.QueryKeyValue => Fused(length, ranks, heads),
        RankCut.Vocabulary => Tokens(length, ranks),
        _ => throw new ArgumentOutOfRangeException(nameof(cut), cut, "No such cut."),
    };

    /// <summary>Features that cannot be divided.</summary>
    public static RankRanges Failed(FormattableString problem) => Nothing with { Problem = ErrorText.Invariant(problem) };

    private static RankRanges Units(long length, long units, int ranks, string what) =>
        units == 0 || length % units != 0 ? Failed($"{length} features are no whole number of {units} {what}")
        : units % ranks != 0 ? Failed($"{units} {what} do not divide among {ranks} ranks")
        : new([.. Enumerable.Range(0, ranks).Select(rank => (IReadOnlyList<(long, long)>)[(rank * (length / ranks), length / ranks)])], length / ranks);

    private static RankRanges KeyValues(long length, int ranks, HeadCounts heads)
    {
        if (heads.KeyValues >= ranks)
        {
            return Units(length, heads.KeyValues, ranks, "heads of keys and values");
        }

        if (ranks % heads.KeyValues != 0 || length % heads.KeyValues != 0)
        {
            return Failed($"{ranks} ranks do not share {ErrorText.Count(heads.KeyValues, "head")} of keys and values in {length} features");
        }

        long head = length / heads.KeyValues, share = ranks / heads.KeyValues;
        return new(
            [.. Enumerable.Range(0, ranks).Select(rank => (IReadOnlyList<(long, long)>)[(rank / share * head, head)])], head,
            ErrorText.Invariant($"each head of keys and values is in {share} ranks"));
    }

    private static RankRanges Fused(long length, int ranks, HeadCounts heads)
    {
        long all = heads.Queries + (2 * heads.KeyValues);
        if (length % all != 0)
        {
            return Failed($"{length} features are no whole number of {all} heads of queries, keys and values");
        }

        long queries = length / all * heads.Queries, keys = length / all * heads.KeyValues;
        RankRanges shared = KeyValues(keys, ranks, heads);
        return Stack(length, ranks, (queries, Units(queries, heads.Queries, ranks, "heads")), (keys, shared), (keys, shared));
    }

    private static RankRanges Stack(long length, int ranks, params (long Length, RankRanges Ranges)[] layers)
    {
        if (layers.FirstOrDefault(layer => layer.Ranges.Problem is not null).Ranges is { } failed)
        {
            return failed;
        }

        if (layers.Sum(layer => layer.Length) != length)
        {
            return Failed($"{length} features are no {layers.Length} equal layers");
        }

        var parts = Enumerable.Range(0, ranks).Select(_ => new List<(long, long)>()).ToList();
        long offset = 0;
        foreach ((long height, RankRanges ranges) in layers)
        {
            for (int rank = 0; rank < ranks; rank++)
            {
                parts[rank].AddRange(ranges.Parts[rank].Select(range => (offset + range.First, range.Count)));
            }

            offset += height;
        }

        return new(parts, layers.Sum(layer => layer.Ranges.PartLength), layers[^1].Ranges.Note);
    }

    private static RankRanges Tokens(long length, int ranks)
    {
        long size = length == 0 ? 0 : ((length - 1) / ranks) + 1;
        return new(
            [
                .. Enumerable.Range(0, ranks).Select(rank => Math.Min(rank * size, length))
                    .Select(first => (IReadOnlyList<(long, long)>)[(first, Math.Min(size, length - first))]),
            ],
            size);
    }
}
