using Quant.Net.Conversion;

namespace Quant.Net;

/// <summary>How a model is quantized; what becomes of each tensor is the plan's.</summary>
public sealed record QuantizeOptions
{
    /// <summary>How much each column of the tensors matters. Null: nothing is known. Tensors that it does not name are quantized without.</summary>
    public ImportanceMatrix? Importance { get; init; }

    /// <summary>Replaces files that are there already. Without it, that is an error.</summary>
    public bool Overwrite { get; init; }

    /// <summary>
    /// Lets weights be NaN or infinite, or too large for float32 or for the format that they become, and be so in the output. Nothing is promised
    /// of blocks with such weights.
    /// </summary>
    public bool AllowNonFinite { get; init; }

    /// <summary>How long the encoders search.</summary>
    public QuantizationEffort Effort { get; init; }

    /// <summary>
    /// Bytes that buffers have together at most; rows that need more are refused. Null: <see cref="DefaultMaxMemory"/>. The bytes of the
    /// output do not depend on it.
    /// </summary>
    public long? MaxMemory { get; init; }

    /// <summary>
    /// Divides the output into files <c>NAME-00001-of-0000N.gguf</c> with at most so many bytes of tensor data, padding included, as llama.cpp's
    /// gguf-split does. A larger tensor has a larger file of its own. Null: one file, or as many as the input has if the plan keeps its split.
    /// </summary>
    public long? SplitMaxBytes { get; init; }

    /// <summary>
    /// Goes on where an earlier run with the same model, plan, output and options was interrupted, after checking what it has left; and leaves
    /// what is done for the next run if this one is interrupted or fails. The output is the same as without.
    /// </summary>
    public bool Resume { get; init; }

    /// <summary>
    /// Measures how the weights differ from those that they were made of: <see cref="QuantizeResult.Errors"/>. Not together with
    /// <see cref="Resume"/>, because nothing is measured of what an earlier run has done.
    /// </summary>
    public bool Measure { get; init; }

    /// <summary>How many rows with the largest errors are named of each tensor, if errors are measured.</summary>
    public int WorstRows { get; init; } = 3;

    /// <summary>What buffers have together if nothing else is asked for.</summary>
    public static long DefaultMaxMemory => 64 << 20;

    /// <summary>How much at most is done anew when work is resumed.</summary>
    internal CheckpointSpacing Checkpoints { get; init; } = CheckpointSpacing.Usual;
}
