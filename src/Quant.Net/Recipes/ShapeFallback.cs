namespace Quant.Net.Recipes;

/// <summary>What tensors get whose rows are not whole blocks of the chosen format.</summary>
internal static class ShapeFallback
{
    public static bool Fits(QuantFormat format, long rowLength) => rowLength % QuantFormats.Get(format).ValuesPerBlock == 0;

    /// <summary>A format that fits; null if the reference has none for such rows.</summary>
    public static QuantFormat? For(QuantFormat format, long rowLength)
    {
        if (Fits(format, rowLength))
        {
            return format;
        }

        QuantFormat? shorter = format switch
        {
            QuantFormat.IQ1_S or QuantFormat.IQ1_M or QuantFormat.IQ2_XXS or QuantFormat.IQ2_XS or QuantFormat.IQ2_S
                or QuantFormat.IQ3_XXS or QuantFormat.IQ3_S or QuantFormat.IQ4_XS => QuantFormat.IQ4_NL,
            QuantFormat.Q2_0 or QuantFormat.Q2_K or QuantFormat.Q3_K or QuantFormat.TQ1_0 or QuantFormat.TQ2_0 => QuantFormat.Q4_0,
            QuantFormat.Q4_K => QuantFormat.Q5_0,
            QuantFormat.Q5_K => QuantFormat.Q5_1,
            QuantFormat.Q6_K => QuantFormat.Q8_0,
            _ => null,
        };
        return shorter is { } found && !Fits(found, rowLength) ? QuantFormat.F16 : shorter;
    }
}
