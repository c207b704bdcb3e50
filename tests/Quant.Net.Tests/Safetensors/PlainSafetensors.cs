using System.Buffers.Binary;
using System.Text.Json;

namespace Quant.Net.Tests.Safetensors;

/// <summary>A minimal reader of safetensors files that knows nothing of the library's own code.</summary>
internal sealed class PlainSafetensors
{
    public sealed record Tensor(string Type, long[] Shape, byte[] Data);

    public PlainSafetensors(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        int header = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        Assert.Equal(0, header % 8);
        byte[] data = bytes[(8 + header)..];
        int expected = 0;
        using JsonDocument json = JsonDocument.Parse(bytes.AsMemory(8, header));
        foreach (JsonProperty entry in json.RootElement.EnumerateObject())
        {
            if (entry.Name == "__metadata__")
            {
                Metadata = entry.Value.EnumerateObject().ToDictionary(text => text.Name, text => text.Value.GetString()!);
                continue;
            }

            int[] offsets = entry.Value.GetProperty("data_offsets").EnumerateArray().Select(offset => offset.GetInt32()).ToArray();
            Assert.Equal(expected, offsets[0]);
            expected = offsets[1];
            Names.Add(entry.Name);
            Tensors.Add(entry.Name, new Tensor(
                entry.Value.GetProperty("dtype").GetString()!,
                entry.Value.GetProperty("shape").EnumerateArray().Select(dimension => dimension.GetInt64()).ToArray(),
                data[offsets[0]..offsets[1]]));
        }

        Assert.Equal(data.Length, expected);
    }

    public List<string> Names { get; } = [];

    public Dictionary<string, Tensor> Tensors { get; } = [];

    public Dictionary<string, string> Metadata { get; } = [];
}
