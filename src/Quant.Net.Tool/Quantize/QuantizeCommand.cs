using System.CommandLine;
using System.CommandLine.Parsing;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Compare;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Quantize;

/// <summary><c>quantnet quantize</c>: a model with its weights in fewer bits.</summary>
internal sealed class QuantizeCommand : ToolCommand
{
    private const string DeviceOtherwise = "cpu", Reference = "reference", Best = "best";

    private readonly ModelArgument _model = new(takesSafetensors: true, "IN");
    private readonly TypeArgument _type = new();
    private readonly Option<string> _output = OutputOptions.Output("OUT", "The file to write, which ends in .gguf; several are numbered");

    private readonly Option<bool> _dryRun = new("--dry-run")
    {
        Description = "Only show what would become of each tensor, and why, and whether it could be done",
    };

    private readonly Option<string?> _importance = new("--imatrix")
    {
        Description = "An importance matrix of llama.cpp, as GGUF or in the older binary form",
        HelpName = "FILE",
    };

    private readonly Option<string> _effort = new Option<string>("--effort")
    {
        Description = "How long encoders search: as llama-quantize does, or longer for lower errors in Q2_K to Q6_K (default: reference)",
        HelpName = $"{Reference}|{Best}",
    }.TakeOneOf(Reference, Best);

    private readonly Option<bool> _keepSplit = new("--keep-split")
    {
        Description = "Write as many files as the model has, with the same tensors in each",
    };

    private readonly Option<long?> _splitSize = new("--split-max-size")
    {
        Description = "Write files with at most so much tensor data, such as 5GB; a larger tensor gets a file of its own",
        HelpName = "SIZE",
        CustomParser = ByteSize.Parse,
    };

    private readonly Option<long?> _memory = new("--max-memory")
    {
        Description = $"Memory of buffers, such as 256MiB (default: {QuantizeOptions.DefaultMaxMemory >> 20}MiB)",
        HelpName = "SIZE",
        CustomParser = ByteSize.Parse,
    };

    private readonly Option<bool> _allowNonFinite = new("--allow-nonfinite")
    {
        Description = "Quantize also weights that are NaN, infinite or too large; nothing is promised of blocks with such",
    };

    private readonly Option<bool> _resume = new("--resume")
    {
        Description = "Go on where this command was interrupted, and keep what is done if it is interrupted",
    };

    private readonly Option<bool> _force = OutputOptions.Force();
    private readonly TypeOptions _types;
    private readonly SizeOptions _sizes;
    private readonly ErrorReportOption _report;
    private readonly DeviceOptions _device;
    private readonly ToolConsole _console;

