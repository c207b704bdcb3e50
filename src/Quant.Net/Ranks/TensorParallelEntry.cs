namespace Quant.Net;

/// <summary>What a plan says of a module, or of a tensor that belongs to none.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">How ranks have it.</param>
/// <param name="Axis">Along which features it is cut; null if it is not.</param>
/// <param name="Shape">Its shape; of a packed module that of its decoded weights.</param>
/// <param name="PartShape">The shape of each rank's part, of a packed module that of its decoded weights; empty if it cannot be cut so.</param>
/// <param name="PartLength">How many of the features each rank has; 0 if it cannot be cut so.</param>
/// <param name="Padding">Zeros that are added to the features, all ranks together.</param>
/// <param name="IsPacked">Whether it is packed.</param>
/// <param name="Note">What is special about it; null: nothing.</param>
/// <param name="Problem">Why it cannot be cut so; null if it can.</param>
public sealed record TensorParallelEntry(
    string Name, ParallelKind Kind, MatrixAxis? Axis, IReadOnlyList<long> Shape, IReadOnlyList<long> PartShape, long PartLength, long Padding,
    bool IsPacked, string? Note, string? Problem);
