using Quant.Net.IO;
using Quant.Net.Slicing;

namespace Quant.Net;

/// <summary>
/// Cuts and joins packed matrices without decoding them: the codes, scales and zero points of the result are those of the original, so
/// that decoded parts are the parts of the decoded matrix, bit for bit.
/// </summary>
/// <remarks>
/// Where a part begins and ends at whole words and groups, bytes are copied. Elsewhere fields of bits are moved; a group that a cut goes
/// through becomes several smaller ones with the same scales. What a layout cannot hold is refused, with the nearest cuts that it can.
/// Results are new arrays without gaps, of at most 2 GB each.
/// </remarks>
public static class MatrixSlicer
{
    /// <summary>Cuts a matrix into parts.</summary>
    /// <param name="matrix">The matrix.</param>
    /// <param name="cut">Into which.</param>
    /// <param name="numbering">What becomes of groups with a list (<c>g_idx</c>) in a cut along the inputs.</param>
    /// <returns>The parts in order.</returns>
    /// <exception cref="ArgumentException">
    /// The matrix is malformed, has no such features, or the layout cannot hold such a part; the message says why.
    /// </exception>
    /// <exception cref="NotSupportedException">Matrices of this layout cannot be cut.</exception>
    public static IReadOnlyList<MatrixArrays> Cut(
        MatrixArrays matrix, MatrixCut cut, GroupNumbering numbering = GroupNumbering.Compact)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        ArgumentNullException.ThrowIfNull(cut);
        MatrixAssembly.RequireAlike(matrix, matrix, cut.Axis);
        return [.. PiecesOf(matrix, cut).Select(pieces => MatrixAssembly.Make(pieces, cut.Axis, numbering))];
    }

    /// <summary>The parts that <see cref="Cut"/> gives, without arrays other than lists of groups; the matrix needs no others.</summary>
    internal static IReadOnlyList<MatrixArrays> Outline(MatrixArrays matrix, MatrixCut cut, GroupNumbering numbering) =>
        [.. PiecesOf(matrix, cut).Select(pieces => MatrixAssembly.Outline(pieces, cut.Axis, numbering))];

    /// <summary>Joins matrices, the inverse of cutting.</summary>
    /// <param name="parts">The parts in order, all of one layout.</param>
    /// <param name="axis">Along which features.</param>
    /// <returns>The whole.</returns>
    /// <exception cref="ArgumentException">
    /// There are no parts, one is malformed, they do not belong together, or the layout cannot hold the whole.
    /// </exception>
    /// <exception cref="NotSupportedException">Matrices of this layout cannot be joined.</exception>
    public static MatrixArrays Concat(IReadOnlyList<MatrixArrays> parts, MatrixAxis axis)
    {
        ArgumentNullException.ThrowIfNull(parts);
        return parts.Count > 0
            ? Join(
                parts, axis, [.. parts.Select((part, number) => new JointPiece(number, 0, Length(part, axis)))],
                [.. parts.Select((_, number) => ErrorText.Invariant($"part {number + 1}"))])
            : throw new ArgumentException("There are no parts.", nameof(parts));
    }

    /// <summary>Joins pieces of matrices.</summary>
    /// <param name="parts">The matrices.</param>
    /// <param name="axis">Along which features.</param>
    /// <param name="pieces">What of which follows what.</param>
    /// <param name="names">What complaints call them.</param>
    internal static MatrixArrays Join(
        IReadOnlyList<MatrixArrays> parts, MatrixAxis axis, IReadOnlyList<JointPiece> pieces, IReadOnlyList<string> names)
    {
        foreach ((MatrixArrays part, string name) in parts.Zip(names))
        {
            Subject.Name(name, () => MatrixAssembly.RequireAlike(parts[0], part, axis));
        }

        MatrixPiece[] own = [.. pieces.Select(piece => new MatrixPiece(parts[piece.Part], piece.First, piece.Count))];
        return Subject.Name(
            parts.Count == 1 ? names[0] : $"{names[0]} with {ErrorText.Count(parts.Count - 1, "more part")}",
            () => MatrixAssembly.Make(own, axis, GroupNumbering.Compact));
    }

    private static IEnumerable<MatrixPiece[]> PiecesOf(MatrixArrays matrix, MatrixCut cut) =>
        cut.PartsOf(Length(matrix, cut.Axis), MatrixGrids.Multiple(matrix, cut.Axis)).Select(ranges => ranges.Select(range => new MatrixPiece(matrix, range.First, range.Count)).ToArray());

    internal static long Length(MatrixArrays matrix, MatrixAxis axis) => axis switch
    {
        MatrixAxis.Output => matrix.Rows,
        MatrixAxis.Input => matrix.Columns,
        _ => throw new ArgumentOutOfRangeException(nameof(axis), axis, "Expected Output or Input."),
    };
}
