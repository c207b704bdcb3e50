using System.Globalization;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Formats;

/// <summary>Shows the formats to people.</summary>
internal static class FormatsText
{
    public static void Write(FormatsResult result, IReport report)
    {
        report.Heading(Quantity.Count(result.Formats.Count, "format"));
        var table = new ReportTable(
            new Column("Format"),
            new Column("Values") { IsNumber = true },
            new Column("Bytes") { IsNumber = true },
            new Column("Bits/weight") { IsNumber = true },
            new Column("Weight") { Wraps = true, ShownFromWidth = 100 });
        foreach (FormatFacts format in result.Formats)
        {
            table.Add(
                new Cell(format.Name, Tone.Strong),
                Number(format.ValuesPerBlock),
                Number(format.BytesPerBlock),
                Quantity.Bits(format.BitsPerWeight),
                format.Formula);
        }

        report.Table(table);
        WriteLayouts(result.Layouts, report);
        foreach (DeviceFacts device in result.Devices)
        {
            WriteKernels(result, device, report);
        }
    }

    private static void WriteLayouts(IReadOnlyList<LayoutFacts> layouts, IReport report)
    {
        report.Heading($"{Quantity.Count(layouts.Count, "layout")} of packed matrices");
        var table = new ReportTable(
            new Column("Layout"),
            new Column("Bits"),
            new Column("Weight") { Wraps = true, ShownFromWidth = 100 });
        foreach (LayoutFacts layout in layouts)
        {
            table.Add(new Cell(layout.Name, Tone.Strong), string.Join(", ", layout.Bits.Select(Number)), layout.Formula);
        }

        report.Table(table);
    }

    private static void WriteKernels(FormatsResult result, DeviceFacts device, IReport report)
    {
        report.Heading($"Decoding on {device.Name}: {device.Description}");
        var table = new ReportTable(new Column("Format or layout"), new Column("Kernels"), new Column("Written"));
        foreach (FormatFacts format in result.Formats)
        {
            KernelFacts[] kernels = [.. format.Kernels.Where(kernel => kernel.Device == device.Name)];
            table.Add(
                new Cell(format.Name, Tone.Strong),
                Join([.. kernels.Where(kernel => kernel.Supported).Select(kernel => kernel.Kernel ?? "")]),
                Written(
                    supported: kernels.All(kernel => kernel.Supported),
                    byHand: kernels.All(kernel => kernel.Tuned),
                    mixed: null));
        }

        foreach (LayoutFacts layout in result.Layouts)
        {
            MatrixKernelFacts[] kernels = [.. layout.Kernels.Where(kernel => kernel.Device == device.Name)];
            int[] byHand = [.. layout.Bits.Where(bits => kernels.Where(kernel => kernel.Bits == bits).All(kernel => kernel.Tuned))];
            table.Add(
                new Cell(layout.Name, Tone.Strong),
                Join([.. kernels.Where(kernel => kernel.Supported).Select(kernel => kernel.Kernel ?? "").Distinct()]),
                Written(
                    supported: kernels.All(kernel => kernel.Supported),
                    byHand: byHand.Length == layout.Bits.Count,
                    mixed: byHand.Length == 0 ? null : $"by hand for {string.Join(", ", byHand.Select(Number))} bits"));
        }

        report.Table(table);
    }

    // avx2/Q4_K/f32, avx2/Q4_K/f16 show as avx2/Q4_K/{f32,f16}.
    private static string Join(string[] kernels)
    {
        string[] stems = [.. kernels.Select(name => name[..(name.LastIndexOf('/') + 1)]).Distinct()];
        return kernels.Length > 1 && stems is [{ Length: > 0 } stem]
            ? $"{stem}{{{string.Join(',', kernels.Select(name => name[stem.Length..]))}}}"
            : string.Join(", ", kernels);
    }

    private static Cell Written(bool supported, bool byHand, string? mixed) =>
        !supported ? new Cell("not for all types", Tone.Bad)
        : byHand ? new Cell("by hand", Tone.Good)
        : mixed ?? new Cell("in general", Tone.Dim);

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
