using System.Text.RegularExpressions;
using Quant.Net.Bindings.Model;

namespace Quant.Net.Bindings.Emit;

/// <summary>Writes C comments as XML documentation. The first paragraph is the summary, the others are remarks.</summary>
internal sealed partial class DocWriter(Names names)
{
    public void Write(CodeWriter code, DocComment doc, string? undocumented = null)
    {
        string? summary = doc.Paragraphs.Count > 0 ? doc.Paragraphs[0] : undocumented;
        if (summary is not null)
        {
            Element(code, "summary", "", summary);
        }

        foreach ((string name, string text) in doc.Parameters)
        {
            Element(code, "param", $" name=\"{name}\"", text);
        }

        if (doc.Returns is not null)
        {
            Element(code, "returns", "", doc.Returns);
        }

        if (doc.Paragraphs.Count > 1)
        {
            Element(code, "remarks", "", string.Join(' ', doc.Paragraphs.Skip(1)));
        }
    }

    private void Element(CodeWriter code, string tag, string attributes, string text)
    {
        const string Prefix = "/// ";
        string line = Prefix;
        foreach (Match match in Word().Matches($"<{tag}{attributes}>{Markup(text)}</{tag}>"))
        {
            if (line.Length + match.Length > code.Width)
            {
                code.Line(line.TrimEnd());
                line = Prefix;
            }

            line += match.Value + " ";
        }

        code.Line(line.TrimEnd());
    }

    private string Markup(string text)
    {
        string escaped = text.Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;");
        return CName().Replace(escaped, match =>
            names.Reference(match.Groups["name"].Value) is { } target ? $"<see cref=\"{target}\"/>" : match.Value);
    }

    // Where a line may break: between words, but not inside a tag.
    [GeneratedRegex(@"(<[^>]*>|[^\s<])+")]
    private static partial Regex Word();

    [GeneratedRegex(@"\b(?<name>qn_\w+|QN_\w+)\b(\(\))?")]
    private static partial Regex CName();
}
