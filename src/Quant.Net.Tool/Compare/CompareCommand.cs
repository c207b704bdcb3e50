using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Quant.Net.Gguf;
using Quant.Net.Safetensors;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Compare;

/// <summary><c>quantnet compare</c>: how far the weights of a model are from those of another.</summary>
internal sealed class CompareCommand : ToolCommand
{
    private readonly ModelArgument _original = new(takesSafetensors: true, "ORIGINAL");
    private readonly ModelArgument _other = new(takesSafetensors: true, "MODEL");
    private readonly TensorOption _tensors = new("Only tensors whose name matches; may be repeated");

    private readonly Option<double?> _maxError = new("--max-error")
    {
        Description = "The largest relative error that a tensor may have, such as 0.05; exit code 1 if one has more",
        HelpName = "SHARE",
        CustomParser = ParseShare,
    };

    private readonly Option<string?> _html = new("--html")
    {
        Description = "Also write a page with plots, which needs nothing but a browser",
        HelpName = "FILE",
    };

    private readonly Option<bool> _force = OutputOptions.Force();
    private readonly DeviceOptions _device;
    private readonly ToolConsole _console;

    public CompareCommand(ToolConsole console)
        : base(
            "compare",
            "Compares the weights of two models in any formats: how large the errors are that quantizing has made",
            new Example("quantnet compare model-F16.gguf model-Q4_K_M.gguf", "The errors of each tensor, and sums per type"),
            new Example("quantnet compare model-F16.gguf model-Q4_K_M.gguf --html errors.html", "A page with plots"),
            new Example("quantnet compare model-F16.gguf model-Q4_K_M.gguf --tensor 'blk.0.*' --json", "Everything about some tensors, for a script"),
            new Example("quantnet compare Llama-3-8B/ Llama-3-8B-GPTQ/ --max-error 0.1", "Exit code 1 if a tensor is further off than a tenth"))
    {
        _console = console;
        Arguments.Add(_original);
        Arguments.Add(_other);
        Options.Add(_tensors);
        Options.Add(_maxError);
        Options.Add(_html);
        Options.Add(_force);
        _device = new DeviceOptions(this, "cpu");
        Validators.Add(RequirePage);
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string original = _original.PathIn(parsed), other = _other.PathIn(parsed);
        string? page = parsed.GetValue(_html);
        if (page is not null)
        {
            OutputOptions.RefuseFolder(page);
            OutputOptions.RefuseExisting(page, parsed.GetValue(_force));
            PageFile.RequireWritable(page);
        }

        using QuantDevice device = _device.Open(parsed, otherwise: "cpu");
        using IDisposable first = Open(original, cancellation, out ModelWeights from);
        using IDisposable second = Open(other, cancellation, out ModelWeights to);
        var options = new CompareOptions { Include = _tensors.PatternsIn(parsed) };
        CompareResult result = await WorkProgress.RunAsync(
            _console, parsed.GetValue(CommonOptions.Quiet), Path.GetFileName(Path.TrimEndingDirectorySeparator(other)),
            progress => ModelComparer.CompareAsync(from, to, options, device, progress, cancellation));
        RequireAny(original, other, options, result);
        var report = CompareReport.Of(original, other, result, parsed.GetValue(_maxError), page, DeviceFacts.Of(device));
        string? refusal = page is null ? null : WhyNotWritten(page, report, parsed.GetValue(_force));
        CompareText.Show(_console, parsed, refusal is null ? report : report with { Page = null });
        if (refusal is not null)
        {
            _console.Flush();   // what took long to find out comes first
            _console.Complain(refusal);
        }

        return refusal is null && report.Good ? ExitCode.Done : ExitCode.Failed;
    }

    private static string? WhyNotWritten(string page, CompareReport report, bool force)
    {
        try
        {
            PageFile.Write(page, ErrorPage.Make(report), force);
            return null;
        }
        catch (ToolException refused)
        {
            return refused.Message;
        }
    }

    private static IDisposable Open(string path, CancellationToken cancellation, out ModelWeights weights)
    {
        if (ModelArgument.IsSafetensors(path))
        {
            var model = SafetensorsModel.Open(path);
            weights = ModelWeights.Of(model, cancellation);
            return model;
        }

        var file = GgufFile.Open(path);
        weights = ModelWeights.Of(file);
        return file;
    }

    /// <summary>A comparison of nothing is a mistake, such as of models with names of different kinds.</summary>
    private static void RequireAny(string original, string other, CompareOptions options, CompareResult result)
    {
        if (result.Tensors.Count == 0 && result.Faults.Count == 0)
        {
            throw new ToolException(options.Include.Count > 0 && result.OnlyInOriginal.Count + result.OnlyInOther.Count == 0
                ? $"{original}: no tensor matches {string.Join(" or ", options.Include.Select(pattern => $"'{pattern}'"))}"
                : $"{other}: has no tensor of a name that {original} has{Names(result)}");
        }
    }

    private static string Names(CompareResult result) => result is { OnlyInOriginal: [string first, ..], OnlyInOther: [string second, ..] }
        ? $": there are '{second}' and so on, expected '{first}' and so on"
        : "";

    private void RequirePage(CommandResult command)
    {
        string? path = command.GetResult(_html) is { Implicit: false } ? command.GetValue(_html) : null;
        if (path?.EndsWith(".html", StringComparison.OrdinalIgnoreCase) == false)
        {
            command.AddError($"--html: '{path}' does not end in .html");
        }
        else if (path is null && command.GetResult(_force) is { Implicit: false })
        {
            command.AddError("--force goes with --html FILE");
        }
    }

    private static double? ParseShare(ArgumentResult result)
    {
        string text = result.Tokens.Count == 0 ? "" : result.Tokens[0].Value;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double share) && double.IsFinite(share) && share >= 0)
        {
            return share;
        }

        result.AddError($"--max-error: '{text}' is not a number from 0, such as 0.05");
        return null;
    }
}
