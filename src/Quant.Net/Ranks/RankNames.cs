using System.Text.RegularExpressions;
using Quant.Net.IO;

namespace Quant.Net.Ranks;

/// <summary>What ranks are called in the folder that has all of them: <c>rank-0-of-4</c> is a folder, <c>rank-0-of-4.gguf</c> a file.</summary>
internal static partial class RankNames
{
    /// <summary>What all names begin with.</summary>
    public const string Stem = "rank-";

    /// <summary>How the name of a rank that is one file ends.</summary>
    public const string FileExtension = ".gguf";

    /// <summary>The name of a rank's folder.</summary>
    public static string Of(int rank, int ranks) => ErrorText.Invariant($"{Stem}{rank}-of-{ranks}");

    /// <summary>Whether a file or folder has the name of a rank.</summary>
    public static bool IsOfRank(FileSystemInfo entry) =>
        Pattern().Match(entry.Name) is { Success: true } name && name.Groups["file"].Success == entry is FileInfo;

    /// <summary>The names of all ranks in a folder, 10 behind 9.</summary>
    public static IReadOnlyList<string> In(string folder) =>
    [
        .. new DirectoryInfo(folder).EnumerateFileSystemInfos().Where(IsOfRank).Select(entry => entry.Name)
            .OrderBy(name => name.Length).ThenBy(name => name, StringComparer.Ordinal),
    ];

    [GeneratedRegex(@"^rank-[0-9]+-of-[0-9]+(?<file>\.gguf)?\z")]
    private static partial Regex Pattern();
}
