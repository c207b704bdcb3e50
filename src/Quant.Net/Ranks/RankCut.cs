namespace Quant.Net.Ranks;

/// <summary>Where the features of a module may be divided.</summary>
internal enum RankCut
{
    /// <summary>Nowhere.</summary>
    Whole,

    /// <summary>Into equal parts.</summary>
    Even,

    /// <summary>Into equal parts of whole pairs: gate and up of gpt-oss take turns.</summary>
    Pairs,

    /// <summary>Each of two halves into equal parts: gate above up.</summary>
    Halves,

    /// <summary>Between heads of queries.</summary>
    Heads,

    /// <summary>Between heads of keys and values, of which ranks share one where there are fewer than ranks.</summary>
    KeyValueHeads,

    /// <summary>Queries, keys and values one above the other, each between its heads.</summary>
    QueryKeyValue,

    /// <summary>Into parts of equal size, the last ones filled up with zeros.</summary>
    Vocabulary,
}
