namespace Quant.Net.Recipes;

/// <summary>Where in a model a tensor stands: which of how many layers.</summary>
internal readonly record struct LayerPlace(long Index, long Count)
{
    private long FirstEighth => Count / 8;

    private long LastEighth => 7 * Count / 8;

    public bool IsInFirstSixteenth => Index < Count / 16;

    public bool IsInFirstEighth => Index < FirstEighth;

    public bool IsInMiddle => Index >= FirstEighth && Index < LastEighth;

    /// <summary>The layers that medium recipes give more bits: the first and last eighth, and every third between.</summary>
    public bool GetsMoreBits => Index < FirstEighth || Index >= LastEighth || (Index - FirstEighth) % 3 == 2;
}
