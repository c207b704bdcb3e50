using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Quant.Net.IO;

namespace Quant.Net.Gguf;

// Values that people type.
public sealed partial class GgufValue
{
    /// <summary>
    /// Reads a value as people type it: numbers as in C# source, <c>true</c> or <c>false</c>, text as it is, and arrays as JSON:
    /// <c>[1, 2]</c>, <c>["a", "b"]</c>.
    /// </summary>
    /// <param name="text">The value.</param>
    /// <param name="type">The type that it is to have.</param>
    /// <param name="elementType">The type of an array's elements, which is none itself; null for anything else.</param>
    /// <exception cref="FormatException">The text is no value of this type.</exception>
    /// <exception cref="ArgumentException">GGUF has no such type, or it is an array of arrays or of nothing.</exception>
    public static GgufValue Parse(string text, GgufValueType type, GgufValueType? elementType = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        return type switch
        {
            GgufValueType.UInt8 => ParseNumber<byte>(text, type),
            GgufValueType.Int8 => ParseNumber<sbyte>(text, type),
            GgufValueType.UInt16 => ParseNumber<ushort>(text, type),
            GgufValueType.Int16 => ParseNumber<short>(text, type),
            GgufValueType.UInt32 => ParseNumber<uint>(text, type),
            GgufValueType.Int32 => ParseNumber<int>(text, type),
            GgufValueType.UInt64 => ParseNumber<ulong>(text, type),
            GgufValueType.Int64 => ParseNumber<long>(text, type),
            GgufValueType.Float32 => ParseReal<float>(text, type),
            GgufValueType.Float64 => ParseReal<double>(text, type),
            GgufValueType.Boolean => text switch
            {
                "true" => FromBoolean(true),
                "false" => FromBoolean(false),
                _ => throw NoValue(text, type),
            },
            GgufValueType.String => FromString(text),
            GgufValueType.Array when elementType is { } element && element != GgufValueType.Array => ParseArray(text, element),
            GgufValueType.Array => throw new ArgumentException("An array needs the type of its elements, and that is none.", nameof(elementType)),
            _ => throw new ArgumentException(ErrorText.Invariant($"GGUF has no type {(int)type}."), nameof(type)),
        };
    }

    private static GgufValue ParseNumber<T>(string text, GgufValueType type)
        where T : unmanaged, INumberBase<T> =>
        T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out T number) ? FromNumber(number) : throw NoValue(text, type);

    // A number too large for the type would become infinite.
    private static GgufValue ParseReal<T>(string text, GgufValueType type)
        where T : unmanaged, INumberBase<T> =>
        T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out T number)
        && (T.IsFinite(number) || text.TrimStart('+', '-') is "Infinity" or "NaN")
            ? FromNumber(number)
            : throw NoValue(text, type);

    private static GgufValue ParseArray(string text, GgufValueType element)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            if (json.RootElement.ValueKind == JsonValueKind.Array)
            {
                return FromArray(element, [.. json.RootElement.EnumerateArray().Select(item => ParseItem(item, element))]);
            }
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            // It is said below; the second is of text that no UTF-8 has.
        }

        throw new FormatException($"{ErrorText.Quote(text)} is no array of {NameOf(element)} as JSON has it, such as [1, 2] or [\"a\", \"b\"].");
    }

    private static GgufValue ParseItem(JsonElement item, GgufValueType element)
    {
        bool isText = item.ValueKind == JsonValueKind.String;
        return isText == (element == GgufValueType.String)
            ? Parse(isText ? item.GetString()! : item.GetRawText(), element)
            : throw NoValue(item.GetRawText(), element);
    }

    /// <summary>As people type it, and not as messages about files have it.</summary>
    private static string NameOf(GgufValueType type) => type.ToString().ToLowerInvariant();

    private static FormatException NoValue(string text, GgufValueType type) =>
        new($"{ErrorText.Quote(text)} is no value of the type {NameOf(type)}.");
}
