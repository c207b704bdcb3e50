using Quant.Net.IO;

namespace Quant.Net.Ranks;

/// <summary>
/// The folder with all ranks of a divided model. It is made beside its place under a hidden name, and gets its name when it is whole; disposed
/// before that, it leaves nothing, and what it was to replace stays.
/// </summary>
internal sealed class RankFolder : IDisposable
{
    private readonly HiddenFolder _folder;
    private readonly bool _overwrite;

    private RankFolder(HiddenFolder folder, bool overwrite) => (_folder, _overwrite) = (folder, overwrite);

    /// <summary>Where the folder will be.</summary>
    public string Path => _folder.Place;

    /// <summary>Throws if no folder may be made at a path. Nothing is written.</summary>
    /// <param name="path">Where it would be.</param>
    /// <param name="overwrite">Whether an earlier output may be replaced.</param>
    /// <param name="inputs">The files that are read.</param>
    /// <param name="bytes">What is to be in it.</param>
    /// <exception cref="OutputExistsException">Something is there already and <paramref name="overwrite"/> is false.</exception>
    /// <exception cref="IOException">What is there may not be replaced, or there is too little room, or the system refuses.</exception>
    public static void Require(string path, bool overwrite, IEnumerable<string> inputs, long bytes)
    {
        string full = FullPathOf(path);
        RequireFree(full, overwrite);
        AtomicFile.RefuseLongName(full);
        if (Directory.Exists(full))
        {
            OutputGuard.RefuseInputs(Directory.EnumerateFiles(full, "*", SearchOption.AllDirectories), inputs);
        }

        OutputGuard.RequireWritable(full);
        OutputGuard.RequireSpace(full, bytes);
    }

    /// <summary>Begins a folder where one may be made.</summary>
    public static RankFolder Begin(string path, bool overwrite) => new(new HiddenFolder(FullPathOf(path)), overwrite);

    /// <summary>Where the only file of a rank is for now.</summary>
    public string FileOf(int rank, int ranks) => PathOf(rank, ranks) + RankNames.FileExtension;

    /// <summary>Makes the folder of a rank.</summary>
    /// <returns>Where it is for now.</returns>
    public string Add(int rank, int ranks)
    {
        string folder = PathOf(rank, ranks);
        SystemError.Name(folder, () => Directory.CreateDirectory(folder));
        return folder;
    }

    /// <summary>Where a file of a rank will be.</summary>
    public string PlaceOf(string file) => _folder.PlaceOf(file);

    /// <inheritdoc cref="HiddenFolder.Write"/>
    public T Write<T>(Func<T> write) => _folder.Write(write);

    /// <summary>Gives the folder its name. An earlier one goes when the new one is in its place.</summary>
    public void Complete()
    {
        RequireFree(Path, _overwrite);
        SystemError.Name(Path, () =>
        {
            if (Directory.Exists(Path))
            {
                Replace();
            }
            else
            {
                Directory.Move(_folder.Hidden, Path);
            }
        });
    }

    private void Replace()
    {
        string earlier = $"{_folder.Hidden}.old";
        Directory.Move(Path, earlier);
        try
        {
            Directory.Move(_folder.Hidden, Path);
        }
        catch
        {
            Directory.Move(earlier, Path);
            throw;
        }

        Directory.Delete(earlier, recursive: true);
    }

    /// <summary>Removes what is not complete.</summary>
    public void Dispose() => _folder.Dispose();

    private static string FullPathOf(string path) => System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));

    private string PathOf(int rank, int ranks) => System.IO.Path.Combine(_folder.Hidden, RankNames.Of(rank, ranks));

    /// <summary>Throws unless nothing is at a path, or it may be replaced and all of it is of an earlier output.</summary>
    private static void RequireFree(string path, bool overwrite)
    {
        if (!System.IO.Path.Exists(path))
        {
            return;
        }

        if (!overwrite)
        {
            throw OutputExistsException.At(path);
        }

        var folder = new DirectoryInfo(path);
        if (!folder.Exists || folder.LinkTarget is not null)
        {
            throw new IOException($"{ErrorText.EscapePath(path)}: is no folder, expected one with ranks of an earlier output, or nothing");
        }

        if (folder.EnumerateFileSystemInfos().SelectMany(Strangers).FirstOrDefault() is { } stranger)
        {
            string name = System.IO.Path.GetRelativePath(path, stranger.FullName);
            throw new IOException($"{ErrorText.EscapePath(path)}: holds {ErrorText.Quote(name)}, which is not of an earlier output: the folder is not replaced");
        }
    }

    /// <summary>What no earlier output has put there.</summary>
    private static IEnumerable<FileSystemInfo> Strangers(FileSystemInfo entry) =>
        entry.LinkTarget is not null || !RankNames.IsOfRank(entry) ? [entry]
        : entry is not DirectoryInfo folder ? []
        : folder.EnumerateFileSystemInfos().Where(file => file is not FileInfo || file.LinkTarget is not null || !RankSettings.IsOfRank(file.Name));
}
