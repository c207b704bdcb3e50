using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace Quant.Net.IO;

/// <summary>
/// A file of known length, mapped for reading, and open for reads into buffers as well. The map serves random access; if
/// somebody cuts the file short while it is mapped, touching the missing pages ends the process, so whole-file work goes
/// through <see cref="Read"/>, where a short file is an ordinary error.
/// </summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly Type _owner;
    private readonly SafeFileHandle _file;
    private readonly MemoryMappedFile? _map;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly byte* _pointer;
    private volatile bool _disposed;

    private MappedFile(string path, SafeFileHandle file, Type owner)
    {
        Path = path;
        _owner = owner;
        _file = file;
        Length = RandomAccess.GetLength(file);
        if (Length == 0)
        {
            return;   // an empty file cannot be mapped
        }

        _map = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        try
        {
            _view = _map.CreateViewAccessor(0, Length, MemoryMappedFileAccess.Read);
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _pointer);
            _pointer += _view.PointerOffset;
        }
        catch
        {
            _view?.Dispose();
            _map.Dispose();
            throw;
        }
    }

    /// <summary>The path as it was given.</summary>
    public string Path { get; }

    /// <summary>Bytes of the file when it was opened.</summary>
    public long Length { get; }

    /// <summary>The first byte. Valid until this object is disposed.</summary>
    /// <exception cref="ObjectDisposedException">The file was closed.</exception>
    public byte* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, _owner);
            return _pointer;
        }
    }

    /// <summary>Whether nothing can be opened at a path. Something else than a file is not missing: whoever opens it is told what it is.</summary>
    public static bool IsMissing(string path) => !File.Exists(path) && !Directory.Exists(path);

    /// <summary>Opens and maps a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="owner">The public type that callers closed when they are told that the file is closed.</param>
    /// <exception cref="IOException">It is no file that can be mapped, or the system refused.</exception>
    public static MappedFile Open(string path, Type owner)
    {
        if (Directory.Exists(path))
        {
            throw new IOException($"{ErrorText.EscapePath(path)}: is a directory, not a file");
        }

        if (FileIdentity.IsSpecialFile(path))
        {
            throw new IOException($"{ErrorText.EscapePath(path)}: is a pipe or a device, not a file that can be mapped");
        }

        SafeFileHandle file = SystemError.Name(
            path, () => File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete));
        try
        {
            return new MappedFile(path, file, owner);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Keeps the map until the lease is disposed, even if another thread closes the file meanwhile.</summary>
    /// <exception cref="ObjectDisposedException">The file was closed.</exception>
    public Lease Acquire()
    {
        ObjectDisposedException.ThrowIf(_disposed, _owner);
        return new Lease(_view?.SafeMemoryMappedViewHandle);
    }

    /// <summary>Fills a buffer from the file itself, not from the map.</summary>
    /// <exception cref="EndOfStreamException">The file has become shorter than it was when it was opened.</exception>
    /// <exception cref="ObjectDisposedException">The file was closed.</exception>
    public void Read(long offset, Span<byte> destination)
    {
        ObjectDisposedException.ThrowIf(_disposed, _owner);
        while (!destination.IsEmpty)
        {
            int read = RandomAccess.Read(_file, destination, offset);
            if (read == 0)
            {
                throw new EndOfStreamException(ErrorText.Invariant(
                    $"{ErrorText.EscapePath(Path)}: ends at byte {offset}, but had {Length} bytes when it was opened"));
            }

            offset += read;
            destination = destination[read..];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _view?.SafeMemoryMappedViewHandle.ReleasePointer();
        _view?.Dispose();
        _map?.Dispose();
        _file.Dispose();
    }

    /// <summary>Holds a map open.</summary>
    public readonly ref struct Lease
    {
        private readonly SafeMemoryMappedViewHandle? _handle;

        internal Lease(SafeMemoryMappedViewHandle? handle)
        {
            bool added = false;
            handle?.DangerousAddRef(ref added);
            _handle = added ? handle : null;
        }

        /// <summary>Lets the map go.</summary>
        public void Dispose() => _handle?.DangerousRelease();
    }
}
