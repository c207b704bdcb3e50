using System.Runtime.InteropServices;

namespace Quant.Net.IO;

/// <summary>What is looked at before a large output is begun.</summary>
internal static partial class OutputGuard
{
    /// <summary>Throws if an output is one of the inputs, by whatever name or link.</summary>
    /// <param name="outputs">The files to be written.</param>
    /// <param name="inputs">The files that are read.</param>
    /// <param name="what">What these are.</param>
    public static void RefuseInputs(IEnumerable<string> outputs, IEnumerable<string> inputs, string what = "the model")
    {
        var identities = inputs.Select(FileIdentity.Of).ToHashSet();
        string? clash = outputs.FirstOrDefault(output => FileIdentity.Of(output) is { } identity && identities.Contains(identity));
        if (clash is not null)
        {
            throw new IOException($"{ErrorText.EscapePath(clash)}: is {what} itself; the output must be another file");
        }
    }

    /// <summary>Throws if the directory of an output does not exist.</summary>
    public static void RequireDirectory(string path)
    {
        string directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (!Directory.Exists(directory))
        {
            throw new DirectoryNotFoundException(File.Exists(directory)
                ? $"{ErrorText.EscapePath(path)}: {ErrorText.Quote(directory)} is no directory"
                : $"{ErrorText.EscapePath(path)}: there is no directory {ErrorText.Quote(directory)}");
        }
    }

    /// <summary>Throws if no file may be made where an output is to be. Windows tells that only of a file that is made.</summary>
    public static void RequireWritable(string path)
    {
        const int WriteAndSearch = 3;
        RequireDirectory(path);
        string directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (!OperatingSystem.IsWindows() && Access(directory, WriteAndSearch) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            throw SystemError.IsDenial(error) ? Denial(path) : new IOException($"{ErrorText.EscapePath(path)}: {SystemError.Words(error)}");
        }

        if (!OperatingSystem.IsWindows() && SizedVolumeOf(path) is null)
        {
            // Such as /proc, where writing is permitted and no file can be made: only making one tells.
            string hidden = AtomicFile.UnfinishedPath(path);
            AtomicFile.OpenHidden(
                path, hidden, () => new FileStream(hidden, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose)).Dispose();
        }
    }

    /// <summary>The error of a place where nothing may be written.</summary>
    public static UnauthorizedAccessException Denial(string path, Exception? refused = null) => new(
        $"{ErrorText.EscapePath(path)}: no permission to write into {ErrorText.Quote(Path.GetDirectoryName(Path.GetFullPath(path))!)}", refused);

    /// <summary>Throws if a volume has less room than an output needs. One that does not say how large it is lets it try.</summary>
    public static void RequireSpace(string path, long needed)
    {
        if (SizedVolumeOf(path)?.AvailableFreeSpace is { } free && needed > free)
        {
            throw new IOException(ErrorText.Invariant($"{ErrorText.EscapePath(path)}: needs {needed} bytes, but only {free} are free there"));
        }
    }

    /// <summary>
    /// The volume of an output; null if it does not say how large it is: a network share of Windows; memory without a limit, as tmpfs and
    /// ramfs may be; and what is no place for files, such as /proc. Of all of these the system says that 0 bytes are free.
    /// </summary>
    private static DriveInfo? SizedVolumeOf(string path)
    {
        string full = Path.GetFullPath(path);
        if (full.StartsWith(@"\\", StringComparison.Ordinal))
        {
            return null;
        }

        RequireDirectory(full);
        var volume = new DriveInfo(Path.GetDirectoryName(full)!);
        return volume.TotalSize > 0 ? volume : null;
    }

    [LibraryImport("libc", EntryPoint = "access", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Access(string path, int mode);
}
