using Quant.Net.IO;

namespace Quant.Net.Slicing;

/// <summary>Parts of one matrix, all of which say what they are of it.</summary>
internal sealed class MarkedParts
{
    private readonly (string Path, PartMark Mark)[] _parts;

    private MarkedParts((string Path, PartMark Mark)[] parts) => _parts = parts;

    private PartMark First => _parts[0].Mark;

    private string Place => $"{ErrorText.EscapePath(_parts[0].Path)}: {ErrorText.Quote(First.Name)}";

    private string Features => $"{MatrixCut.Name(First.Axis)} features";

    /// <summary>Parts of what has one name; null if one does not say what it is, or has another name.</summary>
    public static MarkedParts? Of(IEnumerable<(string Path, PartMark? Mark)> parts)
    {
        (string Path, PartMark? Mark)[] all = [.. parts];
        return all.All(part => part.Mark is { } mark && mark.Name == all[0].Mark!.Name) ? new MarkedParts([.. all.Select(part => (part.Path, part.Mark!))]) : null;
    }

    /// <summary>The mark of what they make, given in this order.</summary>
    /// <exception cref="ArgumentException">So joined they are neither what they were cut from nor a part of it.</exception>
    public PartMark Join(MatrixAxis axis)
    {
        if (_parts.FirstOrDefault(part => part.Mark.Axis != axis) is { Mark: not null } across)
        {
            throw new ArgumentException(
                $"{ErrorText.EscapePath(across.Path)}: was cut along {MatrixCut.Name(across.Mark.Axis)} features, expected {MatrixCut.Name(axis)} features to join along");
        }

        if (_parts.Length == 1)
        {
            return First;
        }

        (string Path, PartMark Mark)[] sorted = InOrder();
        if (Problem() is { } problem)
        {
            throw new ArgumentException(problem);
        }

        return sorted.SequenceEqual(_parts)
            ? First with { Ranges = [(First.Ranges[0].First, sorted.Sum(part => part.Mark.Ranges.Sum(range => range.Count)))] }
            : throw new ArgumentException(
                $"{Place}: the parts are in another order than they were cut in: expected {ErrorText.QuoteAll([.. sorted.Select(part => part.Path)])}");
    }

    /// <summary>Why they do not make the whole, in whatever order; null if they do.</summary>
    public string? WhyNotWhole()
    {
        if (Problem() is { } problem)
        {
            return problem;
        }

        (long First, long Count)[] ranges = [.. InOrder().SelectMany(part => part.Mark.Ranges).Order()];
        long end = ranges[^1].First + ranges[^1].Count;
        return ranges[0].First > 0 ? Lacking((0, ranges[0].First)) : end < First.Length ? Lacking((end, First.Length - end)) : null;
    }

    /// <summary>The parts in the order in which they were cut.</summary>
    public (string Path, PartMark Mark)[] InOrder() => [.. _parts.OrderBy(part => part.Mark.Ranges[0].First)];

    // What is not of one matrix, is there twice, or is missing between parts.
    private string? Problem()
    {
        if (_parts.FirstOrDefault(part => (part.Mark.Axis, part.Mark.Length) != (First.Axis, First.Length)) is { Mark: not null } other)
        {
            return ErrorText.Invariant(
                $"{ErrorText.EscapePath(other.Path)}: is a part of {other.Mark.Length} {MatrixCut.Name(other.Mark.Axis)} features, expected {First.Length} {Features} as of {ErrorText.Quote(_parts[0].Path)}");
        }

        (string Path, (long First, long Count) Range)[] pieces =
            [.. _parts.SelectMany(part => part.Mark.Ranges.Select(range => (part.Path, range))).OrderBy(piece => piece.range.First)];
        foreach (((string path, (long First, long Count) range), (string nextPath, (long First, long Count) next)) in pieces.Zip(pieces.Skip(1)))
        {
            long end = range.First + range.Count;
            if (next.First < end)
            {
                return $"{ErrorText.EscapePath(nextPath)}: has {Features} {PartMark.Text(next)}, and {ErrorText.Quote(path)} has {PartMark.Text(range)}, expected none twice";
            }

            if (next.First > end)
            {
                return Lacking((end, next.First - end));
            }
        }

        return null;
    }

    private string Lacking((long First, long Count) range) =>
        ErrorText.Invariant($"{Place}: no part has {Features} {PartMark.Text(range)} of {First.Length}");
}
