using System.Text.Json;
using Quant.Net.IO;

namespace Quant.Net.Safetensors;

/// <summary>An object of a settings file. A value that is missing or null is null; one of another type than asked for is a fault.</summary>
internal sealed class Settings
{
    private readonly Dictionary<string, JsonElement> _values = new(StringComparer.Ordinal);
    private readonly string _prefix;

    private Settings(string path, string prefix)
    {
        Path = path;
        _prefix = prefix;
    }

    public string Path { get; }

    /// <summary>The object in a JSON value.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">The object's name in the file, with those around it; empty for the file itself.</param>
    /// <param name="value">The value.</param>
    /// <exception cref="ModelFormatException">It is no object, or has a name twice.</exception>
    public static Settings Of(string path, string name, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            string place = name.Length == 0 ? "the file" : ErrorText.Quote(name);
            throw ModelFormatException.In(path, $"{place} is {NameOf(value)}, expected an object");
        }

        var settings = new Settings(path, name.Length == 0 ? "" : $"{name}.");
        foreach (JsonProperty property in value.EnumerateObject())
        {
            if (!settings._values.TryAdd(property.Name, property.Value))
            {
                throw settings.Fault(property.Name, $"is there twice");
            }
        }

        return settings;
    }

    /// <summary>The names of all values.</summary>
    public IReadOnlyCollection<string> Keys => _values.Keys;

    /// <summary>Whether there is a value that is not null.</summary>
    public bool Has(string key) => Find(key) is not null;

    public string? Text(string key) => Find(key) is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : throw WrongType(key, value, "a text");

    public int? Number(string key) => Find(key) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) ? number
        : throw WrongType(key, value, "a whole number");

    public bool? Flag(string key) => Find(key) is not { } value ? null
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
        : throw WrongType(key, value, "true or false");

    public Settings? Object(string key) => Find(key) is { } value ? Of(Path, _prefix + key, value) : null;

    /// <summary>The objects in an object, in its order.</summary>
    public IReadOnlyList<Settings> Objects(string key) =>
        Object(key) is { } parent ? [.. parent._values.Keys.Select(name => parent.Object(name)).OfType<Settings>()] : [];

    /// <summary>The first text of a list; null also if the value is something else.</summary>
    public string? FirstText(string key) =>
        Find(key) is { ValueKind: JsonValueKind.Array } list && list.EnumerateArray().FirstOrDefault() is { ValueKind: JsonValueKind.String } text
            ? text.GetString()
            : null;

    /// <summary>A whole number of at least 0; null also if the value is something else.</summary>
    public long? Size(string key) =>
        Find(key) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out long number) && number >= 0 ? number : null;

    /// <summary>A whole number of at least 1; null only if there is no value.</summary>
    /// <exception cref="ModelFormatException">The value is something else.</exception>
    public long? Count(string key) => Find(key) is not { } value ? null
        : Size(key) is { } number and > 0 ? number
        : throw WrongType(key, value, "a whole number of at least 1");

    /// <summary>The exception for a value that is wrong.</summary>
    public ModelFormatException Fault(string key, FormattableString what) =>
        ModelFormatException.In(Path, $"{ErrorText.Quote(_prefix + key)} {ErrorText.Invariant(what)}");

    public bool IsText(string key) => Find(key) is { ValueKind: JsonValueKind.String };

    /// <summary>A number with a fraction.</summary>
    public double? Decimal(string key) => Find(key) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) ? number
        : throw WrongType(key, value, "a number");

    /// <summary>A list of whole numbers; empty if there is none.</summary>
    public IReadOnlyList<long> Numbers(string key)
    {
        if (Find(key) is not { } list)
        {
            return [];
        }

        return list.ValueKind == JsonValueKind.Array && list.EnumerateArray().All(value => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _))
            ? [.. list.EnumerateArray().Select(value => value.GetInt64())]
            : throw WrongType(key, list, "a list of whole numbers");
    }

    /// <summary>A list of texts; empty if there is none.</summary>
    public IReadOnlyList<string> Texts(string key)
    {
        if (Find(key) is not { } list)
        {
            return [];
        }

        return list.ValueKind == JsonValueKind.Array && list.EnumerateArray().All(value => value.ValueKind == JsonValueKind.String)
            ? [.. list.EnumerateArray().Select(value => value.GetString()!)]
            : throw WrongType(key, list, "a list of texts");
    }

    private JsonElement? Find(string key) =>
        _values.TryGetValue(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private ModelFormatException WrongType(string key, JsonElement value, string expected) =>
        Fault(key, $"is {NameOf(value)}, expected {expected}");

    private static string NameOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String or JsonValueKind.Number => ErrorText.Escape(value.GetRawText(), 40),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => "null",
    };
}
