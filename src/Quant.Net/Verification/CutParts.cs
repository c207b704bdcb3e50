using Quant.Net.IO;
using Quant.Net.Slicing;
using Ranges = System.Collections.Generic.IReadOnlyList<(long First, long Count)>;

namespace Quant.Net.Verification;

/// <summary>Where the parts of one matrix are in it: by what they say of themselves, or by their shapes and the order in which they are given.</summary>
/// <param name="Axis">Along which features they are cut.</param>
/// <param name="Ranges">The features of each part.</param>
/// <param name="IsByOrder">Whether nothing but the order of the parts says where they are.</param>
internal sealed record CutParts(MatrixAxis Axis, IReadOnlyList<Ranges> Ranges, bool IsByOrder)
{
    /// <summary>Finds it out; null, and why, if shapes do not fit.</summary>
    public static CutParts? Find(IWeightRows whole, IReadOnlyList<IWeightRows> parts, PartsVerifyOptions options, out string? problem)
    {
        problem = parts.FirstOrDefault(part => part.Kind != whole.Kind) is { } other ? $"{other.Place} is {other.Kind}, expected {whole.Kind}" : null;
        if (problem is not null)
        {
            return null;
        }

        if (options.Cut is null && MarkedParts.Of(parts.Select(part => (part.Path, part.Mark))) is { } marked && IsOf(whole, parts, options.Axis))
        {
            problem = marked.WhyNotWhole() ?? Problem(whole, parts, parts[0].Mark!.Axis, [.. parts.Select(part => part.Mark!.Ranges)]);
            return problem is null ? new CutParts(parts[0].Mark!.Axis, [.. parts.Select(part => part.Mark!.Ranges)], IsByOrder: false) : null;
        }

        if (AxisOf(whole, parts, options) is not { } axis)
        {
            problem = ErrorText.Invariant(
                $"{whole.Place}: parts of {string.Join(", ", parts.Select(Shape))} do not make {Shape(whole)} along output or input features");
            return null;
        }

        IReadOnlyList<Ranges> ranges = [];
        try
        {
            ranges = options.Cut is { } cut ? [.. cut.PartsOf(whole.Length(axis))] : OneBehindTheOther(parts, axis);
        }
        catch (ArgumentException refused)
        {
            problem = $"{whole.Place}: {refused.Message}";
            return null;
        }

        problem = Problem(whole, parts, axis, ranges);
        return problem is null ? new CutParts(axis, ranges, IsByOrder: options.Cut is null) : null;
    }

    /// <summary>Whether parts are not simply given in another order than they were cut in; else that is the problem.</summary>
    public bool IsInOrder(IWeightRows whole, IReadOnlyList<IWeightRows> parts, out string? problem)
    {
        problem = IsByOrder && PartOrder.Find(whole, parts, Axis) is { } order
            ? $"{whole.Place}: the parts are in another order than in the whole, expected {ErrorText.QuoteAll([.. order.Select(part => part.Path)])}"
            : null;
        return problem is null;
    }

    // Parts of a part speak of that.
    private static bool IsOf(IWeightRows whole, IReadOnlyList<IWeightRows> parts, MatrixAxis? axis) =>
        parts.All(part => part.Mark is { } mark && mark.Name == whole.Name && mark.Length == whole.Length(mark.Axis) && (axis ?? mark.Axis) == mark.Axis
            && FitsAlong(mark.Axis, whole, part));

    private static MatrixAxis? AxisOf(IWeightRows whole, IReadOnlyList<IWeightRows> parts, PartsVerifyOptions options) =>
        options.KnownAxis is { } known ? (parts.All(part => FitsAlong(known, whole, part)) ? known : null)
        : parts.All(part => FitsAlong(MatrixAxis.Output, whole, part)) ? MatrixAxis.Output
        : parts.All(part => FitsAlong(MatrixAxis.Input, whole, part)) ? MatrixAxis.Input
        : null;

    private static bool FitsAlong(MatrixAxis axis, IWeightRows whole, IWeightRows part) => axis == MatrixAxis.Output
        ? part.Columns == whole.Columns && Matrices(part) == Matrices(whole)
        : part.MatrixRows == whole.MatrixRows && part.Rows == whole.Rows;

    private static string? Problem(IWeightRows whole, IReadOnlyList<IWeightRows> parts, MatrixAxis axis, IReadOnlyList<Ranges> ranges)
    {
        string name = MatrixCut.Name(axis);
        if (ranges.Count != parts.Count)
        {
            return ErrorText.Invariant($"{whole.Place}: has {ErrorText.Count(parts.Count, "part")}, expected {ranges.Count}");
        }

        for (int at = 0; at < parts.Count; at++)
        {
            long length = ranges[at].Sum(range => range.Count), found = parts[at].Length(axis);
            if (found != length)
            {
                return ErrorText.Invariant($"{parts[at].Place} has {found} {name} features, expected {length}");
            }
        }

        long sum = parts.Sum(part => part.Length(axis)), all = whole.Length(axis);
        return sum == all ? null : ErrorText.Invariant($"{whole.Place}: its parts have {sum} {name} features together, expected {all}");
    }

    private static IReadOnlyList<Ranges> OneBehindTheOther(IReadOnlyList<IWeightRows> parts, MatrixAxis axis)
    {
        List<Ranges> ranges = [];
        long first = 0;
        foreach (IWeightRows part in parts)
        {
            long count = part.Length(axis);
            ranges.Add([(first, count)]);
            first += count;
        }

        return ranges;
    }

    private static long Matrices(IWeightRows rows) => rows.MatrixRows == 0 ? 0 : rows.Rows / rows.MatrixRows;

    private static string Shape(IWeightRows rows) => Matrices(rows) == 1
        ? ErrorText.Invariant($"[{rows.Rows}, {rows.Columns}]")
        : ErrorText.Invariant($"[{Matrices(rows)}, {rows.MatrixRows}, {rows.Columns}]");
}
