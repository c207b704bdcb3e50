namespace Quant.Net.Ranks;

/// <summary>What becomes of a kind of module.</summary>
/// <param name="Kind">How ranks have it.</param>
/// <param name="Cut">Where it may be divided.</param>
/// <param name="Dimension">The dimension of a tensor that is divided, outermost first, where it is not that of the outputs or inputs.</param>
internal sealed record RankRule(ParallelKind Kind, RankCut Cut, int? Dimension = null)
{
    public static readonly RankRule
        Everywhere = new(ParallelKind.Replicated, RankCut.Whole),
        Column = new(ParallelKind.Column, RankCut.Even),
        Row = new(ParallelKind.Row, RankCut.Even),
        Queries = new(ParallelKind.Column, RankCut.Heads),
        KeysValues = new(ParallelKind.Column, RankCut.KeyValueHeads),
        QueriesKeysValues = new(ParallelKind.Column, RankCut.QueryKeyValue),
        HeadsIn = new(ParallelKind.Row, RankCut.Heads),
        GateUp = new(ParallelKind.Column, RankCut.Halves),
        Tokens = new(ParallelKind.Vocabulary, RankCut.Vocabulary);
}
