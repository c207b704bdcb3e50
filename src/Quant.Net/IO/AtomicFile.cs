using System.Security.Cryptography;
using System.Text;

namespace Quant.Net.IO;

/// <summary>
/// A file that appears under its name only when it is whole: it is written beside its final place under a temporary name,
/// flushed to the disk and renamed. Disposed before that, it leaves nothing, unless a log is kept with which the work can go on.
/// </summary>
internal sealed class AtomicFile : IDisposable
{
    private const int BufferSize = 1 << 16;
    private const int LongestName = 255;   // bytes, on all of Unix; Windows counts characters

    private readonly bool _overwrite;
    private readonly ResumeLog? _log;
    private readonly string _temporaryPath;
    private readonly IncrementalHash? _hash;
    private readonly WriteBack _writeBack;
    private string? _place;   // where the file is now; null once it is to stay there
    private FileStream? _stream;
    private long _known;      // bytes that an earlier run has left; they are passed over, not written again
    private long _position;

    private AtomicFile(string path, string temporaryPath, bool overwrite, ResumeLog? log)
    {
        Path = path;
        _temporaryPath = temporaryPath;
        _place = temporaryPath;
        _overwrite = overwrite;
        _log = log;
        if (log is null)
        {
            _stream = new FileStream(temporaryPath, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferSize);
        }
        else
        {
            _stream = new FileStream(temporaryPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, BufferSize);
            _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        }

        _writeBack = new WriteBack(_stream.SafeFileHandle);
    }

    /// <summary>Where the file will be.</summary>
    public string Path { get; }

    /// <summary>Begins a file, or goes on with it if a log says how far it has come.</summary>
    /// <exception cref="IOException">
    /// Something is there already and <paramref name="overwrite"/> is false, or what the log speaks of is not there.
    /// </exception>
    public static AtomicFile Create(string path, bool overwrite, ResumeLog? log = null)
    {
        string full = System.IO.Path.GetFullPath(path);
        RefuseExisting(full, overwrite);
        RefuseLongName(full);
        string temporary = log is null ? UnfinishedPath(full) : PartialPath(full);
        RequireKnown(full, temporary, log);
        AtomicFile file = OpenHidden(full, temporary, () => new AtomicFile(full, temporary, overwrite, log));
        try
        {
            file.TakeUp();
        }
        catch
        {
            file.Dispose();
            throw;
        }

        return file;
    }

    /// <summary>
    /// The path of a file beside an output that does not show in listings. Where the name would be too long, a hash stands for it.
    /// </summary>
    public static string HiddenName(string path, string extension)
    {
        string full = System.IO.Path.GetFullPath(path);
        string stem = System.IO.Path.GetFileName(full);
        byte[] bytes = Encoding.UTF8.GetBytes(stem);
        if (bytes.Length + extension.Length + "..".Length > LongestName)
        {
            stem = Convert.ToHexString(SHA256.HashData(bytes));
        }

        return System.IO.Path.Combine(System.IO.Path.GetDirectoryName(full)!, $".{stem}.{extension}");
    }

    /// <summary>Where a file or folder is until it is whole: another place whenever it is asked.</summary>
    public static string UnfinishedPath(string path) => HiddenName(path, $"{Convert.ToHexString(RandomNumberGenerator.GetBytes(4))}.tmp");

    /// <summary>Where a file is until it is whole, if the work on it can be resumed.</summary>
    public static string PartialPath(string path) => HiddenName(path, "partial");

    /// <summary>Opens a file beside an output, or says why nothing can be written there.</summary>
    public static T OpenHidden<T>(string path, string hidden, Func<T> open)
    {
        OutputGuard.RequireDirectory(path);
        if (Directory.Exists(hidden))
        {
            throw new IOException($"{ErrorText.EscapePath(path)}: cannot be written, because {ErrorText.EscapePath(hidden)} is a directory, expected a file or nothing");
        }

        try
        {
            return SystemError.Name(path, open);
        }
        catch (UnauthorizedAccessException refused)
        {
            throw OutputGuard.Denial(path, refused);
        }
        catch (FileNotFoundException refused)
        {
            // The directory is there, so that it is one in which the system makes no files, such as /proc.
            string directory = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
            throw new IOException($"{ErrorText.EscapePath(path)}: no file can be made in {ErrorText.Quote(directory)}", refused);
        }
    }

    /// <summary>Throws if a file may not be written at a path.</summary>
    public static void RefuseExisting(string path, bool overwrite)
    {
        if (Directory.Exists(path))
        {
            throw new IOException($"{ErrorText.EscapePath(path)}: is a directory");
        }

        if (!overwrite && System.IO.Path.Exists(path))
        {
            throw OutputExistsException.At(path);
        }
    }

    /// <summary>Throws now if the system would refuse a name, and not only when the file is whole.</summary>
    public static void RefuseLongName(string path)
    {
        string name = System.IO.Path.GetFileName(path);
        int length = OperatingSystem.IsWindows() ? name.Length : Encoding.UTF8.GetByteCount(name);
        if (length > LongestName)
        {
            throw new PathTooLongException(ErrorText.Invariant(
                $"{ErrorText.EscapePath(path)}: the name has {length} bytes, expected at most {LongestName}"));
        }
    }

