using System.Security.Cryptography;

namespace Quant.Net.IO;

/// <summary>
/// A file that appears under its name only when it is whole: it is written beside its final place under a temporary name,
/// flushed to the disk and renamed. Disposed before that, it leaves nothing.
/// </summary>
internal sealed class AtomicFile : IDisposable
{
    private const int BufferSize = 1 << 16;

    private readonly bool _overwrite;
    private string? _place;   // where the file is now; null once it is to stay there
    private FileStream? _stream;

    private AtomicFile(string path, string temporaryPath, bool overwrite)
    {
        Path = path;
        _place = temporaryPath;
        _overwrite = overwrite;
        _stream = new FileStream(temporaryPath, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferSize);
    }

    /// <summary>Where the file will be.</summary>
    public string Path { get; }

    /// <summary>Begins a file.</summary>
    /// <exception cref="IOException">Something is there already and <paramref name="overwrite"/> is false.</exception>
    public static AtomicFile Create(string path, bool overwrite)
    {
        string full = System.IO.Path.GetFullPath(path);
        RefuseExisting(full, overwrite);
        string directory = System.IO.Path.GetDirectoryName(full)!;
        if (!Directory.Exists(directory))
        {
            throw new DirectoryNotFoundException($"{ErrorText.FileName(path)}: there is no directory {ErrorText.Quote(directory)}");
        }

        string random = Convert.ToHexString(RandomNumberGenerator.GetBytes(4));
        string temporary = System.IO.Path.Combine(directory, $".{System.IO.Path.GetFileName(full)}.{random}.tmp");
        try
        {
            return new AtomicFile(full, temporary, overwrite);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new UnauthorizedAccessException(
                $"{ErrorText.FileName(path)}: no permission to write into {ErrorText.Quote(directory)}", e);
        }
    }

    /// <summary>Throws if a file may not be written at a path.</summary>
    public static void RefuseExisting(string path, bool overwrite)
    {
        if (Directory.Exists(path))
        {
            throw new IOException($"{ErrorText.FileName(path)}: is a directory");
        }

        if (!overwrite && System.IO.Path.Exists(path))
        {
            throw new IOException($"{ErrorText.FileName(path)}: exists already");
        }
    }

    /// <summary>Appends bytes.</summary>
    public void Write(ReadOnlySpan<byte> bytes) => Stream.Write(bytes);

    /// <summary>Appends zeros.</summary>
    public void WriteZeros(long count)
    {
        Span<byte> zeros = stackalloc byte[256];
        zeros.Clear();
        for (; count > 0; count -= zeros.Length)
        {
            Stream.Write(zeros[..(int)Math.Min(count, zeros.Length)]);
        }
    }

    /// <summary>Waits until everything is on the disk, and closes the file under its temporary name.</summary>
    public void Finish()
    {
        Stream.Flush(flushToDisk: true);
        Stream.Dispose();
        _stream = null;
    }

    /// <summary>Gives the finished file its name. It still goes when this is disposed, until <see cref="Keep"/>.</summary>
    public void Rename()
    {
        File.Move(_place!, Path, _overwrite);
        _place = Path;
    }

    /// <summary>Lets the file stay.</summary>
    public void Keep() => _place = null;

    /// <summary>Removes the file if it is not to be kept.</summary>
    public void Dispose()
    {
        try
        {
            _stream?.Dispose();
        }
        catch (IOException)
        {
            // What could not be flushed to a full disk is about to be deleted.
        }

        if (_place is not null)
        {
            File.Delete(_place);
            _place = null;
        }
    }

    private FileStream Stream => _stream ?? throw new InvalidOperationException("The file is finished.");
}
