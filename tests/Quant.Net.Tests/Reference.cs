namespace Quant.Net.Tests;

/// <summary>What results should be, computed in another way than the library does.</summary>
internal static class Reference
{
    private const int SignificantBits = 8;
    private const int LowestExponent = -126;

    /// <summary>Rounds to the nearest number with 8 significant bits, ties to even, in double arithmetic.</summary>
    public static float RoundToBFloat16(float value)
    {
        if (value == 0 || !float.IsFinite(value))
        {
            return value;
        }

        int exponent = Math.Max(Math.ILogB(value), LowestExponent);
        double unit = Math.ScaleB(1, exponent - (SignificantBits - 1));
        double rounded = Math.Round(value / unit, MidpointRounding.ToEven) * unit;
        return Math.Abs(rounded) > float.MaxValue ? float.CopySign(float.PositiveInfinity, value) : float.CopySign((float)rounded, value);
    }

    /// <summary>Compares bits, taking all NaNs for one.</summary>
    public static bool SameBits(float left, float right) =>
        BitConverter.SingleToUInt32Bits(left) == BitConverter.SingleToUInt32Bits(right) || (float.IsNaN(left) && float.IsNaN(right));
}
