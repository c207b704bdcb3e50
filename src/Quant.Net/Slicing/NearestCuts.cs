using Quant.Net.IO;

namespace Quant.Net.Slicing;

/// <summary>Where a cut would have been possible, for messages.</summary>
internal static class NearestCuts
{
    /// <summary>A place if it is a multiple, else the multiples before and after it: <c>8 or 16</c>.</summary>
    public static string Of(long place, long multiple)
    {
        long before = place / multiple * multiple;
        return before == place ? ErrorText.Invariant($"{place}") : ErrorText.Invariant($"{before} or {before + multiple}");
    }
}
