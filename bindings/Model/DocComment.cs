using System.Text;
using System.Text.RegularExpressions;

namespace Quant.Net.Bindings.Model;

/// <summary>A <c>/** */</c> comment: paragraphs, then <c>@param</c> and <c>@return</c>.</summary>
internal sealed partial record DocComment(
    IReadOnlyList<string> Paragraphs, IReadOnlyDictionary<string, string> Parameters, string? Returns)
{
    public static DocComment None { get; } = new([], new Dictionary<string, string>(), null);

    public static DocComment Parse(string? comment)
    {
        if (string.IsNullOrWhiteSpace(comment))
        {
            return None;
        }

        List<string> paragraphs = [];
        Dictionary<string, string> parameters = [];
        string? returns = null;
        foreach (string block in Blocks(comment))
        {
            if (ParameterTag().Match(block) is { Success: true } parameter)
            {
                parameters.Add(parameter.Groups["name"].Value, parameter.Groups["text"].Value);
            }
            else if (ReturnTag().Match(block) is { Success: true } result)
            {
                returns = result.Groups["text"].Value;
            }
            else if (block.StartsWith('@'))
            {
                throw new GeneratorException($"comment has '{block}', expected @param or @return");
            }
            else
            {
                paragraphs.Add(block);
            }
        }

        return new DocComment(paragraphs, parameters, returns);
    }

    // A block ends at an empty line or where a tag begins; its lines are joined by single spaces.
    private static IEnumerable<string> Blocks(string comment)
    {
        string text = comment.Trim()["/**".Length..^"*/".Length];
        StringBuilder block = new();
        foreach (string raw in text.Split('\n'))
        {
            string line = raw.Trim().TrimStart('*').Trim();
            if ((line.Length == 0 || line.StartsWith('@')) && block.Length > 0)
            {
                yield return block.ToString();
                block.Clear();
            }

            block.Append(block.Length > 0 ? " " : "").Append(line);
        }

        if (block.Length > 0)
        {
            yield return block.ToString();
        }
    }

    [GeneratedRegex(@"^@param\s+(?<name>\w+)\s+(?<text>.*)$")]
    private static partial Regex ParameterTag();

    [GeneratedRegex(@"^@returns?\s+(?<text>.*)$")]
    private static partial Regex ReturnTag();
}
