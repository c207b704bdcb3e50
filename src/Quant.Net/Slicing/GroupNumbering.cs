namespace Quant.Net;

/// <summary>What becomes of the groups of an act-order matrix that is cut along its inputs.</summary>
public enum GroupNumbering
{
    /// <summary>Groups that no input of the part is in are left out, the others numbered anew in their old order.</summary>
    Compact,

    /// <summary>Each part keeps all groups with their numbers, so that joined parts have the original bytes again.</summary>
    Keep,
}
