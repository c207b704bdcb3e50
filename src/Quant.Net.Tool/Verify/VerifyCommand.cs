using System.CommandLine;
using Quant.Net.Gguf;
using Quant.Net.Safetensors;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Verify;

/// <summary><c>quantnet verify</c>: whether a model is sound.</summary>
internal sealed class VerifyCommand : ToolCommand
{
    private readonly ModelArgument _model = new(takesSafetensors: true);

    private readonly Option<bool> _hash = new("--hash")
    {
        Description = "Show the SHA-256 of each tensor's packed bytes",
    };

    private readonly Option<string?> _manifest = new("--manifest")
    {
        Description = "Compare each tensor's SHA-256 with this file: what --hash --json printed before, or lines of HASH  NAME",
        HelpName = "FILE",
    };

    private readonly AgainstOptions _against;
    private readonly DeviceOptions _device;
    private readonly ToolConsole _console;

    public VerifyCommand(ToolConsole console)
        : base(
            "verify",
            "Checks a model: the structure of all its files, its packed modules, and that every weight is a finite number; or that parts are the whole",
            new Example("quantnet verify model.gguf", "Exit code 0 if it is sound, 1 if it is not"),
            new Example("quantnet verify model-00001-of-00003.gguf", "All files of a split model"),
            new Example("quantnet verify Llama-3-8B-GPTQ/", "A folder of safetensors"),
            new Example("quantnet verify model.gguf --hash --json > model.json", "Also a hash of each tensor, to compare models by"),
            new Example("quantnet verify copy.gguf --manifest model.json", "Which tensors of a copy are not the same?"),
            new Example("quantnet verify --against Llama-3-8B-GPTQ/ ranks/", "Are decoded parts put together the decoded whole, bit for bit?"))
    {
        _console = console;
        Arguments.Add(_model);
        Options.Add(_hash);
        Options.Add(_manifest);
        _against = new AgainstOptions(this, _model, _hash, _manifest);
        _device = new DeviceOptions(this, "cpu");
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string? original = _against.OriginalIn(parsed);
        TensorManifest? manifest = parsed.GetValue(_manifest) is { } path ? TensorManifest.Read(path) : null;
        using QuantDevice device = _device.Open(parsed, otherwise: "cpu");
        VerifyReport report = original is null
            ? await ExamineAsync(parsed, _model.PathIn(parsed), manifest, device, cancellation)
            : await PartsExamination.RunAsync(
                original, _against.PartsIn(parsed), _against.CutIn(parsed), device, work => WatchAsync(parsed, original, work), cancellation);
        VerifyText.Show(_console, parsed, report);
        return report.Sound ? ExitCode.Done : ExitCode.Failed;
    }

    /// <summary>A model that cannot be opened as one, or not be read to its end, is what this command is asked about: no failure of it.</summary>
    private async Task<VerifyReport> ExamineAsync(
        ParseResult parsed, string input, TensorManifest? manifest, QuantDevice device, CancellationToken cancellation)
    {
        var options = new VerifyOptions { Hash = parsed.GetValue(_hash), Manifest = manifest };
        try
        {
            return ModelArgument.IsSafetensors(input) ? await ExamineSafetensorsAsync() : await ExamineGgufAsync();
        }
        catch (Exception fault) when (fault is ModelFormatException or FileNotFoundException or EndOfStreamException)
        {
            return VerifyReport.Of(input, fault.Message);
        }

        async Task<VerifyReport> ExamineGgufAsync()
        {
            using GgufFile model = GgufFile.Open(input);
            VerifyResult result = await WatchAsync(parsed, input, progress => ModelVerifier.VerifyAsync(model, options, device, progress, cancellation));
            return VerifyReport.Of(
                input, [.. model.Parts.Select(part => part.Path)], model.Tensors.Sum(tensor => tensor.ByteLength), result, options, DeviceFacts.Of(device));
        }

        async Task<VerifyReport> ExamineSafetensorsAsync()
        {
            using SafetensorsModel model = SafetensorsModel.Open(input);
            VerifyResult result = await WatchAsync(parsed, input, progress => ModelVerifier.VerifyAsync(model, options, progress, cancellation));
            return VerifyReport.Of(
                input, [.. model.Files.Select(file => file.Path)], model.Tensors.Sum(tensor => tensor.ByteLength), result, options, device: null);
        }
    }

    private Task<T> WatchAsync<T>(ParseResult parsed, string input, Func<IProgress<ConversionProgress>?, Task<T>> work) =>
        WorkProgress.RunAsync(_console, parsed.GetValue(CommonOptions.Quiet), Path.GetFileName(Path.TrimEndingDirectorySeparator(input)), work);
}
