namespace Quant.Net;

/// <summary>How parts of a model are compared with the whole.</summary>
public sealed class PartsVerifyOptions
{
    /// <summary>Along which features the parts were cut, one behind the other; null: their shapes tell.</summary>
    public MatrixAxis? Axis { get; init; }

    /// <summary>How the parts were cut, where they are not simply one behind the other: by heads. Null: they are.</summary>
    public MatrixCut? Cut { get; init; }

    /// <summary>How many bytes of decoded weights, of the whole and again of a part, are compared at a time; at least a row.</summary>
    public int ChunkBytes { get; init; } = 8 << 20;

    internal MatrixAxis? KnownAxis => Cut?.Axis ?? Axis;
}
