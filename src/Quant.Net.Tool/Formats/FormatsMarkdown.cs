using System.Globalization;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Formats;

/// <summary>
/// The tables of formats and of layouts that the README shows. They name no kernel and no device of this machine, so that everyone
/// who makes them gets the same.
/// </summary>
internal static class FormatsMarkdown
{
    public static void Write(TextWriter output)
    {
        WriteFormats(output);
        output.WriteLine();
        WriteLayouts(output);
    }

    private static void WriteFormats(TextWriter output)
    {
        using QuantDevice cpu = QuantDevice.Open("cpu", new QuantDeviceOptions { Threads = 1, InstructionSet = InstructionSet.Scalar });
        output.WriteLine("| Format | GGUF type | Values per block | Bytes per block | Bits per weight | Weight | CPU decodes to |");
        output.WriteLine("| --- | ---: | ---: | ---: | ---: | --- | --- |");
        foreach (QuantFormatInfo format in QuantFormats.All)
        {
            IEnumerable<string> outputs = OutputTypes.All
                .Where(type => cpu.GetCapability(QuantOperation.Dequantize, format.Format, type.Format).IsSupported)
                .Select(type => type.Name);
            string[] cells =
            [
                format.Name,
                Number((int)format.Format),
                Number(format.ValuesPerBlock),
                Number(format.BytesPerBlock),
                Quantity.Bits(format.BitsPerWeight),
                Formula(format.Formula),
                string.Join(", ", outputs),
            ];
            output.WriteLine($"| {string.Join(" | ", cells)} |");
        }
    }

    private static void WriteLayouts(TextWriter output)
    {
        output.WriteLine("| Layout of packed matrices | Number | Bits of a code | Weight |");
        output.WriteLine("| --- | ---: | --- | --- |");
        foreach (PackedMatrixLayoutInfo layout in PackedMatrixLayouts.All)
        {
            string bits = string.Join(", ", layout.Bits.Select(Number));
            output.WriteLine($"| {layout.Name} | {Number((int)layout.Layout)} | {bits} | {Formula(layout.Formula)} |");
        }
    }

    private static string Formula(string formula) => $"`{formula.Replace("|", "\\|", StringComparison.Ordinal)}`";

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
