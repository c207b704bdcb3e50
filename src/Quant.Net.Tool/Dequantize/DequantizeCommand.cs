using System.CommandLine;
using System.CommandLine.Parsing;
using Quant.Net.Gguf;
using Quant.Net.Safetensors;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Dequantize;

/// <summary><c>quantnet dequantize</c>: a model with its weights decoded.</summary>
internal sealed class DequantizeCommand : ToolCommand
{
    private readonly ModelArgument _model = new(takesSafetensors: true);

    private readonly Option<string> _output = OutputOptions.Output(
        "OUT", "The file to write; its extension, .safetensors or .gguf, chooses the container. Safetensors models also to a new folder, with their settings");

    private readonly Option<string> _type = new("--type")
    {
        Description = "The type of the decoded weights",
        HelpName = "f32|f16|bf16",
        DefaultValueFactory = _ => "f16",
    };

    private readonly TensorOption _tensors = new("Only tensors whose name matches; may be repeated");

    private readonly Option<bool> _applyScales = new("--apply-scales")
    {
        Description = "Multiply weights with the scale tensor beside them and leave that out",
    };

    private readonly Option<bool> _strict = new("--strict")
    {
        Description = "Fail where a weight is too large for f16, instead of warning",
    };

    private readonly Option<bool> _force = OutputOptions.Force();

    private readonly Option<bool> _resume = new("--resume")
    {
        Description = "Go on where this command was interrupted, and keep what is done if it is interrupted",
    };

    private readonly Option<long?> _shardSize = new("--shard-size")
    {
        Description = "Split a .safetensors output into files of at most this size, such as 5GB",
        HelpName = "SIZE",
        CustomParser = ByteSize.Parse,
    };

    private readonly Option<bool> _zeroWrap = new("--zero-wrap")
    {
        Description = "GPTQ: a stored zero point of all ones means 0, as some readers have it, and not 2 to the power of the bits",
    };

    private readonly DeviceOptions _device;
    private readonly ToolConsole _console;

    public DequantizeCommand(ToolConsole console)
        : base(
            "dequantize",
            "Writes a model with its weights decoded, for tools that read no quantized weights",
            new Example("quantnet dequantize model.gguf -o model.safetensors", "All weights as f16"),
            new Example("quantnet dequantize model.gguf -o model-f32.gguf --type f32", "The same as GGUF, in full precision"),
            new Example("quantnet dequantize model.gguf -o embd.safetensors --tensor token_embd.weight", "One tensor"),
            new Example("quantnet dequantize Llama-GPTQ -o model.safetensors", "A folder of GPTQ, AWQ ...: its packed modules as f16"),
            new Example("quantnet dequantize Llama-GPTQ -o Llama-f16 --shard-size 5GB", "The same to a folder that programs load, with settings and tokenizer"),
            new Example("quantnet dequantize model.gguf -o model.safetensors --shard-size 5GB", "In files of 5 GB with an index"),
            new Example("quantnet dequantize model.gguf -o model.safetensors --resume", "Goes on where the same command was interrupted"))
    {
        _console = console;
        Arguments.Add(_model);
        _type.CompletionSources.Add([.. OutputTypes.All.Select(type => type.Name)]);
        _type.Validators.Add(RequireKnownType);
        _output.Validators.Add(RequireName);
        Options.Add(_output);
        Options.Add(_type);
        Options.Add(_tensors);
        Options.Add(_applyScales);
        Options.Add(_strict);
        Options.Add(_force);
        Options.Add(_shardSize);
        Options.Add(_resume);
        Options.Add(_zeroWrap);
        _device = new DeviceOptions(this, "cpu");
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        using QuantDevice device = _device.Open(parsed, otherwise: "cpu");
        bool quiet = parsed.GetValue(CommonOptions.Quiet);
        DequantizeReport report = await ConvertAsync(parsed, device, quiet, cancellation);
        if (parsed.GetValue(CommonOptions.Json))
        {
            ResultJson.Write(_console, report, ResultJson.Default.DequantizeReport);
        }
        else if (!quiet)
        {
            _console.Warn(report.Warnings);
            DequantizeText.Write(report, _console.CreateReport());
        }

        return ExitCode.Done;
    }

