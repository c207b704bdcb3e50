using System.CommandLine;
using Quant.Net.Gguf;
using Quant.Net.Safetensors;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Inspect;

/// <summary><c>quantnet inspect</c>: what is in a model file.</summary>
internal sealed class InspectCommand : ToolCommand
{
    // Enough to see what kind of list it is.
    private const int ShortArray = 8;

    private readonly ModelArgument _model = new(takesSafetensors: true);

    private readonly Option<bool> _all = new("--all")
    {
        Description = "Show long metadata whole",
    };

    private readonly TensorOption _tensors = new("Only tensors whose name matches, summed, without metadata; may be repeated");

    private readonly Option<bool> _partial = new("--partial")
    {
        Description = "Accept a split model with whole files missing (none cut short) and show what is there",
    };

    private readonly Option<string?> _fit = new("--fit")
    {
        Description = "Say whether the tensors fit into this memory, and what to do; exit code 1 if they do not",
        HelpName = "auto|cpu|cuda:N|SIZE",
    };

    private readonly ToolConsole _console;

    public InspectCommand(ToolConsole console)
        : base(
            "inspect",
            "Shows what is in a model: metadata, tensors, sums per type, and what it takes in memory",
            new Example("quantnet inspect model.gguf", "Everything, long lists shortened"),
            new Example("quantnet inspect model.gguf --tensor 'blk.0.*'", "The tensors of the first block"),
            new Example("quantnet inspect model.gguf --json | jq '.types'", "The sums per type, for a script"),
            new Example("quantnet inspect model.gguf --fit cuda:0", "Does it fit on the first GPU?"),
            new Example("quantnet inspect Llama-3-8B-GPTQ/", "A folder of safetensors: how it says it was quantized, all its tensors"),
            new Example("quantnet inspect model-00001-of-00003.gguf --partial", "A model that is still being downloaded"))
    {
        _console = console;
        Arguments.Add(_model);
        Options.Add(_all);
        Options.Add(_tensors);
        Options.Add(_partial);
        Options.Add(_fit);
        _fit.CompletionSources.Add("auto", "cpu", "cuda:0");
        SetAction(Run);
    }

    private int Run(ParseResult parsed)
    {
        string path = _model.PathIn(parsed);
        FitPlace? place = parsed.GetValue(_fit) is { } where ? FitPlace.Parse(where) : null;
        return ModelArgument.IsSafetensors(path) ? InspectSafetensors(parsed, path, place) : InspectGguf(parsed, path, place);
    }

    private int InspectGguf(ParseResult parsed, string path, FitPlace? place)
    {
        using GgufFile model = Open(parsed, partial => GgufFile.Open(path, new GgufOpenOptions { AllowPartial = partial }));
        IReadOnlyList<GgufTensor> tensors = TensorOption.Select(
            model.Parts[0].Path, model.Tensors, tensor => tensor.Name, _tensors.PatternsIn(parsed));
        return Show(parsed, GgufSurvey.Describe(model, tensors, parsed.GetValue(_all) ? int.MaxValue : ShortArray, place));
    }

    private int InspectSafetensors(ParseResult parsed, string path, FitPlace? place)
    {
        using SafetensorsModel model = Open(
            parsed, partial => SafetensorsModel.Open(path, new SafetensorsOpenOptions { AllowPartial = partial }));
        IReadOnlyList<SafetensorsTensor> tensors = TensorOption.Select(
            path, model.Tensors, tensor => tensor.Name, _tensors.PatternsIn(parsed));
        return Show(parsed, SafetensorsSurvey.Describe(model, tensors, place));
    }

    private int Show(ParseResult parsed, InspectResult result)
    {
        if (parsed.GetValue(CommonOptions.Json))
        {
            ResultJson.Write(_console, result, ResultJson.Default.InspectResult);
        }
        else
        {
            InspectText.Write(
                result, parsed.GetValue(_all), withMetadata: _tensors.PatternsIn(parsed).Count == 0, _console.CreateReport());
        }

        return result.Fit is { Fits: false } ? ExitCode.Failed : ExitCode.Done;
    }

    private T Open<T>(ParseResult parsed, Func<bool, T> open)
    {
        bool partial = parsed.GetValue(_partial);
        try
        {
            return open(partial);
        }
        catch (FileNotFoundException missing) when (!partial)
        {
            throw new ToolException($"{missing.Message} (--partial shows what is there)");
        }
    }
}
