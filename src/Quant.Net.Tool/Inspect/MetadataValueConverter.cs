using System.Text.Json;
using System.Text.Json.Serialization;
using Quant.Net.Gguf;

namespace Quant.Net.Tool.Inspect;

/// <summary>Writes metadata as the JSON values they are; arrays no further than they are shown.</summary>
internal sealed class MetadataValueConverter : JsonConverter<MetadataValue>
{
    public override MetadataValue Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("metadata are only written");

    public override void Write(Utf8JsonWriter writer, MetadataValue value, JsonSerializerOptions options) =>
        Write(writer, value.Value, value.Limit);

    private static void Write(Utf8JsonWriter writer, GgufValue value, int limit)
    {
        switch (value.Type)
        {
            case GgufValueType.String:
                writer.WriteStringValue(value.GetString());
                break;
            case GgufValueType.Boolean:
                writer.WriteBooleanValue(value.GetBoolean());
                break;
            case GgufValueType.UInt64:
                writer.WriteNumberValue(value.Get<ulong>());
                break;
            case GgufValueType.Float32:
                WriteReal(writer, value.Get<float>());
                break;
            case GgufValueType.Float64:
                WriteReal(writer, value.Get<double>());
                break;
            case GgufValueType.Array:
                writer.WriteStartArray();
                for (int i = 0; i < Math.Min(value.Count, limit); i++)
                {
                    Write(writer, value[i], limit);
                }

                writer.WriteEndArray();
                break;
            default:
                writer.WriteNumberValue(value.Get<long>());
                break;
        }
    }

    // JSON has no word for these; the names are those that .NET reads back.
    private static void WriteReal(Utf8JsonWriter writer, float number)
    {
        if (float.IsFinite(number))
        {
            writer.WriteNumberValue(number);
        }
        else
        {
            WriteName(writer, number);
        }
    }

    private static void WriteReal(Utf8JsonWriter writer, double number)
    {
        if (double.IsFinite(number))
        {
            writer.WriteNumberValue(number);
        }
        else
        {
            WriteName(writer, number);
        }
    }

    private static void WriteName(Utf8JsonWriter writer, double number) =>
        writer.WriteStringValue(double.IsNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity");
}
