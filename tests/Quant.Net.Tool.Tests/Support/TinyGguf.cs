using System.Text;

namespace Quant.Net.Tool.Tests.Support;

/// <summary>
/// Writes little GGUF files byte by byte, without help of the library that reads them: strange names, strange types, and
/// tensors of any size that are holes in the file.
/// </summary>
internal sealed class TinyGguf
{
    private const int Alignment = 32;
    private readonly List<(string Key, int Type, Action<BinaryWriter> Value)> _metadata = [];
    private readonly List<(string Name, int Type, long[] Dimensions, byte[]? Data, long Length)> _tensors = [];

    public TinyGguf Add(string key, string value) => Add(key, 8, writer => WriteText(writer, value));

    public TinyGguf Add(string key, ushort value) => Add(key, 2, writer => writer.Write(value));

    public TinyGguf Add(string key, int value) => Add(key, 5, writer => writer.Write(value));

    public TinyGguf Add(string key, params float[] values) => Add(key, 9, writer =>
    {
        const int Float32 = 6;
        writer.Write(Float32);
        writer.Write((long)values.Length);
        Array.ForEach(values, writer.Write);
    });

    public TinyGguf AddTensor(string name, int type, long[] dimensions, byte[] data)
    {
        _tensors.Add((name, type, dimensions, data, data.Length));
        return this;
    }

    /// <summary>Adds a tensor whose data are zeros that take no room on the disk.</summary>
    public TinyGguf AddHole(string name, int type, long[] dimensions, long length)
    {
        _tensors.Add((name, type, dimensions, null, length));
        return this;
    }

    /// <summary>Writes the file.</summary>
    /// <returns>Its path.</returns>
    public string Write(string path)
    {
        using FileStream file = File.Create(path);
        using var writer = new BinaryWriter(file);
        writer.Write("GGUF"u8);
        writer.Write(3);
        writer.Write((long)_tensors.Count);
        writer.Write((long)_metadata.Count);
        foreach ((string key, int type, Action<BinaryWriter> value) in _metadata)
        {
            WriteText(writer, key);
            writer.Write(type);
            value(writer);
        }

        long offset = 0;
        foreach ((string name, int type, long[] dimensions, _, long length) in _tensors)
        {
            WriteText(writer, name);
            writer.Write(dimensions.Length);
            Array.ForEach(dimensions, writer.Write);
            writer.Write(type);
            writer.Write(offset);
            offset += Pad(length);
        }

        long start = Pad(file.Position);
        foreach ((_, _, _, byte[]? data, long length) in _tensors)
        {
            file.Position = start;
            file.Write(data ?? []);
            start += Pad(length);
        }

        file.SetLength(start);
        return path;
    }

    private TinyGguf Add(string key, int type, Action<BinaryWriter> value)
    {
        _metadata.Add((key, type, value));
        return this;
    }

    private static void WriteText(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((long)bytes.Length);
        writer.Write(bytes);
    }

    private static long Pad(long length) => (length + Alignment - 1) / Alignment * Alignment;
}
