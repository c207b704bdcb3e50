using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Quant.Net.Gguf;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Split;

/// <summary><c>quantnet split</c>: a model in several files.</summary>
internal sealed class SplitCommand : ToolCommand
{
    private readonly ModelArgument _model = new();

    private readonly Option<string> _output = OutputOptions.Output(
        "DIR|PREFIX", "A directory, or what the files' names begin with: PREFIX-00001-of-0000N.gguf");

    private readonly Option<long?> _maxSize = new("--max-size")
    {
        Description = "The most tensor data in a file, such as 5GB; a larger tensor gets a file of its own",
        HelpName = "SIZE",
        CustomParser = ByteSize.Parse,
    };

    private readonly Option<int?> _maxTensors = new("--max-tensors")
    {
        Description = "The most tensors in a file",
        HelpName = "N",
        CustomParser = ParseCount,
    };

    private readonly Option<bool> _force = OutputOptions.Force();
    private readonly ToolConsole _console;

    public SplitCommand(ToolConsole console)
        : base(
            "split",
            "Writes a model as several files, as llama.cpp's gguf-split does; weights stay as they are",
            new Example("quantnet split model.gguf -o parts/model --max-size 40GB", "Files of 40 GB: parts/model-00001-of-00003.gguf ..."),
            new Example("quantnet split model.gguf -o parts/ --max-tensors 128", "At most 128 tensors in each, named like the model"),
            new Example("quantnet split model-00001-of-00009.gguf -o model --max-size 50GB", "A split model cut anew"))
    {
        _console = console;
        Arguments.Add(_model);
        Options.Add(_output);
        Options.Add(_maxSize);
        Options.Add(_maxTensors);
        Options.Add(_force);
        Validators.Add(RequireOneLimit);
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string input = _model.PathIn(parsed);
        bool quiet = parsed.GetValue(CommonOptions.Quiet);
        var options = new SplitOptions
        {
            MaxDataBytes = parsed.GetValue(_maxSize),
            MaxTensors = parsed.GetValue(_maxTensors),
            Overwrite = parsed.GetValue(_force),
        };
        using GgufFile model = GgufFile.Open(input);
        string prefix = Prefix(parsed.GetRequiredValue(_output), model);
        CopyResult result = await WorkProgress.RunAsync(
            _console, quiet, Path.GetFileName(prefix), progress => ModelConverter.SplitAsync(model, prefix, options, progress, cancellation));
        CopyText.Show(_console, parsed, CopyReport.Of(input, model, result));
        return ExitCode.Done;
    }

    /// <summary>In a directory the files are named like the model; an extension does no harm.</summary>
    private static string Prefix(string output, GgufFile model)
    {
        const string Extension = ".gguf";
        return Directory.Exists(output) || Path.EndsInDirectorySeparator(output) ? Path.Combine(output, model.FileStem)
            : output.EndsWith(Extension, StringComparison.OrdinalIgnoreCase) ? output[..^Extension.Length]
            : output;
    }

    private void RequireOneLimit(CommandResult command)
    {
        if (command.GetResult(_maxSize) is null == command.GetResult(_maxTensors) is null)
        {
            command.AddError("expected one of --max-size and --max-tensors");
        }
    }

    private static int? ParseCount(ArgumentResult result)
    {
        string text = result.Tokens.Count == 0 ? "" : result.Tokens[0].Value;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0)
        {
            return count;
        }

        result.AddError($"--max-tensors: '{text}' is not a number of tensors, such as 128");
        return null;
    }
}
