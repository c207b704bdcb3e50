using Quant.Net.Tool.Compare;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Quantize;

/// <summary>Shows what would become of each tensor.</summary>
internal static class PlanText
{
    private const int WideTerminal = 120;

    public static void Show(QuantizeReport plan, IReport report, bool quiet)
    {
        ShowTensors(plan, report);
        ShowTypes(plan, report);
        if (!quiet)
        {
            report.Facts([("model", plan.Input), .. QuantizeText.PlanFacts(plan)]);
        }
    }

    private static void ShowTensors(QuantizeReport plan, IReport report)
    {
        bool isMeasured = plan.Tensors.Any(tensor => tensor.EstimatedError is not null);
        Column[] error = isMeasured ? [new Column("Error") { IsNumber = true, Priority = 1 }] : [];
        report.Heading("Tensors");
        var table = new ReportTable(
        [
            new Column("Tensor") { Wraps = true },
            new Column("Shape") { ShownFromWidth = WideTerminal },
            new Column("From") { Priority = 2 },
            new Column("To") { Priority = 3 },
            new Column("Before") { IsNumber = true, ShownFromWidth = WideTerminal },
            new Column("After") { IsNumber = true, Priority = 1 },
            new Column("Bits") { IsNumber = true, ShownFromWidth = WideTerminal },
            .. error,
            new Column("Why") { Wraps = true, Priority = 2 },
        ]);
        foreach (PlannedTensor tensor in plan.Tensors)
        {
            Tone tone = tensor.To is null ? Tone.Bad : tensor.Reason == "kept" ? Tone.Dim : tensor.Instead is null ? Tone.Normal : Tone.Warning;
            Cell[] measured = isMeasured ? [tensor.EstimatedError is { } share ? CompareText.Share(share) : ""] : [];
            table.Add(
            [
                new Cell(tensor.Name, tone), Quantity.Shape(tensor.Shape), tensor.From, new Cell(tensor.To ?? "not possible", tone),
                Quantity.Bytes(tensor.BytesBefore), Quantity.Bytes(tensor.BytesAfter), Quantity.Bits(tensor.BitsPerWeight), .. measured,
                new Cell(tensor.Note ?? "", tone),
            ]);
        }

        report.Table(table);
    }

    private static void ShowTypes(QuantizeReport plan, IReport report)
    {
        report.Heading("Types");
        var table = new ReportTable(
            new Column("Type"),
            new Column("Tensors") { IsNumber = true },
            new Column("Parameters") { IsNumber = true },
            new Column("Size") { IsNumber = true },
            new Column("Bits/weight") { IsNumber = true });
        foreach (PlannedType type in plan.Types.Append(new PlannedType("all", plan.Tensors.Count, plan.Parameters, plan.BytesAfter)))
        {
            table.Add(
                type.Type, Quantity.Count(type.Tensors), Quantity.Count(type.Parameters), Quantity.Bytes(type.Bytes),
                Quantity.Bits(type.Parameters == 0 ? 0 : 8.0 * type.Bytes / type.Parameters));
        }

        report.Table(table);
    }
}
