using System.CommandLine;
using System.CommandLine.Parsing;
using Quant.Net.Gguf;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Extract;

/// <summary><c>quantnet extract</c>: one tensor as a file.</summary>
internal sealed class ExtractCommand : ToolCommand
{
    private static readonly string[] Types = ["f32", "f16"];

    private readonly ModelArgument _model = new()
    {
        ForSafetensors = "'quantnet slice --module' takes a packed module from it, 'quantnet dequantize --tensor' decoded weights",
    };

    private readonly Option<string> _tensor = new("--tensor")
    {
        Description = "The tensor's name",
        HelpName = "NAME",
        Required = true,
    };

    private readonly Option<string> _output = OutputOptions.Output(
        "FILE", "The file to write: decoded if it ends in .npy, else the packed bytes as they are");

    private readonly Option<string?> _type = new("--type")
    {
        Description = "The type of decoded weights (default: f32)",
        HelpName = "f32|f16",
    };

    private readonly Option<bool> _force = OutputOptions.Force();
    private readonly DeviceOptions _device;
    private readonly ToolConsole _console;

    public ExtractCommand(ToolConsole console)
        : base(
            "extract",
            "Writes one tensor as a file: decoded for NumPy, or its packed bytes",
            new Example("quantnet extract model.gguf --tensor token_embd.weight -o embd.npy", "Decoded to f32, for numpy.load"),
            new Example("quantnet extract model.gguf --tensor token_embd.weight -o embd.npy --type f16", "The same in half the space"),
            new Example("quantnet extract model.gguf --tensor token_embd.weight -o embd.bin", "The packed bytes as the model has them"))
    {
        _console = console;
        _type.CompletionSources.Add(Types);
        _type.Validators.Add(RequireKnownType);
        Arguments.Add(_model);
        Options.Add(_tensor);
        Options.Add(_output);
        Options.Add(_type);
        Options.Add(_force);
        _device = new DeviceOptions(this, "cpu");
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string input = _model.PathIn(parsed);
        string output = parsed.GetRequiredValue(_output);
        string? type = parsed.GetValue(_type);
        bool isNpy = Path.GetExtension(output).Equals(".npy", StringComparison.OrdinalIgnoreCase);
        if (type is not null && !isNpy)
        {
            throw new UsageException("--type: only .npy output is decoded");
        }

        OutputOptions.RefuseExisting(output, parsed.GetValue(_force));
        using GgufFile model = GgufFile.Open(input);
        GgufTensor tensor = Find(model, parsed.GetRequiredValue(_tensor));
        ExtractReport report = await WorkProgress.RunAsync(
            _console,
            parsed.GetValue(CommonOptions.Quiet),
            Path.GetFileName(output),
            progress => isNpy
                ? DecodeAsync(parsed, model, tensor, type ?? Types[0], progress, cancellation)
                : CopyAsync(parsed, model, tensor, progress, cancellation));
        ExtractText.Show(_console, parsed, report);
        return ExitCode.Done;
    }

    private async Task<ExtractReport> DecodeAsync(
        ParseResult parsed, GgufFile model, GgufTensor tensor, string type, IProgress<ConversionProgress>? progress,
        CancellationToken cancellation)
    {
        using QuantDevice device = _device.Open(parsed, otherwise: "cpu");
        var options = new DequantizeOptions { OutputType = OutputTypes.Find(type)!.Value.Format, Overwrite = parsed.GetValue(_force) };
        DequantizeResult result = await ModelConverter.ExtractNpyAsync(
            model, tensor, parsed.GetRequiredValue(_output), options, device, progress, cancellation);
        return ExtractReport.Of(parsed.GetRequiredValue(_model), tensor, result, type, DeviceFacts.Of(device));
    }

    private async Task<ExtractReport> CopyAsync(
        ParseResult parsed, GgufFile model, GgufTensor tensor, IProgress<ConversionProgress>? progress, CancellationToken cancellation)
    {
        CopyResult result = await ModelConverter.ExtractAsync(
            tensor, parsed.GetRequiredValue(_output), parsed.GetValue(_force), progress, cancellation);
        return ExtractReport.Of(parsed.GetRequiredValue(_model), tensor, result, model.Warnings);
    }

    private static GgufTensor Find(GgufFile model, string name)
    {
        if (model.Tensors.TryGet(name, out GgufTensor? tensor))
        {
            return tensor;
        }

        string? guess = Suggestion.For(name, model.Tensors.Select(known => known.Name));
        throw new ToolException($"{model.Parts[0].Path}: has no tensor '{name}'" + (guess is null ? "" : $"; did you mean '{guess}'?"));
    }

    private static void RequireKnownType(OptionResult option)
    {
        string type = option.GetValueOrDefault<string>() ?? "";
        if (!Types.Contains(type, StringComparer.OrdinalIgnoreCase))
        {
            option.AddError($"--type: '{type}' is none of {string.Join(", ", Types)}");
        }
    }
}
