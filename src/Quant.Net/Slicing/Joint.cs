using Quant.Net.IO;

namespace Quant.Net.Slicing;

/// <summary>Some neighbouring features of a part.</summary>
internal readonly record struct JointPiece(int Part, long First, long Count);

/// <summary>How parts make a whole: one behind the other, or, if they are parts of heads and say so, head by head.</summary>
/// <param name="Pieces">What of which part follows what.</param>
/// <param name="Mark">What of the matrix that the parts were cut from they make; null if they do not all say that they are parts of one.</param>
internal sealed record Joint(IReadOnlyList<JointPiece> Pieces, PartMark? Mark)
{
    /// <summary>Finds it out.</summary>
    /// <param name="parts">The files of the parts, what they say of themselves, and how many features they have.</param>
    /// <param name="axis">Along which features they are joined.</param>
    /// <exception cref="ArgumentException">So joined they are neither what they were cut from nor a part of it.</exception>
    public static Joint Of(IReadOnlyList<(string Path, PartMark? Mark, long Length)> parts, MatrixAxis axis)
    {
        if (MarkedParts.Of(parts.Select(part => (part.Path, part.Mark))) is not { } marked)
        {
            return new Joint([.. parts.Select((part, number) => new JointPiece(number, 0, part.Length))], null);
        }

        PartMark mark = marked.Join(axis);
        foreach ((string path, PartMark? own, long length) in parts)
        {
            long said = own!.Ranges.Sum(range => range.Count);
            if (said != length)
            {
                throw new ArgumentException(ErrorText.Invariant(
                    $"{ErrorText.EscapePath(path)}: has {length} {MatrixCut.Name(axis)} features, expected {said} as its metadata say"));
            }
        }

        return new Joint([.. parts.SelectMany((part, number) => PiecesOf(part.Mark!, number)).OrderBy(piece => piece.Place).Select(piece => piece.Piece)], mark);
    }

    private static IEnumerable<(long Place, JointPiece Piece)> PiecesOf(PartMark mark, int number)
    {
        long first = 0;
        foreach ((long place, long count) in mark.Ranges)
        {
            yield return (place, new JointPiece(number, first, count));
            first += count;
        }
    }
}
