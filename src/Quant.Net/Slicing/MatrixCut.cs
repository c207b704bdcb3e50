using Quant.Net.IO;
using Quant.Net.Slicing;

namespace Quant.Net;

/// <summary>Into what parts a matrix is cut, whatever its size: one range, equal parts, or parts of heads.</summary>
public sealed class MatrixCut
{
    private readonly Func<long, long, IEnumerable<IReadOnlyList<(long First, long Count)>>> _parts;

    private MatrixCut(MatrixAxis axis, Func<long, long, IEnumerable<IReadOnlyList<(long First, long Count)>>> parts)
    {
        if (axis is not (MatrixAxis.Output or MatrixAxis.Input))
        {
            throw new ArgumentOutOfRangeException(nameof(axis), axis, "Expected Output or Input.");
        }

        Axis = axis;
        _parts = parts;
    }

    /// <summary>Along which features.</summary>
    public MatrixAxis Axis { get; }

    /// <summary>One part of neighbouring features.</summary>
    /// <param name="axis">Along which features.</param>
    /// <param name="first">The first one.</param>
    /// <param name="count">How many.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative, or there are no features.</exception>
    public static MatrixCut Range(MatrixAxis axis, long first, long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        return new MatrixCut(axis, (length, _) => first <= length && count <= length - first
            ? [[(first, count)]]
            : throw new ArgumentException(ErrorText.Invariant(
                $"{Name(axis)} features {first}:{(Int128)first + count} are not all there, expected some of 0:{length}")));
    }

    /// <summary>Parts of equal size.</summary>
    /// <param name="axis">Along which features.</param>
    /// <param name="parts">How many parts.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no parts.</exception>
    public static MatrixCut Equal(MatrixAxis axis, int parts)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(parts);
        return new MatrixCut(axis, (length, multiple) => length % parts == 0 && length / parts % multiple == 0
            ? Enumerable.Range(0, parts).Select(part => (IReadOnlyList<(long, long)>)[(part * (length / parts), length / parts)])
            : throw new ArgumentException(ErrorText.Invariant(
                $"{length} {Name(axis)} features do not divide into {parts} equal parts{(multiple > 1 ? $" of a multiple of {multiple}" : "")}{NearestCuts.NumbersOfParts(length, multiple, parts)}")));
    }

    /// <summary>
    /// Divides each of several heads, and puts the same parts of all heads together: of the features k0 v0 k1 v1 ... one part with k0 k1
    /// ... and one with v0 v1 ..., as the key and value projection of multi-head latent attention needs it.
    /// </summary>
    /// <param name="axis">Along which features the heads are.</param>
    /// <param name="heads">How many heads.</param>
    /// <param name="widths">The features of each part of a head.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no heads, or a width is none.</exception>
    /// <exception cref="ArgumentException">There are no widths.</exception>
    public static MatrixCut Heads(MatrixAxis axis, int heads, IReadOnlyList<long> widths)
    {
        ArgumentNullException.ThrowIfNull(widths);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(heads);
        long[] own = [.. widths];
        Int128 head = 0;
        foreach (long width in own)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width, nameof(widths));
            head += width;
        }

        return own.Length == 0
            ? throw new ArgumentException("A head has no parts.", nameof(widths))
            : new MatrixCut(axis, (length, _) => head * heads == length
                ? own.Select((width, part) => HeadParts(heads, (long)head, own.Take(part).Sum(), width))
                : throw new ArgumentException(ErrorText.Invariant(
                    $"{heads} heads of {head} are {heads * head} {Name(axis)} features, expected {length}")));
    }

    /// <summary>Parts whose ranges are known already.</summary>
    internal static MatrixCut Of(MatrixAxis axis, IReadOnlyList<IReadOnlyList<(long First, long Count)>> parts) => new(axis, (_, _) => parts);

    /// <summary>The ranges that make up each part.</summary>
    /// <param name="length">The features of the matrix.</param>
    /// <param name="multiple">Of what the features of equal parts have to be a multiple.</param>
    /// <exception cref="ArgumentException">A matrix of this length cannot be cut so.</exception>
    internal IEnumerable<IReadOnlyList<(long First, long Count)>> PartsOf(long length, long multiple = 1) => _parts(length, multiple);

    internal static string Name(MatrixAxis axis) => axis == MatrixAxis.Output ? "output" : "input";

    private static IReadOnlyList<(long, long)> HeadParts(int heads, long head, long before, long width) =>
        [.. Enumerable.Range(0, heads).Select(h => ((h * head) + before, width))];
}
