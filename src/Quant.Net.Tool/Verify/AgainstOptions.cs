using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Slice;

namespace Quant.Net.Tool.Verify;

/// <summary>What <c>verify --against</c> compares: parts with the model that they were cut from.</summary>
internal sealed class AgainstOptions
{
    private readonly ModelArgument _first;

    private readonly Argument<string[]> _more = new("PART")
    {
        Description = "With --against: MODEL is the first part or a folder of ranks, and these are the others",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<string?> _original = new("--against")
    {
        Description = "Compare decoded parts, what slice has written, with the model that they were cut from",
        HelpName = "ORIGINAL",
    };

    private readonly Option<string> _axis = SliceOptions.Axis();

    private readonly Option<string?> _heads = new("--heads")
    {
        Description = "The parts are those of so many heads, as slice --heads --split has cut them",
        HelpName = "N",
    };

    private readonly Option<string?> _split = new("--split")
    {
        Description = "The widths of the parts of each head",
        HelpName = "K,V",
    };

    private readonly Option[] _others;

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="first">The model, which is the first part.</param>
    /// <param name="others">Options that make no sense with parts.</param>
    public AgainstOptions(Command command, ModelArgument first, params Option[] others)
    {
        (_first, _others) = (first, others);
        first.Arity = ArgumentArity.ZeroOrOne;   // what is missing depends on --against: see Require
        _axis.Description = "With --against: along which features the parts were cut (default: their shapes tell)";
        command.Arguments.Add(_more);
        command.Options.Add(_original);
        command.Options.Add(_axis);
        command.Options.Add(_heads);
        command.Options.Add(_split);
        command.Validators.Add(Require);
    }

    /// <summary>The original, if there is one; then the model is a part.</summary>
    public string? OriginalIn(ParseResult parsed) =>
        parsed.GetValue(_original) is { } path ? InputFile.Require(path, orFolder: true) : null;

    /// <summary>The parts as they are given; a folder with those of ranks stands for these.</summary>
    public string[] PartsIn(ParseResult parsed)
    {
        string[] parts = [_first.PathIn(parsed), .. (parsed.GetValue(_more) ?? []).Select(part => InputFile.Require(part, orFolder: true))];
        return [.. parts.SelectMany(part => RanksIn(part) is { Length: > 0 } ranks ? OfFolder(part, ranks) : [part])];

        string[] OfFolder(string folder, string[] ranks) =>
            new Option[] { _axis, _heads }.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is { } option
                ? throw new UsageException($"{option.Name}: '{folder}' holds ranks, whose weights are cut in one way each, as the model says")
                : ranks;
    }

    private static string[] RanksIn(string folder) =>
        Directory.Exists(folder) && !Directory.EnumerateFiles(folder, "*.safetensors*").Any()
            ? [.. Directory.GetFileSystemEntries(folder, "rank-*-of-*").Order(StringComparer.Ordinal)]
            : [];

    /// <summary>How they were cut.</summary>
    /// <exception cref="UsageException">Heads or widths are no numbers.</exception>
    public PartsVerifyOptions CutIn(ParseResult parsed)
    {
        MatrixAxis? axis = parsed.GetValue(_axis) is { } name ? SliceOptions.AxisOf(name) : null;
        return parsed.GetValue(_heads) is not { } heads ? new PartsVerifyOptions { Axis = axis }
            : new PartsVerifyOptions
            {
                Cut = MatrixCut.Heads(
                    axis!.Value, Number("--heads", heads), [.. parsed.GetValue(_split)!.Split(',').Select(width => (long)Number("--split", width))]),
            };
    }

    private static int Number(string option, string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0
            ? number : throw new UsageException($"{option}: '{text}' is not a number from 1");

    private void Require(CommandResult command)
    {
        bool Has(Option option) => command.GetResult(option) is not null;
        if (command.GetResult(_first) is null or { Tokens.Count: 0 })
        {
            command.AddError(Has(_original) ? "PART is missing: --against ORIGINAL needs parts to compare with it" : $"{_first.Name} is missing");
        }

        if (!Has(_original))
        {
            string? idle = command.GetResult(_more) is { Tokens.Count: > 0 } ? "PART"
                : new Option[] { _axis, _heads, _split }.FirstOrDefault(Has)?.Name;
            if (idle is not null)
            {
                command.AddError($"{idle} goes with --against ORIGINAL");
            }
        }
        else if (_others.FirstOrDefault(Has) is { } other)
        {
            command.AddError($"{other.Name} does not go with --against");
        }
        else if (Has(_heads) != Has(_split))
        {
            command.AddError("--heads and --split need each other");
        }
        else if (Has(_heads) && !Has(_axis))
        {
            command.AddError("--heads needs --axis");
        }
    }
}
