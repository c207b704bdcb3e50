using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using Quant.Net.IO;

namespace Quant.Net.Gguf;

/// <summary>A model's metadata: values by key, in the order of the file.</summary>
public sealed class GgufMetadata : IReadOnlyDictionary<string, GgufValue>
{
    private readonly List<KeyValuePair<string, GgufValue>> _entries = [];
    private readonly Dictionary<string, GgufValue> _byKey = new(StringComparer.Ordinal);

    internal GgufMetadata()
    {
    }

    /// <summary>The number of entries.</summary>
    public int Count => _entries.Count;

    /// <summary>The keys, in the order of the file.</summary>
    public IEnumerable<string> Keys => _entries.Select(entry => entry.Key);

    /// <summary>The values, in the order of the file.</summary>
    public IEnumerable<GgufValue> Values => _entries.Select(entry => entry.Value);

    /// <summary>The value of a key.</summary>
    /// <param name="key">The key.</param>
    /// <exception cref="KeyNotFoundException">The model has no such key.</exception>
    public GgufValue this[string key] => TryGetValue(key, out GgufValue? value)
        ? value
        : throw new KeyNotFoundException($"The model has no metadata {ErrorText.Quote(key)}.");

    /// <summary>Whether the model has a key.</summary>
    /// <param name="key">The key.</param>
    public bool ContainsKey(string key) => _byKey.ContainsKey(key);

    /// <summary>The value of a key, if the model has it.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out GgufValue value) => _byKey.TryGetValue(key, out value);

    /// <summary>The number of a key, if the model has it and it fits the type exactly.</summary>
    /// <typeparam name="T">A numeric type.</typeparam>
    /// <param name="key">The key.</param>
    /// <param name="value">The number, or zero.</param>
    public bool TryGet<T>(string key, out T value)
        where T : struct, INumberBase<T>
    {
        value = default;
        return TryGetValue(key, out GgufValue? found) && found.TryGet(out value);
    }

    /// <summary>The text of a key, if the model has it and it is a string.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The text.</param>
    public bool TryGetString(string key, [NotNullWhen(true)] out string? value)
    {
        value = TryGetValue(key, out GgufValue? found) && found.Type == GgufValueType.String ? found.GetString() : null;
        return value is not null;
    }

    /// <summary>The number of a key.</summary>
    /// <typeparam name="T">A numeric type.</typeparam>
    /// <param name="key">The key.</param>
    /// <exception cref="KeyNotFoundException">The model has no such key.</exception>
    /// <exception cref="InvalidOperationException">It is no number or does not fit <typeparamref name="T"/> exactly.</exception>
    public T Get<T>(string key)
        where T : struct, INumberBase<T> => this[key].Get<T>();

    /// <summary>The text of a key.</summary>
    /// <param name="key">The key.</param>
    /// <exception cref="KeyNotFoundException">The model has no such key.</exception>
    /// <exception cref="InvalidOperationException">It is no string.</exception>
    public string GetString(string key) => this[key].GetString();

    /// <summary>The entries, in the order of the file.</summary>
    public IEnumerator<KeyValuePair<string, GgufValue>> GetEnumerator() => _entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Adds an entry; false if the key is there already.</summary>
    internal bool TryAdd(string key, GgufValue value)
    {
        if (!_byKey.TryAdd(key, value))
        {
            return false;
        }

        _entries.Add(new KeyValuePair<string, GgufValue>(key, value));
        return true;
    }
}
