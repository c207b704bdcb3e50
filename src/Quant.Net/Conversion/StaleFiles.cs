using System.IO.Enumeration;
using Quant.Net.IO;

namespace Quant.Net.Conversion;

/// <summary>
/// Files of an earlier output of the same name that lie beside a new one: numbered files of another number, or an index beside a single
/// file. Programs that load a folder would take them for parts of it. They are not deleted, because nobody knows whose they are.
/// </summary>
internal static class StaleFiles
{
    private const string NumberPattern = "-?????-of-?????";
    private const string IndexExtension = ".index.json";

    /// <summary>A warning for the files that were written as safetensors, if there are such others.</summary>
    public static IEnumerable<string> WarnBesideSafetensors(IReadOnlyList<string> written)
    {
        const string Extension = ".safetensors";
        string main = written[^1].EndsWith(IndexExtension, StringComparison.Ordinal) ? written[^1][..^IndexExtension.Length] : written[^1];
        if (!main.EndsWith(Extension, StringComparison.OrdinalIgnoreCase))
        {
            return [];
        }

        string name = Path.GetFileName(main);
        string stem = name[..^Extension.Length];
        return Warn(main, written, file => file == name || file == name + IndexExtension || IsNumbered(file, stem, Extension));
    }

    /// <summary>A warning for the parts of a split GGUF model that were written, if there are such others that it was not made of.</summary>
    public static IEnumerable<string> WarnBesideParts(string prefix, IReadOnlyList<string> written, IEnumerable<string> inputs) =>
        Warn(prefix, written.Concat(inputs.Select(Path.GetFullPath)), file => IsNumbered(file, Path.GetFileName(prefix), ".gguf"));

    /// <summary>The files that are there and have the name of a part of a split GGUF model, whatever its number.</summary>
    public static string[] FindParts(string prefix) =>
    [
        .. Directory.EnumerateFiles(Path.GetDirectoryName(Path.GetFullPath(prefix))!)
            .Select(path => Path.GetFileName(path))
            .Where(name => IsNumbered(name, Path.GetFileName(prefix), ".gguf"))
            .Order(StringComparer.Ordinal)
            .Select(name => Path.Combine(Path.GetDirectoryName(prefix) ?? "", name)),
    ];

    private static IEnumerable<string> Warn(string output, IEnumerable<string> known, Func<string, bool> isOfOutput)
    {
        HashSet<string> current = known.ToHashSet(StringComparer.Ordinal);
        string[] stale = Directory.EnumerateFiles(Path.GetDirectoryName(output)!)
            .Where(path => isOfOutput(Path.GetFileName(path)) && !current.Contains(path))
            .Select(path => Path.GetFileName(path))
            .Order(StringComparer.Ordinal).ToArray();
        return stale.Length == 0
            ? []
            : [$"{ErrorText.EscapePath(output)}: files of an earlier output are still beside it: {ErrorText.QuoteAll(stale)}"];
    }

    private static bool IsNumbered(string file, string stem, string extension) =>
        file.StartsWith(stem, StringComparison.Ordinal)
        && FileSystemName.MatchesSimpleExpression(NumberPattern + extension, file.AsSpan(stem.Length));
}
