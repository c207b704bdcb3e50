using System.CommandLine.Parsing;
using System.Globalization;
using Quant.Net.Gguf;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Bench.Matrices;

/// <summary>What <c>--layout</c> takes: a pattern for names of layouts, and the bits of codes if only those are meant.</summary>
internal sealed record LayoutPattern(NamePattern Name, int? Bits)
{
    /// <summary>Reads all that were given.</summary>
    public static LayoutPattern[]? Parse(ArgumentResult result)
    {
        List<LayoutPattern> patterns = [];
        foreach (string text in result.Tokens.Select(token => token.Value))
        {
            // A set in brackets may hold a colon; bits are what stands behind the last one, outside of it.
            int colon = text.LastIndexOf(':') is int last && last > text.LastIndexOf(']') ? last : -1;
            int bits = 0;
            if (colon >= 0 && !int.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out bits))
            {
                result.AddError($"--layout: '{text[(colon + 1)..]}' in '{text}' is no number of bits, such as 4");
                return null;
            }

            try
            {
                patterns.Add(new LayoutPattern(new NamePattern(colon < 0 ? text : text[..colon]), colon < 0 ? null : bits));
            }
            catch (FormatException malformed)
            {
                result.AddError($"--layout: {malformed.Message}");
                return null;
            }
        }

        return [.. patterns];
    }

    /// <summary>The layouts, each with bits that it has, that some pattern means; with act-order those that may have it.</summary>
    /// <exception cref="ToolException">A pattern means none.</exception>
    public static (PackedMatrixLayoutInfo Layout, int Bits)[] Select(IReadOnlyList<LayoutPattern> patterns, bool actOrder)
    {
        (PackedMatrixLayoutInfo Layout, int Bits)[] able =
            [.. Subjects.Layouts.Where(one => !actOrder || MatrixShape.MayHaveActOrder(one.Layout.Layout))];
        foreach (LayoutPattern pattern in patterns)
        {
            if (PackedMatrixLayouts.All.All(layout => !pattern.Name.IsMatch(layout.Name)))
            {
                throw new ToolException($"--layout: no layout matches '{pattern.Name}'");
            }

            if (!Subjects.Layouts.Any(pattern.IsMatch))
            {
                throw new ToolException($"--layout: no layout that matches '{pattern.Name}' has codes of {pattern.Bits} bits");
            }

            if (!able.Any(pattern.IsMatch))
            {
                throw new ToolException($"--act-order: no layout that matches '{pattern.Name}' has lists of groups");
            }
        }

        return [.. able.Where(one => patterns.Any(pattern => pattern.IsMatch(one)))];
    }

    private bool IsMatch((PackedMatrixLayoutInfo Layout, int Bits) one) =>
        Name.IsMatch(one.Layout.Name) && (Bits is null || Bits == one.Bits);
}
