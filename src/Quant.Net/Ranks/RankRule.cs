namespace Quant.Net.Ranks;

/// <summary>What becomes of a kind of module.</summary>
/// <param name="Kind">How ranks have it.</param>
/// <param name="Cut">Where it may be divided.</param>
/// <param name="Dimension">The dimension of a plain tensor that is divided, where it is not that of the outputs or inputs of [out, in].</param>
internal sealed record RankRule(ParallelKind Kind, RankCut Cut, int? Dimension = null);
