using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Compare;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Quantize;

/// <summary><c>--report FILE|-</c>: the errors that quantizing has made, as <c>compare</c> shows them.</summary>
internal sealed class ErrorReportOption : Option<string?>
{
    private const string Screen = "-", Json = ".json", Page = ".html";

    public ErrorReportOption(Command command)
        : base("--report")
    {
        Description = "Measure the errors: '-' shows them as compare does, a file gets them as .json or as a page, .html";
        HelpName = "FILE|-";
        Validators.Add(RequireKind);
        command.Options.Add(this);
    }

    /// <summary>Refuses a file that is there already or cannot be: the errors would be known only when all is done.</summary>
    public void RequirePossible(ParseResult parsed, string model, string? importance, bool force)
    {
        string? path = parsed.GetValue(this);
        if (path is null or Screen)
        {
            return;
        }

        OutputOptions.RefuseFolder(path);
        OutputOptions.RefuseExisting(path, force);
        string full = Path.GetFullPath(path), home = Path.GetFullPath(Directory.Exists(model) ? model : Path.GetDirectoryName(Path.GetFullPath(model))!);
        if (ModelArgument.IsSafetensors(model) && File.Exists(full) && Path.GetDirectoryName(full) == Path.TrimEndingDirectorySeparator(home))
        {
            throw new ToolException($"{path}: may be a file of the model, which is not replaced");
        }

        if (importance is not null && full == Path.GetFullPath(importance))
        {
            throw new ToolException($"{path}: is the importance matrix, which is not replaced");
        }

        PageFile.RequireWritable(path);
    }

    /// <summary>Shows or writes the errors, if that was asked for.</summary>
    public void Write(ToolConsole console, ParseResult parsed, CompareReport errors, bool force)
    {
        string? path = parsed.GetValue(this);
        if (path == Screen)
        {
            CompareText.Show(console, parsed, errors);
        }
        else if (path is not null)
        {
            string text = path.EndsWith(Page, StringComparison.OrdinalIgnoreCase)
                ? ErrorPage.Make(errors)
                : JsonSerializer.Serialize(errors, ResultJson.Default.CompareReport) + "\n";
            try
            {
                PageFile.Write(path, text, force);
            }
            catch (ToolException) when (!parsed.GetValue(CommonOptions.Json))
            {
                CompareText.Show(console, parsed, errors);   // they took long to measure
                throw;
            }
        }
    }

    /// <summary>Whether results on standard output would be of two kinds.</summary>
    public bool IsShown(CommandResult command) => command.GetResult(this) is { Implicit: false } && command.GetValue(this) == Screen;

    private static void RequireKind(OptionResult option)
    {
        string path = option.GetValueOrDefault<string>() ?? "";
        bool isFile = Path.GetExtension(path).ToLowerInvariant() is Json or Page;
        if (path != Screen && !isFile)
        {
            option.AddError($"--report: '{path}' ends neither in {Json} nor in {Page}, and is not '-'");
        }
    }
}
