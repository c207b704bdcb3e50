using System.Globalization;
using Quant.Net.Tool.Compare;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Quantize;

/// <summary>Says in a few lines what was written, and of what size.</summary>
internal static class QuantizeText
{
    public static void Show(QuantizeReport result, IReport report)
    {
        List<(string, Cell)> facts = [("written", Quantity.Files(result.Outputs)), .. PlanFacts(result)];
        if (result.BytesResumed > 0)
        {
            facts.Insert(1, ("resumed", $"{Quantity.Bytes(result.BytesResumed.Value)} were there already"));
        }

        facts.Add(("took", Quantity.Took(result.Seconds!.Value, result.BytesBefore, "read")));
        facts.Add(("encoded on", result.Device.Description));
        report.Facts(facts);
    }

    /// <summary>What plan and result have in common.</summary>
    public static IEnumerable<(string Label, Cell Value)> PlanFacts(QuantizeReport plan)
    {
        yield return ("type", plan.TargetBytes is null && plan.TargetBitsPerWeight is null ? plan.Type : $"mostly {plan.Type}, {Choice(plan)}");
        yield return ("architecture", plan.ArchitectureKnown ? plan.Architecture! : $"{plan.Architecture ?? "none"}, by names and shapes");
        if (plan.Importance is not null)
        {
            yield return ("importance", plan.Importance);
        }

        yield return ("tensors", $"{Quantity.Bytes(plan.BytesBefore)} → {Quantity.Bytes(plan.BytesAfter)}");
        yield return ("bits/weight", $"{Bits(plan.BitsPerWeightBefore)} → {Bits(plan.BitsPerWeightAfter)}");
        if (plan.EstimatedError is { } error)
        {
            yield return ("error", $"{CompareText.Share(error)} of what was measured");
        }

        yield return ("file", $"{Quantity.Bytes(plan.FileBytes)} ({Quantity.Count(plan.FileBytes, "byte")})");
    }

    // The plan of a budget that is too small is the smallest one.
    private static string Choice(QuantizeReport plan)
    {
        bool isTooLarge = plan.TargetBytes is { } bytes ? plan.FileBytes > bytes : plan.BitsPerWeightAfter > plan.TargetBitsPerWeight;
        return plan.Faults.Count > 0 && isTooLarge ? $"the smallest there is, and more than {Goal(plan)}" : $"chosen for {Goal(plan)}";
    }

    private static string Goal(QuantizeReport plan) => plan.TargetBytes is { } bytes
        ? $"{Quantity.Bytes(bytes)} ({Quantity.Count(bytes, "byte")})"
        : $"{Quantity.Bits(plan.TargetBitsPerWeight!.Value)} bits per weight";

    private static string Bits(double bits) => bits.ToString("0.00", CultureInfo.InvariantCulture);
}
