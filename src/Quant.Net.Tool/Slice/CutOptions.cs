using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Quant.Net.Tool.CommandLine;

namespace Quant.Net.Tool.Slice;

/// <summary>
/// What <c>slice</c> cuts of one weight: <c>--axis</c>, and exactly one way of <c>--range</c>, <c>--parts</c>, and <c>--heads</c> with
/// <c>--split</c>.
/// </summary>
internal sealed class CutOptions
{
    private readonly Option<string?> _module = SliceOptions.Module();
    private readonly Option<string?> _tensor = SliceOptions.Tensor();
    private readonly Option<string> _axis = SliceOptions.Axis();

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

    private readonly Option<bool> _keepGroups = new("--keep-groups")
    {
        Description = "With act-order, keep all groups in each part instead of numbering those in use anew",
    };

    public CutOptions(Command command)
    {
        All = [_module, _tensor, _axis, _range, _parts, _heads, _split, _keepGroups];
        foreach (Option option in All)
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The options, none of which goes with a whole model.</summary>
    public IReadOnlyList<Option> All { get; }

    /// <summary>The module that was named.</summary>
    public string? ModuleIn(ParseResult parsed) => parsed.GetValue(_module);

    /// <summary>The tensor that was named.</summary>
    public string? TensorIn(ParseResult parsed) => parsed.GetValue(_tensor);

    /// <summary><c>out</c> or <c>in</c>.</summary>
    public string AxisIn(ParseResult parsed) => parsed.GetRequiredValue(_axis);

    /// <summary>What becomes of groups with a list.</summary>
    public GroupNumbering NumberingIn(ParseResult parsed) => parsed.GetValue(_keepGroups) ? GroupNumbering.Keep : GroupNumbering.Compact;

    /// <summary>The cut that was asked for.</summary>
    public MatrixCut CutIn(ParseResult parsed)
    {
        MatrixAxis axis = SliceOptions.AxisOf(AxisIn(parsed));
        return parsed.GetValue(_range) is { } range ? MatrixCut.Range(axis, range.From, range.To - range.From)
            : parsed.GetValue(_parts) is { } parts ? MatrixCut.Equal(axis, parts)
            : MatrixCut.Heads(axis, parsed.GetValue(_heads)!.Value, parsed.GetValue(_split)!);
    }

    /// <summary>Complains unless the options make one cut.</summary>
    public void Require(CommandResult command)
    {
        if (command.GetResult(_axis) is null)
        {
            command.AddError("--axis is required, or --tensor-parallel for a whole model");
        }

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

    private static int? ParseCount(ArgumentResult result) => SliceOptions.ParseCount(result, most: 65536);

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
