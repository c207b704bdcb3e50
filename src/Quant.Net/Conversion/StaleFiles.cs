using System.IO.Enumeration;
using Quant.Net.IO;

namespace Quant.Net.Conversion;

/// <summary>
/// Files of an earlier output of the same name that lie beside a safetensors model: numbered files of another number, or an index beside
/// a single file. Programs that load a folder would take them for parts of it. They are not deleted, because nobody knows whose they are.
/// </summary>
internal static class StaleFiles
{
    private const string Extension = ".safetensors";
    private const string NumberPattern = "-?????-of-?????";
    private const string IndexExtension = ".index.json";

    /// <summary>A warning for the files that were written, if there are such others.</summary>
    public static IEnumerable<string> Warn(IReadOnlyList<string> written)
    {
        string main = written[^1].EndsWith(IndexExtension, StringComparison.Ordinal) ? written[^1][..^IndexExtension.Length] : written[^1];
        if (!main.EndsWith(Extension, StringComparison.OrdinalIgnoreCase))
        {
            yield break;
        }

        string name = Path.GetFileName(main);
        string stem = name[..^Extension.Length];
        HashSet<string> current = written.Select(path => Path.GetFileName(path)).ToHashSet(StringComparer.Ordinal);
        string[] stale = Directory.EnumerateFiles(Path.GetDirectoryName(main)!)
            .Select(path => Path.GetFileName(path))
            .Where(file => !current.Contains(file) && IsOf(file, stem, name))
            .Order(StringComparer.Ordinal).ToArray();
        if (stale.Length > 0)
        {
            yield return $"{ErrorText.EscapePath(main)}: files of an earlier output are still beside it: {ErrorText.QuoteAll(stale)}";
        }
    }

    private static bool IsOf(string file, string stem, string name) =>
        file == name
        || file == name + IndexExtension
        || (file.StartsWith(stem, StringComparison.Ordinal)
            && FileSystemName.MatchesSimpleExpression(NumberPattern + Extension, file.AsSpan(stem.Length)));
}
