using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Quant.Net.Tool.CommandLine;

namespace Quant.Net.Tool.Slice;

/// <summary>Into what parts <c>slice</c> cuts: exactly one way of <c>--range</c>, <c>--parts</c>, and <c>--heads</c> with <c>--split</c>.</summary>
internal sealed class CutOptions
{
    private readonly Option<(long From, long To)?> _range = new("--range")
    {
        Description = "One part: features A up to, but not including, B",
        HelpName = "A:B",
        CustomParser = ParseRange,
    };

    private readonly Option<int?> _parts = new("--parts")
    {
        Description = "N equal parts, in files NAME-1-of-N and so on",
        HelpName = "N",
        CustomParser = ParseCount,
    };

    private readonly Option<int?> _heads = new("--heads")
    {
        Description = "The number of heads that --split divides",
        HelpName = "N",
        CustomParser = ParseCount,
    };

    private readonly Option<long[]?> _split = new("--split")
    {
        Description = "The widths of the parts of each head: one file with all keys, one with all values",
        HelpName = "K,V",
        CustomParser = ParseWidths,
    };

    public CutOptions(Command command)
    {
        command.Options.Add(_range);
        command.Options.Add(_parts);
        command.Options.Add(_heads);
        command.Options.Add(_split);
        command.Validators.Add(RequireOne);
    }

    /// <summary>The cut that was asked for.</summary>
    public MatrixCut CutIn(ParseResult parsed, MatrixAxis axis) =>
        parsed.GetValue(_range) is { } range ? MatrixCut.Range(axis, range.From, range.To - range.From)
        : parsed.GetValue(_parts) is { } parts ? MatrixCut.Equal(axis, parts)
        : MatrixCut.Heads(axis, parsed.GetValue(_heads)!.Value, parsed.GetValue(_split)!);

    private void RequireOne(CommandResult command)
    {
        bool heads = command.GetResult(_heads) is not null, split = command.GetResult(_split) is not null;
        int ways = new[] { command.GetResult(_range) is not null, command.GetResult(_parts) is not null, heads || split }.Count(given => given);
        if (ways != 1)
        {
            command.AddError("expected one of --range, --parts, and --heads with --split");
        }
        else if (heads != split)
        {
            command.AddError("--heads and --split need each other");
        }
    }

    private static string Text(ArgumentResult result) => result.Tokens.Count == 0 ? "" : result.Tokens[0].Value;

    private static (long, long)? ParseRange(ArgumentResult result)
    {
        string[] ends = Text(result).Split(':');
        if (ends.Length == 2
            && long.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out long from)
            && long.TryParse(ends[1], NumberStyles.None, CultureInfo.InvariantCulture, out long to) && from < to)
        {
            return (from, to);
        }

        result.AddError($"--range: '{Text(result)}' is not a range of features, such as 0:1024");
        return null;
    }

    private static int? ParseCount(ArgumentResult result)
    {
        if (int.TryParse(Text(result), NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count is > 0 and <= 65536)
        {
            return count;
        }

        result.AddError($"--{((OptionResult)result.Parent!).Option.Name.TrimStart('-')}: '{Text(result)}' is not a number from 1 to 65536");
        return null;
    }

    private static long[]? ParseWidths(ArgumentResult result)
    {
        string[] texts = Text(result).Split(',');
        long[] widths = new long[texts.Length];
        for (int i = 0; i < widths.Length; i++)
        {
            if (!int.TryParse(texts[i], NumberStyles.None, CultureInfo.InvariantCulture, out int width) || width == 0)
            {
                result.AddError($"--split: '{Text(result)}' is not a list of widths, such as 128,64");
                return null;
            }

            widths[i] = width;
        }

        return widths;
    }
}
