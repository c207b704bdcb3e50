using Quant.Net.IO;
using Quant.Net.Ranks;

namespace Quant.Net.Safetensors;

/// <summary>Where a model is: one file, or an index, and the folder with what stands beside it.</summary>
/// <param name="Folder">The folder.</param>
/// <param name="FilePath">The only file; null if there is an index.</param>
/// <param name="IndexPath">The index; null if there is one file.</param>
internal sealed record SafetensorsFolder(string Folder, string? FilePath, string? IndexPath)
{
    /// <summary>What the only file of a model is usually called.</summary>
    public const string UsualName = "model" + SafetensorsHeader.Extension;

    /// <summary>Finds a model by what the user names: a folder, an index or a file.</summary>
    /// <exception cref="ModelFormatException">There is none in the folder, or nobody can say which.</exception>
    public static SafetensorsFolder Find(string path)
    {
        if (Directory.Exists(path))
        {
            return FindIn(path);
        }

        string folder = Path.GetDirectoryName(path) ?? "";
        return path.EndsWith(SafetensorsHeader.IndexSuffix, StringComparison.OrdinalIgnoreCase)
            ? new SafetensorsFolder(folder, null, path)
            : new SafetensorsFolder(folder, path, null);
    }

    /// <summary>The path of something beside the model.</summary>
    public string PathOf(string name) => Path.Combine(Folder, name);

    /// <summary>The names of all safetensors files in the folder, sorted.</summary>
    public IReadOnlyList<string> FileNames() => Names(Folder, SafetensorsHeader.Extension);

    /// <summary>The usual names come first, as in the transformers library; else there must be only one.</summary>
    private static SafetensorsFolder FindIn(string folder)
    {
        IReadOnlyList<string> files = Names(folder, SafetensorsHeader.Extension);
        IReadOnlyList<string> indexes = Names(folder, SafetensorsHeader.Extension + SafetensorsHeader.IndexSuffix);
        if (Choose(files.Contains(UsualName) || indexes.Count == 0 ? files : [], UsualName) is { } file)
        {
            return new SafetensorsFolder(folder, Path.Combine(folder, file), null);
        }

        if (Choose(indexes, UsualName + SafetensorsHeader.IndexSuffix) is { } index)
        {
            return new SafetensorsFolder(folder, null, Path.Combine(folder, index));
        }

        throw indexes.Count > 0
            ? ModelFormatException.In(folder, $"has several indexes and none of the usual name: {ErrorText.QuoteAll(indexes)}; name one")
            : files.Count > 0
            ? ModelFormatException.In(
                folder, $"has no index ({UsualName}{SafetensorsHeader.IndexSuffix}) of its files {ErrorText.QuoteAll(files)}; name one file")
            : Names(folder, ".gguf") is [_, ..] others
            ? ModelFormatException.In(folder, $"has no {SafetensorsHeader.Extension} file; name one of {ErrorText.QuoteAll(others)}")
            : RankNames.In(folder) is [_, ..] ranks
            ? ModelFormatException.In(folder, $"has no model in it, but the ranks of one; name one of {ErrorText.QuoteAll(ranks)}")
            : ModelFormatException.In(folder, $"has no model in it: neither *{SafetensorsHeader.Extension} nor *.gguf");
    }

    private static string? Choose(IReadOnlyList<string> names, string usual) =>
        names.Contains(usual) ? usual : names is [string only] ? only : null;

    private static string[] Names(string folder, string extension) => SystemError.Name(folder, () =>
        new DirectoryInfo(folder.Length == 0 ? "." : folder).EnumerateFileSystemInfos()
            .Select(entry => entry.Name)
            .Where(name => name.EndsWith(extension, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .ToArray());
}
