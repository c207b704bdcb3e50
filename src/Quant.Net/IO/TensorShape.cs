namespace Quant.Net.IO;

/// <summary>Numbers that follow from the dimensions of a tensor.</summary>
internal static class TensorShape
{
    /// <summary>
    /// The number of values of a tensor; null if the dimensions other than 0 have a product of 2^63 - 1 or more, which no file
    /// holds.
    /// </summary>
    public static long? CountElements(ReadOnlySpan<long> dimensions)
    {
        UInt128 product = 1;
        bool empty = false;
        foreach (long dimension in dimensions)
        {
            empty |= dimension == 0;
            product *= (ulong)Math.Max(dimension, 1);
            if (product >= long.MaxValue)
            {
                return null;
            }
        }

        return empty ? 0 : (long)product;
    }
}
