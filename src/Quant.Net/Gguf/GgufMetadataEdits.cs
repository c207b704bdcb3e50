using Quant.Net.IO;

namespace Quant.Net.Gguf;

/// <summary>Changes to the metadata of a model, which are made in the order in which they are added here.</summary>
/// <example>
/// <code>
/// var edits = new GgufMetadataEdits()
///     .Rename("general.title", "general.name")
///     .Remove("general.url")
///     .Set("tokenizer.ggml.add_bos_token", GgufValue.FromBoolean(true));
/// await ModelConverter.EditMetadataAsync(model, "edited.gguf", edits);
/// </code>
/// </example>
public sealed class GgufMetadataEdits
{
    private readonly List<Action<List<KeyValuePair<string, GgufValue>>>> _edits = [];

    /// <summary>How many changes there are.</summary>
    public int Count => _edits.Count;

    /// <summary>Gives a key a value. One that is there keeps its place, a new one comes last.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <exception cref="ArgumentException">The key is one that says which part of a split model a file is.</exception>
    public GgufMetadataEdits Set(string key, GgufValue value)
    {
        RequireEditable(key);
        ArgumentNullException.ThrowIfNull(value);
        return Add(entries =>
        {
            var entry = new KeyValuePair<string, GgufValue>(key, value);
            int place = Find(entries, key);
            if (place < 0)
            {
                entries.Add(entry);
            }
            else
            {
                entries[place] = entry;
            }
        });
    }

    /// <summary>Takes a key away.</summary>
    /// <param name="key">The key, which must be there.</param>
    /// <exception cref="ArgumentException">The key is one that says which part of a split model a file is.</exception>
    public GgufMetadataEdits Remove(string key)
    {
        RequireEditable(key);
        return Add(entries => entries.RemoveAt(Require(entries, key)));
    }

    /// <summary>Gives a value another key. It keeps its place.</summary>
    /// <param name="key">The key, which must be there.</param>
    /// <param name="newKey">The new one, which must not be there.</param>
    /// <exception cref="ArgumentException">A key is one that says which part of a split model a file is.</exception>
    public GgufMetadataEdits Rename(string key, string newKey)
    {
        RequireEditable(key);
        RequireEditable(newKey);
        return Add(entries =>
        {
            int place = Require(entries, key);
            entries[place] = Find(entries, newKey) < 0
                ? new KeyValuePair<string, GgufValue>(newKey, entries[place].Value)
                : throw new ArgumentException($"has metadata {ErrorText.Quote(newKey)} already, expected a new key for {ErrorText.Quote(key)}");
        });
    }

    /// <summary>The metadata of a model with the changes made, without those that say which part of a split model a file is.</summary>
    /// <exception cref="ArgumentException">A new key is there already.</exception>
    /// <exception cref="KeyNotFoundException">A key is not there.</exception>
    internal IReadOnlyList<KeyValuePair<string, GgufValue>> Apply(GgufFile model)
    {
        List<KeyValuePair<string, GgufValue>> entries = [.. model.Metadata.Where(entry => !GgufLayout.IsSplitKey(entry.Key))];
        Subject.Name(model.ShownPath, () => _edits.ForEach(edit => edit(entries)));
        return entries;
    }

    private GgufMetadataEdits Add(Action<List<KeyValuePair<string, GgufValue>>> edit)
    {
        _edits.Add(edit);
        return this;
    }

    private static int Find(List<KeyValuePair<string, GgufValue>> entries, string key) => entries.FindIndex(entry => entry.Key == key);

    private static int Require(List<KeyValuePair<string, GgufValue>> entries, string key) => Find(entries, key) is >= 0 and int place
        ? place
        : throw new KeyNotFoundException($"has no metadata {ErrorText.Quote(key)}");

    private static void RequireEditable(string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        if (GgufLayout.IsSplitKey(key))
        {
            throw new ArgumentException($"{ErrorText.Quote(key)} says which part of a split model a file is, and so it cannot be edited.", nameof(key));
        }
    }
}
