using System.Buffers.Binary;
using System.Text.Json;

namespace Quant.Net.Tool.Tests.Support;

/// <summary>Reads safetensors files in the simplest way, apart from the library that writes them.</summary>
internal sealed class PlainSafetensors
{
    private readonly byte[] _bytes;
    private readonly int _dataStart;
    private readonly JsonElement _header;

    public PlainSafetensors(string path)
    {
        _bytes = File.ReadAllBytes(path);
        int headerLength = (int)BinaryPrimitives.ReadInt64LittleEndian(_bytes);
        _dataStart = sizeof(long) + headerLength;
        _header = JsonDocument.Parse(_bytes.AsMemory(sizeof(long), headerLength)).RootElement;
    }

    public IEnumerable<string> Names => _header.EnumerateObject().Select(entry => entry.Name).Where(name => name != "__metadata__");

    public string TypeOf(string tensor) => _header.GetProperty(tensor).Text("dtype")!;

    public IEnumerable<long> ShapeOf(string tensor) =>
        _header.GetProperty(tensor).List("shape").Select(size => size.GetInt64());

    public ReadOnlySpan<byte> DataOf(string tensor)
    {
        int[] offsets = [.. _header.GetProperty(tensor).List("data_offsets").Select(offset => offset.GetInt32())];
        return _bytes.AsSpan(_dataStart + offsets[0], offsets[1] - offsets[0]);
    }
}
