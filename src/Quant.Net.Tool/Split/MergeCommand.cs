using System.CommandLine;
using Quant.Net.Gguf;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Split;

/// <summary><c>quantnet merge</c>: a split model in one file.</summary>
internal sealed class MergeCommand : ToolCommand
{
    private readonly ModelArgument _model = new();
    private readonly Option<string> _output = OutputOptions.Output("OUT", "The file to write, which ends in .gguf");
    private readonly Option<bool> _force = OutputOptions.Force();
    private readonly ToolConsole _console;

    public MergeCommand(ToolConsole console)
        : base(
            "merge",
            "Writes a split model as one file; weights stay as they are",
            new Example("quantnet merge model-00001-of-00003.gguf -o model.gguf", "Any of the files stands for all"),
            new Example("quantnet merge model-00001-of-00003.gguf -o model.gguf --force", "Over an existing model.gguf"),
            new Example("quantnet merge model-00001-of-00003.gguf -o model.gguf --json", "What was written, for a script"))
    {
        _console = console;
        OutputOptions.RequireExtension(_output, ".gguf");
        Arguments.Add(_model);
        Options.Add(_output);
        Options.Add(_force);
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string input = _model.PathIn(parsed);
        string output = parsed.GetRequiredValue(_output);
        bool force = parsed.GetValue(_force);
        OutputOptions.RefuseExisting(output, force);
        using GgufFile model = GgufFile.Open(input);
        CopyResult result = await WorkProgress.RunAsync(
            _console,
            parsed.GetValue(CommonOptions.Quiet),
            Path.GetFileName(output),
            progress => ModelConverter.MergeAsync(model, output, force, progress, cancellation));
        CopyText.Show(_console, parsed, CopyReport.Of(input, model, result));
        return ExitCode.Done;
    }
}
