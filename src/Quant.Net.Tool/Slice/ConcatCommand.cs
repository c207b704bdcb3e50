using System.CommandLine;
using Quant.Net.Gguf;
using Quant.Net.Safetensors;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Slice;

/// <summary><c>quantnet concat</c>: parts of a packed weight joined, still packed.</summary>
internal sealed class ConcatCommand : ToolCommand
{
    private readonly Argument<string[]> _parts = new("PART")
    {
        Description = "The files with the parts, in order",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string> _output = OutputOptions.Output("OUT", "The file to write, .safetensors or .gguf as the parts are");
    private readonly Option<string?> _module = SliceOptions.Module();
    private readonly Option<string?> _tensor = SliceOptions.Tensor();
    private readonly Option<string> _axis = SliceOptions.Axis();
    private readonly Option<bool> _force = OutputOptions.Force();
    private readonly ToolConsole _console;

    public ConcatCommand(ToolConsole console)
        : base(
            "concat",
            "Joins parts of a packed weight along its outputs or inputs, without decoding them",
            new Example("quantnet concat up-1-of-2.safetensors up-2-of-2.safetensors --axis out -o up.safetensors", "What slice --parts 2 has cut"),
            new Example("quantnet concat down-1-of-2.gguf down-2-of-2.gguf --axis in -o down.gguf", "Halves of a GGUF tensor"),
            new Example("quantnet concat q.gguf k.gguf v.gguf --axis out -o qkv.gguf --json", "Three tensors in one, reported for a script"))
    {
        _console = console;
        _axis.Required = true;
        Arguments.Add(_parts);
        Options.Add(_output);
        Options.Add(_module);
        Options.Add(_tensor);
        Options.Add(_axis);
        Options.Add(_force);
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string[] inputs = [.. parsed.GetRequiredValue(_parts).Select(part => InputFile.Require(part, orFolder: true))];
        string output = parsed.GetRequiredValue(_output);
        SliceKind kind = SliceKind.Of(inputs, output, parsed.GetValue(_module), parsed.GetValue(_tensor));
        var open = new List<IDisposable>();
        try
        {
            SliceReport report = await WorkProgress.RunAsync(
                _console,
                parsed.GetValue(CommonOptions.Quiet),
                Path.GetFileName(output),
                progress => kind == SliceKind.Safetensors
                    ? JoinModulesAsync(parsed, Open(inputs, path => SafetensorsModel.Open(path), open), output, progress, cancellation)
                    : JoinTensorsAsync(parsed, Open(inputs, path => GgufFile.Open(path), open), output, progress, cancellation),
                done: "written");
            SliceText.Show(_console, parsed, report);
        }
        finally
        {
            open.ForEach(model => model.Dispose());
        }

        return ExitCode.Done;
    }

    private static List<T> Open<T>(string[] paths, Func<string, T> open, List<IDisposable> opened)
        where T : IDisposable
    {
        List<T> models = [];
        foreach (string path in paths)
        {
            models.Add(open(path));
            opened.Add(models[^1]);
        }

        return models;
    }

    private async Task<SliceReport> JoinModulesAsync(
        ParseResult parsed, List<SafetensorsModel> models, string output, IProgress<ConversionProgress>? progress,
        CancellationToken cancellation)
    {
        PackedModule[] modules = [.. models.Select(model => SliceOptions.Find(model, parsed.GetValue(_module)))];
        CopyResult result = await ModelConverter.ConcatAsync(
            modules, SliceOptions.AxisOf(parsed.GetRequiredValue(_axis)), output, parsed.GetValue(_force), progress, cancellation);
        return Report(parsed, modules[0].Name, result, models.SelectMany(model => model.Warnings));
    }

    private async Task<SliceReport> JoinTensorsAsync(
        ParseResult parsed, List<GgufFile> models, string output, IProgress<ConversionProgress>? progress, CancellationToken cancellation)
    {
        GgufTensor[] tensors = [.. models.Select(model => SliceOptions.Find(model, parsed.GetValue(_tensor)))];
        CopyResult result = await ModelConverter.ConcatAsync(
            tensors, SliceOptions.AxisOf(parsed.GetRequiredValue(_axis)), output, parsed.GetValue(_force), progress, cancellation);
        return Report(parsed, tensors[0].Name, result, models.SelectMany(model => model.Warnings));
    }

    private SliceReport Report(ParseResult parsed, string name, CopyResult result, IEnumerable<string> warnings) => new(
        parsed.GetRequiredValue(_parts), result.Files, name, parsed.GetRequiredValue(_axis), result.TensorCount, result.OutputBytes,
        result.Elapsed.TotalSeconds, [.. warnings]);
}
