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

    /// <summary>The multiples before and after a length that is none, of those with something in them: <c>8 or 16 would</c>.</summary>
    public static string Around(long length, long multiple)
    {
        long before = length / multiple * multiple;
        return before == 0 ? ErrorText.Invariant($"{multiple} would") : ErrorText.Invariant($"{before} or {before + multiple} would");
    }
}