    /// <summary>Appends bytes.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        int known = (int)Math.Min(bytes.Length, Math.Max(0, _known - _position));
        _position += bytes.Length;
        try
        {
            Stream.Write(bytes[known..]);
            _writeBack.Add(bytes.Length - known);
        }
        catch (Exception refused) when (SystemError.Named(Path, refused) is { } named)
        {
            throw named;
        }

        _hash?.AppendData(bytes[known..]);
    }

    /// <summary>Appends zeros.</summary>
    public void WriteZeros(long count)
    {
        Span<byte> zeros = stackalloc byte[256];
        zeros.Clear();
        for (; count > 0; count -= zeros.Length)
        {
            Write(zeros[..(int)Math.Min(count, zeros.Length)]);
        }
    }

    /// <summary>Passes over bytes that an earlier run has written.</summary>
    public void Skip(long count)
    {
        if (count > _known - _position)
        {
            throw new InvalidOperationException($"{count} bytes at {_position} were to be skipped, but only {_known} are known.");
        }

        _position += count;
    }

    /// <summary>Waits until everything written so far is on the disk, and says what is there.</summary>
    public ResumeFile FlushKnown()
    {
        SystemError.Name(Path, () =>
        {
            _writeBack.Wait();
            _stream?.Flush(flushToDisk: true);
        });
        return new ResumeFile(System.IO.Path.GetFileName(Path), _position, Convert.ToHexString(_hash!.GetCurrentHash()));
    }

    /// <summary>Waits until everything is on the disk, and closes the file under its temporary name.</summary>
    public void Finish()
    {
        SystemError.Name(Path, () =>
        {
            _writeBack.Wait();
            Stream.Flush(flushToDisk: true);
            Stream.Dispose();
        });
        _stream = null;
    }

    /// <summary>Gives the finished file its name. It still goes when this is disposed, until <see cref="Keep"/>.</summary>
    public void Rename()
    {
        try
        {
            SystemError.Name(Path, () => File.Move(_place!, Path, _overwrite));
        }
        catch (IOException refused) when (!_overwrite && File.Exists(Path))
        {
            throw OutputExistsException.At(Path, refused);
        }

        _place = Path;
    }

    /// <summary>Lets the file stay.</summary>
    public void Keep() => _place = null;

    /// <summary>Removes the file if it is not to be kept.</summary>
    public void Dispose()
    {
        try
        {
            using (_stream)
            {
                _writeBack.Wait();
            }
        }
        catch (Exception refused) when (SystemError.Named(Path, refused) is not null)
        {
            // What could not be flushed to a full disk is about to be deleted.
        }

        _hash?.Dispose();
        if (_place is null)
        {
            return;
        }

        if (_log?.Find(System.IO.Path.GetFileName(Path)) is null)
        {
            File.Delete(_place);   // nothing is known of it, and so it is of no use to the next run
        }
        else if (_place != _temporaryPath)
        {
            File.Move(_place, _temporaryPath, overwrite: true);
        }

        _place = null;
    }

    /// <summary>Refuses what is left of an earlier run if it is not there, or less than the log says.</summary>
    private static void RequireKnown(string path, string partial, ResumeLog? log)
    {
        if (log?.Find(System.IO.Path.GetFileName(path)) is { } known && !Directory.Exists(partial))
        {
            var left = new FileInfo(partial);
            string? lack = !left.Exists ? ErrorText.Invariant($"is not there, expected {known.Bytes} bytes")
                : left.Length < known.Bytes ? ErrorText.Invariant($"has {left.Length} bytes, expected {known.Bytes} or more")
                : null;
            if (lack is not null)
            {
                throw CannotGoOn(path, $"{ErrorText.EscapePath(partial)} {lack}", isThere: left.Exists);
            }
        }
    }

    /// <summary>Checks what an earlier run has left, and drops what is not known to be whole.</summary>
    private void TakeUp()
    {
        if (_log is null)
        {
            return;
        }

        if (_log.Find(System.IO.Path.GetFileName(Path)) is { } known)
        {
            HashKnown(known.Bytes);
            if (Convert.ToHexString(_hash!.GetCurrentHash()) != known.Sha256)
            {
                throw Changed(known.Bytes);
            }

            _known = known.Bytes;
        }

        Stream.SetLength(_known);
        Stream.Position = _known;
        _log.Add(this);
    }

    private void HashKnown(long bytes)
    {
        byte[] buffer = new byte[1 << 20];
        for (long done = 0; done < bytes;)
        {
            _log!.Cancellation.ThrowIfCancellationRequested();
            int read = Stream.Read(buffer, 0, (int)Math.Min(buffer.Length, bytes - done));
            if (read == 0)
            {
                throw Changed(bytes);
            }

            _hash!.AppendData(buffer, 0, read);
            done += read;
        }
    }

    private IOException Changed(long bytes) =>
        CannotGoOn(Path, ErrorText.Invariant($"the first {bytes} bytes of {ErrorText.EscapePath(_temporaryPath)} are not those that were written"));

    private static IOException CannotGoOn(string path, string why, bool isThere = true) =>
        new($"{ErrorText.EscapePath(path)}: cannot go on, because {why}; delete {(isThere ? "that file and " : "")}the .resume file to begin anew");

    private FileStream Stream => _stream ?? throw new InvalidOperationException("The file is finished.");
}
