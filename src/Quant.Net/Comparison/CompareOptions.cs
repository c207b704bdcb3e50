namespace Quant.Net;

/// <summary>How models are compared.</summary>
public sealed class CompareOptions
{
    /// <summary>Only tensors whose name matches one of these; all if there is none.</summary>
    public IReadOnlyList<NamePattern> Include { get; init; } = [];

    /// <summary>How many of a tensor's rows with the largest errors are listed.</summary>
    public int WorstRows { get; init; } = 3;

    /// <summary>Values of each model that are decoded at once; a row is never cut.</summary>
    public int ChunkValues { get; init; } = 4 << 20;
}
