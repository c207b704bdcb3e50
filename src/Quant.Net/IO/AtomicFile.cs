using System.Security.Cryptography;

namespace Quant.Net.IO;

/// <summary>
/// A file that appears under its name only when it is whole: it is written beside its final place under a temporary name,
/// flushed to the disk and renamed. Disposed before that, it leaves nothing.
/// </summary>
internal sealed class AtomicFile : IDisposable
{
    private const int BufferSize = 1 << 16;

    private readonly string _temporaryPath;
    private readonly bool _overwrite;
    private FileStream? _stream;
    private bool _renamed;

    private AtomicFile(string path, string temporaryPath, bool overwrite)
    {
        Path = path;
        _temporaryPath = temporaryPath;
        _overwrite = overwrite;
        _stream = new FileStream(temporaryPath, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferSize);
    }

    /// <summary>Where the file will be.</summary>
    public string Path { get; }

    /// <summary>Begins a file.</summary>
    /// <exception cref="IOException">Something is there already and <paramref name="overwrite"/> is false, or the system refused.</exception>
    public static AtomicFile Create(string path, bool overwrite)
    {
        string full = System.IO.Path.GetFullPath(path);
        RefuseExisting(full, overwrite);
        string directory = System.IO.Path.GetDirectoryName(full)!;
        string random = Convert.ToHexString(RandomNumberGenerator.GetBytes(4));
        return new AtomicFile(full, System.IO.Path.Combine(directory, $".{System.IO.Path.GetFileName(full)}.{random}.tmp"), overwrite);
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

    /// <summary>Gives the finished file its name.</summary>
    public void Rename()
    {
        File.Move(_temporaryPath, Path, _overwrite);
        _renamed = true;
    }

    /// <summary>Removes the file if it did not get its name.</summary>
    public void Dispose()
    {
        if (_renamed)
        {
            return;
        }

        try
        {
            _stream?.Dispose();
        }
        catch (IOException)
        {
            // What could not be flushed to a full disk is about to be deleted.
        }

        File.Delete(_temporaryPath);
        _renamed = true;
    }

    private FileStream Stream => _stream ?? throw new InvalidOperationException("The file is finished.");
}
