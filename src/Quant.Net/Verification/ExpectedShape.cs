using Quant.Net.IO;

namespace Quant.Net.Verification;

/// <summary>The shape that a weight should have.</summary>
/// <param name="Shape">Its lengths; <see cref="ArchitectureShapes.AnyLength"/> where one is not known.</param>
/// <param name="IsRequired">Whether every layer has such a weight.</param>
/// <param name="MayBeTurned">Whether the last two dimensions may be the other way round.</param>
internal sealed record ExpectedShape(long[] Shape, bool IsRequired, bool MayBeTurned = false)
{
    /// <summary>Whether a weight has it.</summary>
    public bool Fits(IReadOnlyList<long> shape) => Fits(shape, Shape) || (MayBeTurned && Fits(shape, [.. Shape[..^2], Shape[^1], Shape[^2]]));

    /// <summary>The lengths in words.</summary>
    public override string ToString() =>
        string.Join(", ", Shape.Select(length => length == ArchitectureShapes.AnyLength ? "any" : ErrorText.Invariant($"{length}")));

    private static bool Fits(IReadOnlyList<long> shape, long[] expected) =>
        shape.Count == expected.Length && shape.Zip(expected).All(pair => pair.Second == ArchitectureShapes.AnyLength || pair.First == pair.Second);
}
