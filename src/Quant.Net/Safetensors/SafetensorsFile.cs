using Quant.Net.IO;

namespace Quant.Net.Safetensors;

/// <summary>
/// One safetensors file, mapped into memory and checked. A model of several files, or a file with its settings beside it, is a
/// <see cref="SafetensorsModel"/>.
/// </summary>
/// <remarks>
/// Opening reads the header and none of the data. Everything may be used from many threads at once; after <see cref="Dispose"/>,
/// the file's tensors throw <see cref="ObjectDisposedException"/>. A file must not be cut short by others while it is open: touching
/// pages of a map that are gone ends a process.
/// </remarks>
public sealed class SafetensorsFile : IDisposable
{
    private SafetensorsFile(MappedFile map)
    {
        var warnings = new WarningList();
        var header = SafetensorsHeaderReader.Read(map, warnings);
        Map = map;
        HeaderLength = header.Length;
        DataOffset = header.DataOffset;
        Metadata = header.Metadata;
        foreach (SafetensorsHeaderTensor tensor in SafetensorsPlacement.Order(map, header))
        {
            Tensors.TryAdd(new SafetensorsTensor(this, tensor));   // the header has no name twice
        }

        Warnings = warnings.ToList();
    }

    /// <summary>The path it was opened by.</summary>
    public string Path => Map.Path;

    /// <summary>Bytes of the file.</summary>
    public long Length => Map.Length;

    /// <summary>Bytes of the header, with the spaces that pad it.</summary>
    public int HeaderLength { get; }

    /// <summary>Where the data begin: behind the header and the number of its bytes.</summary>
    public long DataOffset { get; }

    /// <summary>The texts of the header's <c>__metadata__</c>, by key.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The tensors, in the order of their data.</summary>
    public SafetensorsTensorCollection Tensors { get; } = new();

    /// <summary>Oddities that other programs may stumble over, each in one line.</summary>
    public IReadOnlyList<string> Warnings { get; }

    internal MappedFile Map { get; }

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ModelFormatException">The file breaks the rules of its format.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static SafetensorsFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        MappedFile map = MappedFile.Open(path, typeof(SafetensorsFile));
        try
        {
            return new SafetensorsFile(map);
        }
        catch
        {
            map.Dispose();
            throw;
        }
    }

    /// <summary>The file for a reader: <c>model.safetensors: 291 tensors</c>.</summary>
    public override string ToString() => $"{ErrorText.EscapePath(Path)}: {ErrorText.Count(Tensors.Count, "tensor")}";

    /// <summary>Closes the file.</summary>
    public void Dispose() => Map.Dispose();
}
