using System.Text.Json;
using System.Text.RegularExpressions;

namespace Quant.Net.Tool.Tests.Support;

/// <summary>The keys of a JSON document, written as docs/json.md writes them, and those that the page lists.</summary>
internal static partial class JsonKeys
{
    // What is below this comes from model files and may be anything.
    private const string FreeValue = "metadata[].value";

    public static HashSet<string> Of(params JsonElement[] documents)
    {
        var keys = new HashSet<string>();
        foreach (JsonElement document in documents)
        {
            Collect(document, "", keys);
        }

        return keys;
    }

    public static IReadOnlyList<(string Key, bool IsOptional)> Documented(string command)
    {
        string page = File.ReadAllText(Repository.PathOf("docs/json.md"));
        string section = page.Split("\n## ").Single(part => part.StartsWith(command + "\n", StringComparison.Ordinal));
        return
        [
            .. KeyRow().Matches(section).Select(row =>
                (row.Groups[1].Value, row.Groups[2].Value.Contains("optional", StringComparison.Ordinal))),
        ];
    }

    private static void Collect(JsonElement element, string path, HashSet<string> keys)
    {
        if (path == FreeValue)
        {
            return;
        }

        if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty property in element.EnumerateObject())
            {
                string key = path.Length == 0 ? property.Name : $"{path}.{property.Name}";
                keys.Add(key);
                Collect(property.Value, key, keys);
            }
        }
        else if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement item in element.EnumerateArray())
            {
                Collect(item, $"{path}[]", keys);
            }
        }
    }

    [GeneratedRegex(@"^\| `([^`]+)` \| ([^|]+) \|", RegexOptions.Multiline)]
    private static partial Regex KeyRow();
}
