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
            new Column("Weight") { ShownFromWidth = 100 });
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
        foreach (DeviceFacts device in result.Devices)
        {
            WriteKernels(result, device, report);
        }
    }

    private static void WriteKernels(FormatsResult result, DeviceFacts device, IReport report)
    {
        report.Heading($"Decoding on {device.Name}: {device.Description}");
        var table = new ReportTable([
            new Column("Format"),
            .. OutputTypes.All.Select(output => new Column($"to {output.Name}")),
            new Column("Written"),
        ]);
        foreach (FormatFacts format in result.Formats)
        {
            KernelFacts[] kernels = [.. format.Kernels.Where(kernel => kernel.Device == device.Name)];
            table.Add([
                new Cell(format.Name, Tone.Strong),
                .. kernels.Select(kernel => new Cell(kernel.Kernel ?? "no", kernel.Supported ? Tone.Normal : Tone.Bad)),
                kernels.All(kernel => kernel.Tuned) ? new Cell("by hand", Tone.Good) : new Cell("in general", Tone.Dim),
            ]);
        }

        report.Table(table);
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
