using System.Globalization;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Formats;

/// <summary>
/// The table of formats that the README shows. It names no kernel and no device of this machine, so that everyone who makes it
/// gets the same.
/// </summary>
internal static class FormatsMarkdown
{
    public static void Write(TextWriter output)
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
                $"`{format.Formula.Replace("|", "\\|", StringComparison.Ordinal)}`",
                string.Join(", ", outputs),
            ];
            output.WriteLine($"| {string.Join(" | ", cells)} |");
        }
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