    public QuantizeCommand(ToolConsole console)
        : base(
            "quantize",
            "Writes a model with its weights in fewer bits, as GGUF: the types and bytes of llama-quantize",
            new Example("quantnet quantize model-F16.gguf -o model-Q4_K_M.gguf Q4_K_M", "The usual choice"),
            new Example("quantnet quantize model-F16.gguf Q4_K_M --dry-run", "What would become of each tensor, and of what size all would be"),
            new Example("quantnet quantize model-F16.gguf -o small.gguf IQ2_M --imatrix imatrix.gguf", "By what matters, from llama-imatrix"),
            new Example("quantnet quantize model-F16.gguf -o fits.gguf --target-size 4GiB", "The types that lose least in 4 GiB"),
            new Example("quantnet quantize model-F16.gguf -o model.gguf Q4_K_M --tensor-type 'ffn_down=Q6_K' --report errors.html", "Some tensors otherwise, and a page with the errors"),
            new Example("quantnet quantize stable-diffusion/ -o model-Q8_0.gguf Q8_0", "A folder of safetensors; tensors keep their names"),
            new Example("quantnet quantize model-F16.gguf -o model-Q4_0.gguf Q4_0 --resume", "Goes on where the same command was interrupted"))
    {
        _console = console;
        _output.Required = false;   // a dry run has none
        Arguments.Add(_model);
        Arguments.Add(_type);
        Options.Add(_output);
        Options.Add(_dryRun);
        _types = new TypeOptions(this);
        Options.Add(_importance);
        Options.Add(_effort);
        _sizes = new SizeOptions(this, _type, _types.Pure);
        Options.Add(_keepSplit);
        Options.Add(_splitSize);
        Options.Add(_memory);
        Options.Add(_allowNonFinite);
        Options.Add(_resume);
        Options.Add(_force);
        _report = new ErrorReportOption(this);
        _device = new DeviceOptions(this, DeviceOtherwise);
        Validators.Add(RequireOutput);
        Validators.Add(RefuseContradictions);
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string input = _model.PathIn(parsed);
        bool isDryRun = parsed.GetValue(_dryRun), quiet = parsed.GetValue(CommonOptions.Quiet);
        string? output = parsed.GetValue(_output);
        if (!isDryRun)
        {
            _report.RequirePossible(parsed, input, parsed.GetValue(_importance), parsed.GetValue(_force));
        }

        using QuantizeInput model = QuantizeInput.Open(input);
        QuantizeOptions options = Read(parsed);
        QuantizationOptions asked = _types.Read(parsed, options.Importance is not null, parsed.GetValue(_keepSplit), allowFaults: isDryRun);
        SizeBudget? budget = _sizes.BudgetIn(parsed);
        if (!isDryRun && budget is not null)
        {
            model.CheckOutput(asked, output!, options);   // as is done anyway before weights are quantized, but not before they are measured
        }

        using QuantDevice device = _device.Open(parsed, DeviceOtherwise);
        QuantizationPlan plan = budget is null
            ? model.Plan(parsed.GetRequiredValue(_type)!, asked)
            : await WorkProgress.RunAsync(
                _console, quiet, Path.GetFileName(Path.TrimEndingDirectorySeparator(input)),
                progress => model.PlanAsync(budget.Value, asked, options, device, progress, cancellation), done: "measured");
        QuantizeReport report = QuantizeReport.Of(
            input, plan, model.GetOutputBytes(plan, options), budget, parsed.GetValue(_importance), parsed.GetValue(_effort) ?? Reference,
            DeviceFacts.Of(device));
        if (isDryRun)
        {
            report = report with { Faults = [.. plan.Faults.Select(ErrorText.Describe)] };
            report = Examine(report, () => model.Check(plan, options, device));
            return ShowPlan(parsed, output is null ? report : Examine(report, () =>
            {
                model.CheckOutput(plan, output, options);
                return [];
            }));
        }

        QuantizeResult result = await WorkProgress.RunAsync(
            _console, quiet, Path.GetFileName(output!), progress => QuantizeAsync(model, plan, output!, options, device, progress, cancellation));
        report = report.With(result);
        if (parsed.GetValue(CommonOptions.Json))
        {
            ResultJson.Write(_console, report, ResultJson.Default.QuantizeReport);
        }
        else if (!quiet)
        {
            _console.Warn([.. report.Notes, .. report.Warnings]);
            QuantizeText.Show(report, _console.CreateReport());
        }

        return result.Errors is null ? ExitCode.Done : Report(
            parsed, result, CompareReport.Of(input, result.Files[0], result.Errors, maxError: null, page: null, report.Device));
    }

    /// <summary>Quantizes, and names the way out where a weight is too large. Other commands fail so for other reasons.</summary>
    private static async Task<QuantizeResult> QuantizeAsync(
        QuantizeInput model, QuantizationPlan plan, string output, QuantizeOptions options, QuantDevice device,
        IProgress<ConversionProgress>? progress, CancellationToken cancellation)
    {
        try
        {
            return await model.QuantizeAsync(plan, output, options, device, progress, cancellation);
        }
        catch (OverflowException tooLarge) when (!options.AllowNonFinite)
        {
            throw new ToolException(tooLarge.Message + ErrorText.TakesAnyNumber);
        }
    }

