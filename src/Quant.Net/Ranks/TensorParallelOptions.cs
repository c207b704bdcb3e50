namespace Quant.Net;

/// <summary>How the parts of a divided model are written.</summary>
public sealed class TensorParallelOptions
{
    /// <summary>
    /// Replaces an output that is there already. Without it, that is an error. A folder with anything else in it than the ranks of an earlier
    /// output is never replaced.
    /// </summary>
    public bool Overwrite { get; init; }

    /// <summary>
    /// Splits the weights of each rank into files with at most so many bytes of data, and an index. A tensor is never split: one that is
    /// larger gets a file of its own. Null: one file for each rank, as ranks of GGUF models always are.
    /// </summary>
    public long? MaxShardBytes { get; init; }
}
