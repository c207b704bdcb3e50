using System.CommandLine;
using System.CommandLine.Parsing;
using Quant.Net.Gguf;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Inspect;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Metadata;

/// <summary><c>quantnet metadata</c>: shows metadata, or writes the model with others.</summary>
internal sealed class MetadataCommand : ToolCommand
{
    private readonly ModelArgument _model = new()
    {
        ForSafetensors = "'quantnet inspect' shows its metadata, and the settings beside it are texts for any editor",
    };

    private readonly Option<string[]> _get = new("--get")
    {
        Description = "Show this key whole; may be repeated (default: all keys)",
        HelpName = "KEY",
    };

    private readonly Option<bool> _raw = new("--raw")
    {
        Description = "With --get of one text: its bytes as they are, and nothing else",
    };

    private readonly EditOptions _edits;

    private readonly Option<string?> _output = new("--output", "-o")
    {
        Description = "The file to write with what was changed, which ends in .gguf",
        HelpName = "OUT",
    };

    private readonly Option<bool> _force = OutputOptions.Force();
    private readonly ToolConsole _console;

    public MetadataCommand(ToolConsole console)
        : base(
            "metadata",
            "Shows metadata of a model, or writes it anew with keys set, removed or renamed; weights stay as they are",
            new Example("quantnet metadata model.gguf --get general.name --get general.file_type", "Some keys, whole"),
            new Example("quantnet metadata model.gguf --get tokenizer.chat_template --raw > template.jinja", "A text as it is"),
            new Example("quantnet metadata model.gguf --set general.name=Mine -o new.gguf", "A key that is there keeps its type"),
            new Example("quantnet metadata model.gguf --set x.limit:uint32=4096 --remove general.url -o new.gguf", "Several changes at once"),
            new Example("quantnet metadata model.gguf --set-file tokenizer.chat_template=template.jinja -o new.gguf", "A text from a file"))
    {
        _console = console;
        Arguments.Add(_model);
        Options.Add(_get);
        Options.Add(_raw);
        _edits = new EditOptions(this);
        Options.Add(_output);
        Options.Add(_force);
        Validators.Add(RequireSense);
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string input = _model.PathIn(parsed);
        using GgufFile model = GgufFile.Open(input);
        if (parsed.GetValue(_output) is { } output)
        {
            await EditAsync(parsed, input, model, output, cancellation);
        }
        else if (parsed.GetValue(_raw))
        {
            WriteRaw(input, model, parsed.GetRequiredValue(_get).Single());
        }
        else
        {
            Show(parsed, input, model);
        }

        return ExitCode.Done;
    }

    private async Task EditAsync(ParseResult parsed, string input, GgufFile model, string output, CancellationToken cancellation)
    {
        bool force = parsed.GetValue(_force);
        OutputOptions.RefuseExisting(output, force);
        (GgufMetadataEdits edits, IReadOnlyList<MetadataChange> changes) = await _edits.ReadAsync(parsed, input, model, cancellation);
        CopyResult result = await WorkProgress.RunAsync(
            _console,
            parsed.GetValue(CommonOptions.Quiet),
            Path.GetFileName(output),
            progress => ModelConverter.EditMetadataAsync(model, output, edits, force, progress, cancellation));
        MetadataListing.ShowChanges(_console, parsed, MetadataReport.Of(input, model, changes, result));
    }

    private void Show(ParseResult parsed, string input, GgufFile model)
    {
        IReadOnlyList<string> keys = parsed.GetValue(_get) ?? [];
        bool whole = keys.Count > 0;
        MetadataListing.Show(_console, parsed, whole, MetadataReport.Of(
            input, model, whole ? keys.Select(key => KeyValuePair.Create(key, Find(input, model, key))) : model.Metadata));
    }

    private void WriteRaw(string input, GgufFile model, string key)
    {
        GgufValue value = Find(input, model, key);
        if (value.Type != GgufValueType.String)
        {
            throw new ToolException($"{input}: metadata '{key}' is of the type {GgufSurvey.NameOf(value.Type)}, expected a string for --raw");
        }

        _console.WriteBytes(value.GetUtf8());
    }

    private static GgufValue Find(string input, GgufFile model, string key) => model.Metadata.TryGetValue(key, out GgufValue? value)
        ? value
        : throw EditOptions.NoKey(input, model, key);

    private void RequireSense(CommandResult command)
    {
        bool Has(Option option) => command.GetResult(option) is { Implicit: false };
        if (_edits.FirstGiven(command) is { } edit)
        {
            string? fault = Has(_get) ? $"--get does not go with {edit}" : !Has(_output) ? $"{edit} needs -o OUT: the model itself is never changed" : null;
            AddError(fault);
        }
        else
        {
            AddError(Has(_output) ? "-o needs something to change: --set, --set-file, --remove or --rename"
                : Has(_force) ? "--force goes with -o OUT" : null);
        }

        if (Has(_raw))
        {
            AddError(command.GetResult(_get) is not { Tokens.Count: 1 } ? "--raw goes with one --get KEY"
                : command.GetResult(CommonOptions.Json) is { Implicit: false } ? "--raw and --json cannot be had together" : null);
        }

        if (command.GetResult(_output) is { Implicit: false, Tokens.Count: 1 } && command.GetValue(_output) is { } path
            && !path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))
        {
            AddError($"--output: '{path}' does not end in .gguf");
        }

        void AddError(string? fault)
        {
            if (fault is not null)
            {
                command.AddError(fault);
            }
        }
    }
}
