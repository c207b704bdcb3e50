using System.Text;
using System.Text.RegularExpressions;
using Quant.Net.Bindings;
using Quant.Net.Bindings.Model;

namespace Quant.Net.Reference;

/// <summary>The C header as a page: its sections, and each declaration with the comment above it.</summary>
internal static partial class CReference
{
    public static string Write(string[] header)
    {
        var page = new StringBuilder("""
            # C reference

            <!-- Written by scripts/reference from native/include/quantnet.h. Do not edit; ./build.sh reference -->

            Everything that `quantnet.h` declares, in its order. The rules that hold for all of it stand at the head of the header.

            """);
        for (int line = 0; line < header.Length; line++)
        {
            if (SectionLine().Match(header[line]) is { Success: true } section)
            {
                string title = section.Groups["title"].Value;
                page.Append($"\n## {char.ToUpperInvariant(title[0])}{title[1..]}\n");
            }
            else if (header[line].StartsWith("/**", StringComparison.Ordinal))
            {
                string[] comment = [.. header[line..].TakeWhileIncluding(text => !text.Contains("*/"))];
                line += comment.Length;
                string[] declaration = Declaration(header[line..]);
                line += declaration.Length - 1;
                Append(page, string.Join('\n', declaration).Replace("QN_API ", "").Replace(" QN_ENUM", ""),
                    DocComment.Parse(string.Join('\n', comment)));
            }
        }

        return page.ToString();
    }

    /// <summary>Neighbouring macros, or everything up to the semicolon that is in no braces.</summary>
    private static string[] Declaration(string[] lines) => lines[0].StartsWith("#define", StringComparison.Ordinal)
        ? [.. lines.TakeWhile(line => line.StartsWith("#define", StringComparison.Ordinal))]
        : [.. lines.TakeWhileIncluding(line => !line.EndsWith(';') || line.StartsWith(' ') && !line.EndsWith(");", StringComparison.Ordinal))];

    private static void Append(StringBuilder page, string declaration, DocComment doc)
    {
        string name = NameOf().Match(declaration) is { Success: true } match
            ? match.Groups["name"].Value
            : throw new GeneratorException($"found no name in '{declaration}'");
        page.Append($"\n### {name}\n\n```c\n{declaration}\n```\n");
        foreach (string paragraph in doc.Paragraphs)
        {
            page.Append($"\n{Marked(paragraph)}\n");
        }

        if (doc.Parameters.Count > 0)
        {
            page.Append("\n| parameter | |\n| --- | --- |\n");
        }

        foreach ((string parameter, string text) in doc.Parameters)
        {
            page.Append($"| `{parameter}` | {Marked(text)} |\n");
        }

        if (doc.Returns is not null)
        {
            page.Append($"\nReturns {Marked(doc.Returns)}\n");
        }
    }

    private static string Marked(string text) => Code().Replace(text.Replace("|", "\\|"), "`$0`");

    private static IEnumerable<string> TakeWhileIncluding(this IEnumerable<string> lines, Func<string, bool> condition)
    {
        foreach (string line in lines)
        {
            yield return line;
            if (!condition(line))
            {
                yield break;
            }
        }
    }

    [GeneratedRegex(@"^/\* -+ (?<title>[a-z ]+) \*/$")]
    private static partial Regex SectionLine();

    // A macro's name; a function's, before its parameters; a type's, at the end.
    [GeneratedRegex(@"^#define (?<name>\w+)|^(?!typedef).*?(?<name>\w+)\(|(?<name>\w+);$", RegexOptions.ExplicitCapture | RegexOptions.Singleline)]
    private static partial Regex NameOf();

    [GeneratedRegex(@"\b(qn|QN)_\w+\b(\(\))?")]
    private static partial Regex Code();
}
