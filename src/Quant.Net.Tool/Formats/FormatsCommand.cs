using System.CommandLine;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Formats;

/// <summary><c>quantnet formats</c>: which formats the library knows and which kernels decode them.</summary>
internal sealed class FormatsCommand : ToolCommand
{
    private readonly Option<bool> _markdown = new("--markdown")
    {
        Description = "Print the tables for a Markdown page; they are the same on every machine",
    };

    private readonly DeviceOptions _device;
    private readonly ToolConsole _console;

    public FormatsCommand(ToolConsole console)
        : base(
            "formats",
            "Lists the formats and layouts of packed matrices that the library decodes, and their kernels",
            new Example("quantnet formats", "The formats and layouts, with the kernel for each output type on every device here"),
            new Example("quantnet formats --isa avx2", "The same as a CPU without AVX-512 would do it"),
            new Example("quantnet formats --json", "All facts, for a script"))
    {
        _console = console;
        _device = new DeviceOptions(this, "all devices");
        Options.Add(_markdown);
        SetAction(Run);
    }

    private int Run(ParseResult parsed)
    {
        if (parsed.GetValue(_markdown))
        {
            if (parsed.GetValue(CommonOptions.Json))
            {
                throw new UsageException("--markdown: cannot be had together with --json");
            }

            FormatsMarkdown.Write(_console.Out);
            return ExitCode.Done;
        }

        FormatsResult result = Survey(parsed);
        if (parsed.GetValue(CommonOptions.Json))
        {
            ResultJson.Write(_console, result, ResultJson.Default.FormatsResult);
        }
        else
        {
            FormatsText.Write(result, _console.CreateReport());
        }

        return ExitCode.Done;
    }

    private FormatsResult Survey(ParseResult parsed)
    {
        var devices = new List<QuantDevice>();
        try
        {
            foreach (string name in _device.DeviceName(parsed) is { } one ? [one] : QuantDevice.Enumerate().Select(device => device.Name))
            {
                devices.Add(DeviceOptions.Open(name, _device.Choose(parsed)));
            }

            return new FormatsResult(
                [.. devices.Select(DeviceFacts.Of)],
                [.. QuantFormats.All.Select(format => Describe(format, devices))],
                [.. PackedMatrixLayouts.All.Select(layout => Describe(layout, devices))]);
        }
        finally
        {
            devices.ForEach(device => device.Dispose());
        }
    }

    private static FormatFacts Describe(QuantFormatInfo format, IEnumerable<QuantDevice> devices) => new(
        format.Name,
        (int)format.Format,
        format.ValuesPerBlock,
        format.BytesPerBlock,
        format.ValuesPerGroup,
        format.BitsPerWeight,
        format.Formula,
        [.. devices.SelectMany(device => OutputTypes.All.Select(output => Describe(format, device, output.Name, output.Format)))]);

    private static LayoutFacts Describe(PackedMatrixLayoutInfo layout, IEnumerable<QuantDevice> devices) => new(
        layout.Name,
        (int)layout.Layout,
        layout.Bits,
        layout.Formula,
        [
            .. from device in devices
               from bits in layout.Bits
               from order in MatrixOrders.All
               from output in OutputTypes.All
               select Describe(layout, device, bits, order, output.Name, output.Format),
        ]);

    private static MatrixKernelFacts Describe(
        PackedMatrixLayoutInfo layout, QuantDevice device, int bits, MatrixOrder order, string outputName, QuantFormat output)
    {
        QuantCapability capability = device.GetMatrixCapability(QuantOperation.Dequantize, layout.Layout, bits, order, output);
        return new MatrixKernelFacts(
            device.Name,
            "dequantize",
            bits,
            MatrixOrders.NameOf(order),
            outputName,
            capability.IsSupported,
            capability.IsTuned,
            capability.IsSupported ? capability.Kernel : null);
    }

    private static KernelFacts Describe(QuantFormatInfo format, QuantDevice device, string outputName, QuantFormat output)
    {
        QuantCapability capability = device.GetCapability(QuantOperation.Dequantize, format.Format, output);
        return new KernelFacts(
            device.Name,
            "dequantize",
            outputName,
            capability.IsSupported,
            capability.IsTuned,
            capability.IsSupported ? capability.Kernel : null);
    }
}