    private async Task<DequantizeReport> ConvertAsync(ParseResult parsed, QuantDevice device, bool quiet, CancellationToken cancellation)
    {
        string output = parsed.GetRequiredValue(_output);
        RequireKnownContainer(parsed.GetRequiredValue(_model), output);
        string input = _model.PathIn(parsed);
        (string typeName, QuantFormat type) = OutputTypes.Find(parsed.GetRequiredValue(_type))!.Value;
        var options = new DequantizeOptions
        {
            OutputType = type,
            Include = [.. _tensors.PatternsIn(parsed).Select(pattern => pattern.ToString())],
            ApplyScales = parsed.GetValue(_applyScales),
            Strict = parsed.GetValue(_strict),
            Overwrite = parsed.GetValue(_force),
            MaxShardBytes = parsed.GetValue(_shardSize),
            Resume = parsed.GetValue(_resume),
        };
        if (options.MaxShardBytes is not null && Container(output) != "safetensors")
        {
            throw new UsageException("--shard-size: only .safetensors output is written in several files");
        }

        if (IsFile(output))
        {
            OutputOptions.RefuseExisting(output, options.Overwrite);   // what is in the place of a folder is never replaced
        }

        bool zeroWrap = parsed.GetValue(_zeroWrap);
        DequantizeResult result = await WorkProgress.RunAsync(
            _console,
            quiet,
            Path.GetFileName(output),
            progress => ModelArgument.IsSafetensors(input)
                ? DecodeModulesAsync(input, output, options, zeroWrap, device, progress, cancellation)
                : DecodeAsync(input, output, options, zeroWrap, device, progress, cancellation));
        return new DequantizeReport(
            input,
            result.Files,
            Container(output),
            typeName,
            result.TensorCount,
            result.ElementCount,
            result.SourceBytes,
            result.OutputBytes,
            result.ResumedBytes,
            result.Elapsed.TotalSeconds,
            DeviceFacts.Of(device),
            result.Kernels,
            result.Warnings);
    }

    private static async Task<DequantizeResult> DecodeAsync(
        string input, string output, DequantizeOptions options, bool zeroWrap, QuantDevice device,
        IProgress<ConversionProgress>? progress, CancellationToken cancellation)
    {
        if (zeroWrap)
        {
            throw new UsageException("--zero-wrap: only GPTQ models have zero points that may wrap");
        }

        using GgufFile model = GgufFile.Open(input);
        return await ModelConverter.DequantizeAsync(model, output, options, device, progress, cancellation);
    }

    private static async Task<DequantizeResult> DecodeModulesAsync(
        string input, string output, DequantizeOptions options, bool zeroWrap, QuantDevice device,
        IProgress<ConversionProgress>? progress, CancellationToken cancellation)
    {
        using SafetensorsModel model = SafetensorsModel.Open(input);
        if (Container(output) != "safetensors")
        {
            throw new UsageException("--output: safetensors models are decoded to .safetensors files and to folders");
        }

        if (options.ApplyScales || options.Resume)
        {
            throw new UsageException($"{(options.Resume ? "--resume" : "--apply-scales")}: only for GGUF models");
        }

        return await ModelConverter.DequantizeAsync(
            model, output, options, device, new PackedModuleOptions { ZeroWraps = zeroWrap }, progress, cancellation);
    }

    // What ends in neither is a folder, with safetensors in it.
    private static string Container(string output) => output.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) ? "gguf" : "safetensors";

    private static void RequireKnownType(OptionResult option)
    {
        string type = option.GetValueOrDefault<string>() ?? "";
        if (OutputTypes.Find(type) is null)
        {
            option.AddError($"--type: '{type}' is none of {OutputTypes.Names}");
        }
    }

    private static bool IsFile(string output) => Path.GetExtension(output).ToLowerInvariant() is ".safetensors" or ".gguf";

    private static void RequireName(OptionResult option)
    {
        string output = option.GetValueOrDefault<string>() ?? "";
        if (IsFile(output) && Path.GetFileNameWithoutExtension(output).Length == 0)
        {
            option.AddError($"--output: '{output}' has no name before its extension");
        }
    }

    private static void RequireKnownContainer(string input, string output)
    {
        if (!IsFile(output) && !ModelArgument.IsSafetensors(input))
        {
            throw new UsageException($"--output: '{output}' ends neither in .safetensors nor in .gguf");
        }
    }
}
