namespace Quant.Net;

/// <summary>Whether decoded parts put together are the decoded whole, and where they are not.</summary>
public sealed class PartsVerifyResult
{
    /// <summary>Weights that differ: one entry for each tensor and part, in the order of the whole.</summary>
    public required IReadOnlyList<PartsDifference> Differences { get; init; }

    /// <summary>What else is wrong, each in one line: tensors that are missing, too many, or of another shape or type; packed modules that
    /// cannot be decoded.</summary>
    public required IReadOnlyList<string> Faults { get; init; }

    /// <summary>Oddities that do no harm, each in one line.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>The number of tensors of the whole that were compared; a packed module is one.</summary>
    public required int TensorCount { get; init; }

    /// <summary>Bytes of the parts that were compared, as they are stored.</summary>
    public required long BytesRead { get; init; }

    /// <summary>The kernels that did the work; none where nothing had to be decoded.</summary>
    public required IReadOnlyList<string> Kernels { get; init; }

    /// <summary>How long it took.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>Whether the parts are the whole, bit for bit.</summary>
    public bool IsSound => Differences.Count == 0 && Faults.Count == 0;
}

/// <summary>Where a part differs from what the whole has there.</summary>
/// <param name="Tensor">The tensor, or the packed module.</param>
/// <param name="Part">The part, counted from 0 as they were given; of ranks that say which they are the rank.</param>
/// <param name="Path">The part's path.</param>
/// <param name="Count">How many of its values differ.</param>
/// <param name="ElementCount">Of how many.</param>
/// <param name="Row">The row of the first one, in the part's tensor, over all outer dimensions.</param>
/// <param name="Column">Its column there. Where several elements share a byte, bytes are counted.</param>
/// <param name="Found">Its bits: of the decoded float32, or of the element where nothing is packed.</param>
/// <param name="Expected">The bits that the whole has there; 0 where ranks are filled up.</param>
/// <param name="ValueBytes">The bytes of such a value.</param>
public sealed record PartsDifference(
    string Tensor, int Part, string Path, long Count, long ElementCount, long Row, long Column, ulong Found, ulong Expected, int ValueBytes);