    /// <summary>Hands out the errors. If that fails, the model is there all the same, and the message says so.</summary>
    private int Report(ParseResult parsed, QuantizeResult result, CompareReport errors)
    {
        try
        {
            _report.Write(_console, parsed, errors, parsed.GetValue(_force));
            return ExitCode.Done;
        }
        catch (ToolException refused)
        {
            _console.Flush();
            _console.Complain($"{refused.Message}; the model is complete: {Quantity.Files(result.Files)}");
            return ExitCode.Failed;
        }
    }

    private QuantizeOptions Read(ParseResult parsed) => new()
    {
        Importance = parsed.GetValue(_importance) is { } importance ? ImportanceMatrix.Open(InputFile.Require(importance)) : null,
        Overwrite = parsed.GetValue(_force),
        AllowNonFinite = parsed.GetValue(_allowNonFinite),
        Effort = parsed.GetValue(_effort) == Best ? QuantizationEffort.Best : QuantizationEffort.Reference,
        MaxMemory = parsed.GetValue(_memory),
        SplitMaxBytes = parsed.GetValue(_splitSize),
        Resume = parsed.GetValue(_resume),
        Measure = parsed.GetValue(_report) is not null,
    };

    /// <summary>Adds to a plan what a check warns of, or why it would be refused if it were carried out.</summary>
    private static QuantizeReport Examine(QuantizeReport report, Func<IReadOnlyList<string>> check)
    {
        try
        {
            return report with { Warnings = [.. report.Warnings, .. check()] };
        }
        catch (Exception refused) when (refused is NotSupportedException or ModelFormatException or IOException or UnauthorizedAccessException)
        {
            return report with { Faults = [.. report.Faults, ErrorText.Describe(refused)] };
        }
    }

    private int ShowPlan(ParseResult parsed, QuantizeReport report)
    {
        bool quiet = parsed.GetValue(CommonOptions.Quiet);
        if (parsed.GetValue(CommonOptions.Json))
        {
            ResultJson.Write(_console, report, ResultJson.Default.QuantizeReport);
        }
        else
        {
            PlanText.Show(report, _console.CreateReport(), quiet);
            _console.Flush();   // the plan comes before what there is to say about it
            _console.Warn(quiet ? [] : [.. report.Notes, .. report.Warnings]);
        }

        _console.Flush();
        foreach (string fault in report.Faults)
        {
            _console.Complain(fault);
        }

        return report.Faults.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private void RequireOutput(CommandResult command)
    {
        if (command.GetResult(_output) is { Implicit: false, Tokens.Count: not 1 })
        {
            return;   // the parser says so
        }

        string? output = command.GetResult(_output) is { Implicit: false } ? command.GetValue(_output) : null;
        if (output is null && !command.GetValue(_dryRun))
        {
            command.AddError("--output is required, or --dry-run to see what would be done");
        }
        else if (output?.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) == false)
        {
            command.AddError($"--output: '{output}' does not end in .gguf");
        }
        else if (output is not null && Path.GetFileNameWithoutExtension(output).Length == 0)
        {
            command.AddError($"--output: '{output}' has no name before its extension");
        }
    }

    private void RefuseContradictions(CommandResult command)
    {
        bool Has(Option option) => command.GetResult(option) is { Implicit: false };
        if (Has(_keepSplit) && Has(_splitSize))
        {
            command.AddError($"{_keepSplit.Name} and {_splitSize.Name} cannot be had together");
        }
        else if (Has(_report) && Has(_resume))
        {
            command.AddError($"{_report.Name} does not go with {_resume.Name}, because errors are measured while tensors are encoded; 'quantnet compare' measures them afterwards");
        }
        else if (Has(_report) && Has(_dryRun))
        {
            command.AddError($"{_report.Name} does not go with {_dryRun.Name}, which encodes nothing");
        }
        else if (_report.IsShown(command) && command.GetValue(CommonOptions.Json))
        {
            command.AddError($"{_report.Name} - and --json cannot be had together; give the report a file");
        }
    }
}
