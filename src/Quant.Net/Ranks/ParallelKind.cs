namespace Quant.Net;

/// <summary>What becomes of a module when a model is divided among ranks that compute in parallel.</summary>
public enum ParallelKind
{
    /// <summary>Each rank has all of it.</summary>
    Replicated,

    /// <summary>Each rank has some of its outputs (column-parallel, as frameworks name it for [in, out]).</summary>
    Column,

    /// <summary>Each rank has some of its inputs (row-parallel). Results of the ranks are added; a bias is to be added once.</summary>
    Row,

    /// <summary>Each rank has some tokens of the vocabulary.</summary>
    Vocabulary,
}
