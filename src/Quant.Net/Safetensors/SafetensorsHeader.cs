using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;
using Quant.Net.IO;

namespace Quant.Net.Safetensors;

/// <summary>Writes the JSON of safetensors files; <see cref="SafetensorsHeaderReader"/> reads it.</summary>
internal static class SafetensorsHeader
{
    public const string MetadataName = "__metadata__";
    public const string TypeName = "dtype";
    public const string ShapeName = "shape";
    public const string OffsetsName = "data_offsets";

    /// <summary>What the names of files end in.</summary>
    public const string Extension = ".safetensors";

    /// <summary>What an index's name has behind the name that the model would have in one file.</summary>
    public const string IndexSuffix = ".index.json";

    public const string WeightMapName = "weight_map";
    public const string IndexMetadataName = "metadata";
    public const string TotalSizeName = "total_size";

    /// <summary>The limit of the format's own implementation.</summary>
    public const int LongestHeader = 100_000_000;

    /// <summary>The format has no limit; no tensor library has more dimensions.</summary>
    public const int MostDimensions = 64;

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

        if (text.WrittenCount - sizeof(ulong) > LongestHeader)
        {
            throw new InvalidOperationException(ErrorText.Invariant(
                $"The header of a file would have {text.WrittenCount - sizeof(ulong)} bytes, expected at most {LongestHeader}: write more files."));
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
            json.WriteStartObject(IndexMetadataName);
            json.WriteNumber(TotalSizeName, totalBytes);
            json.WriteEndObject();
            json.WriteStartObject(WeightMapName);
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
        json.WriteString(TypeName, tensor.Type.ToString());
        json.WriteStartArray(ShapeName);
        foreach (long dimension in tensor.Shape)
        {
            json.WriteNumberValue(dimension);
        }

        json.WriteEndArray();
        json.WriteStartArray(OffsetsName);
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
