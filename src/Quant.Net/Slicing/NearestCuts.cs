using Quant.Net.IO;

namespace Quant.Net.Slicing;

/// <summary>Where a cut would have been possible, for messages.</summary>
internal static class NearestCuts
{
    /// <summary>Where a part may begin and end instead: <c>0 or 32 and 64 or 96</c>.</summary>
    /// <param name="first">Where it was to begin.</param>
    /// <param name="end">Where it was to end.</param>
    /// <param name="multiple">Of what places of cuts are multiples.</param>
    /// <param name="length">The features there are; their end is a place too.</param>
    public static string Of(long first, long end, long multiple, long length)
    {
        long[] begins = [.. Around(first, multiple, length).Where(place => place < length)];
        IEnumerable<long> ends = Around(end, multiple, length).Where(place => place > begins[0]);
        return ErrorText.Invariant($"{string.Join(" or ", begins)} and {string.Join(" or ", ends)}");
    }

    /// <summary>The places to cut at before and behind one, or this one if it is one.</summary>
    public static IEnumerable<long> Around(long place, long multiple, long length)
    {
        long before = place / multiple * multiple;
        return before == place || place == length ? [place] : [before, Math.Min(before + multiple, length)];
    }

    /// <summary>The numbers of equal parts before and behind one, of a multiple each: <c>; nearest numbers of parts: 2 and 4</c>.</summary>
    public static string NumbersOfParts(long length, long multiple, long parts)
    {
        if (length % multiple != 0)
        {
            return "";
        }

        long units = length / multiple, below = 0, above = long.MaxValue;
        for (long small = 1; small <= units / small; small++)
        {
            if (units % small == 0)
            {
                foreach (long divisor in new[] { small, units / small })
                {
                    below = divisor < parts ? Math.Max(below, divisor) : below;
                    above = divisor > parts ? Math.Min(above, divisor) : above;
                }
            }
        }

        long[] nearest = [.. below > 0 ? [below] : Array.Empty<long>(), .. above < long.MaxValue ? [above] : Array.Empty<long>()];
        return nearest.Length == 0 ? "" : $"; nearest {(nearest.Length == 1 ? "number" : "numbers")} of parts: {string.Join(" and ", nearest)}";
    }
}
