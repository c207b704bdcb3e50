namespace Quant.Net;

/// <summary>Why a plan gives a tensor its format.</summary>
public enum QuantizationReason
{
    /// <summary>It stays as it is: it must not be quantized, or is left out by an option.</summary>
    Kept = 0,

    /// <summary>The recipe says so.</summary>
    Recipe = 1,

    /// <summary>An option asks for it.</summary>
    Option = 2,

    /// <summary>It was chosen with those of the other tensors, so that the model keeps within a budget at the least error.</summary>
    Budget = 3,

    /// <summary>
    /// None is possible: its rows fit neither the chosen format nor another of the recipe. It counts as it is, in a plan that cannot be carried
    /// out (<see cref="QuantizationOptions.AllowFaults"/>).
    /// </summary>
    Impossible = 4,
}
