using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;

namespace Quant.Net.Safetensors;

/// <summary>The JSON of safetensors files.</summary>
internal static class SafetensorsHeader
{
    public const string MetadataName = "__metadata__";

    /// <summary>Bytes of an element.</summary>
    public static int ElementSize(SafetensorsType type) => type switch
    {
        SafetensorsType.BOOL or SafetensorsType.U8 or SafetensorsType.I8 or SafetensorsType.F8_E5M2 or SafetensorsType.F8_E4M3 => 1,
        SafetensorsType.I16 or SafetensorsType.U16 or SafetensorsType.F16 or SafetensorsType.BF16 => 2,
        SafetensorsType.I32 or SafetensorsType.U32 or SafetensorsType.F32 => 4,
        SafetensorsType.F64 or SafetensorsType.I64 or SafetensorsType.U64 => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No type of safetensors files."),
    };

    /// <summary>Everything before the data: the length of the header, and the header, padded to a multiple of 8 bytes.</summary>
    public static byte[] Build(IEnumerable<KeyValuePair<string, string>> metadata, IEnumerable<SafetensorsEntry> tensors)
    {
        var text = new ArrayBufferWriter<byte>();
        text.Advance(WriteLength(text.GetSpan(sizeof(ulong)), 0));
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            WriteMetadata(json, metadata);
            long offset = 0;
            foreach (SafetensorsEntry tensor in tensors)
            {
                WriteTensor(json, tensor, offset);
                offset += tensor.Bytes;
            }

            json.WriteEndObject();
        }

        while (text.WrittenCount % 8 != 0)
        {
            text.Write(" "u8);
        }

        byte[] header = text.WrittenSpan.ToArray();
        WriteLength(header, header.Length - sizeof(ulong));
        return header;
    }

    /// <summary>The index of a model in several files.</summary>
    public static byte[] BuildIndex(long totalBytes, IEnumerable<(string Tensor, string File)> places)
    {
        var text = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(text, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteStartObject("metadata");
            json.WriteNumber("total_size", totalBytes);
            json.WriteEndObject();
            json.WriteStartObject("weight_map");
            foreach ((string tensor, string file) in places)
            {
                json.WriteString(tensor, file);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        text.Write("\n"u8);
        return text.WrittenSpan.ToArray();
    }

    private static void WriteMetadata(Utf8JsonWriter json, IEnumerable<KeyValuePair<string, string>> metadata)
    {
        if (!metadata.Any())
        {
            return;
        }

        json.WriteStartObject(MetadataName);
        foreach ((string key, string value) in metadata)
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
    }

    private static void WriteTensor(Utf8JsonWriter json, SafetensorsEntry tensor, long offset)
    {
        json.WriteStartObject(tensor.Name);
        json.WriteString("dtype", tensor.Type.ToString());
        json.WriteStartArray("shape");
        foreach (long dimension in tensor.Shape)
        {
            json.WriteNumberValue(dimension);
        }

        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(offset);
        json.WriteNumberValue(offset + tensor.Bytes);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static int WriteLength(Span<byte> destination, long length)
    {
        BinaryPrimitives.WriteInt64LittleEndian(destination, length);
        return sizeof(long);
    }
}

/// <summary>A tensor as a header describes it.</summary>
internal sealed record SafetensorsEntry(string Name, SafetensorsType Type, long[] Shape, long Bytes);
