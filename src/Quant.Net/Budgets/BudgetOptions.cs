using Quant.Net.Recipes;

namespace Quant.Net;

/// <summary>How formats are chosen for a budget.</summary>
public sealed record BudgetOptions
{
    /// <summary>The formats that tensors may get; staying as it is is open to each. Empty: all that recipes give to most tensors, from Q1_0 to F32.</summary>
    public IReadOnlyList<QuantFormat> Candidates { get; init; } = [];

    /// <summary>
    /// How many values of each tensor the errors are measured on: in rows evenly apart, the same in each run. At least
    /// one row is measured. Each takes 12 bytes of memory.
    /// </summary>
    public int SampleValues { get; init; } = 1 << 16;

    /// <summary>The formats of most tensors of all recipes.</summary>
    internal static IReadOnlyList<QuantFormat> AllCandidates { get; } =
        [.. QuantizationRecipe.All.Select(recipe => recipe.Format).OfType<QuantFormat>().Distinct()];

    /// <summary>The formats, checked.</summary>
    /// <exception cref="ArgumentException">Nothing is quantized to one of them.</exception>
    internal IReadOnlyList<QuantFormat> Formats => Candidates.Count == 0
        ? AllCandidates
        : [.. Candidates.Distinct().Select(format => TargetFormats.Require(format, nameof(Candidates)))];
}
