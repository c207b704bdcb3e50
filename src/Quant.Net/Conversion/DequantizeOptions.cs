using Quant.Net.Conversion;

namespace Quant.Net;

/// <summary>How a model is decoded into a new one.</summary>
public sealed class DequantizeOptions
{
    /// <summary>
    /// What floating-point tensors become: <see cref="QuantFormat.F32"/>, <see cref="QuantFormat.F16"/> or
    /// <see cref="QuantFormat.BF16"/>.
    /// </summary>
    public QuantFormat OutputType { get; init; } = QuantFormat.F16;

    /// <summary>
    /// Patterns of which a tensor's name must match one (<see cref="NamePattern"/>); empty: all tensors. A pattern that matches
    /// no tensor is an error.
    /// </summary>
    public IReadOnlyList<string> Include { get; init; } = [];

    /// <summary>
    /// Multiplies each <c>X.weight</c> by its companion <c>X.scale</c> in float32, rounds once, and leaves the scale out.
    /// Without it both are kept, and a warning says so.
    /// </summary>
    public bool ApplyScales { get; init; }

    /// <summary>Fails when a value becomes infinite that was finite. Without it, such values are counted and a warning says so.</summary>
    public bool Strict { get; init; }

    /// <summary>Replaces files that are there already. Without it, that is an error.</summary>
    public bool Overwrite { get; init; }

    /// <summary>
    /// Goes on where an earlier run with the same model, output and options was interrupted, after checking what it has left; and leaves
    /// what is done for the next run if this one is interrupted or fails. The output is the same as without.
    /// </summary>
    public bool Resume { get; init; }

    /// <summary>Safetensors only: splits the output into files with at most so many bytes of data and an index. Null: one file.</summary>
    public long? MaxShardBytes { get; init; }

    /// <summary>How many bytes are read, decoded and written at a time; memory use is at most some five times that.</summary>
    public int ChunkBytes { get; init; } = 8 << 20;

    /// <summary>How much at most is done anew when work is resumed.</summary>
    internal CheckpointSpacing Checkpoints { get; init; } = CheckpointSpacing.Usual;
}
