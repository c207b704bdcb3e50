using Quant.Net.Gguf;
using Quant.Net.IO;
using Quant.Net.Safetensors;

namespace Quant.Net.Ranks;

/// <summary>The heads of a model's attention.</summary>
internal readonly record struct HeadCounts(long Queries, long KeyValues)
{
    private const int LongestShown = 40;

    /// <exception cref="ModelFormatException">The settings do not say it, or something that cannot be.</exception>
    public static HeadCounts Of(ModelConfig config)
    {
        const string QueryKey = "num_attention_heads", KeyValueKey = "num_key_value_heads";
        long queries = config.Count(QueryKey) ?? throw ModelFormatException.In(config.Path, $"has no {QueryKey}, which says what stays whole");
        long keyValues = config.Count(KeyValueKey) ?? queries;
        return queries % keyValues == 0
            ? new HeadCounts(queries, keyValues)
            : throw ModelFormatException.In(
                config.Path, $"has {queries} {QueryKey} and {keyValues} {KeyValueKey}, expected a multiple of the second");
    }

    /// <exception cref="ModelFormatException">The metadata do not say it, or not the same of all layers.</exception>
    public static HeadCounts Of(GgufFile model)
    {
        string key = $"{model.Architecture}.attention.head_count";
        long? queries = Number(model, key), keyValues = model.Metadata.ContainsKey(key + "_kv") ? Number(model, key + "_kv") : queries;
        return queries > 0 && keyValues > 0 && queries % keyValues == 0
            ? new HeadCounts(queries.Value, keyValues.Value)
            : throw ModelFormatException.In(
                model.Parts[0].Path, $"has {Shown(model, key)} and {Shown(model, key + "_kv")}, expected the first to be a multiple of the second, in all layers alike");
    }

    // One for all layers, or one for each.
    private static long? Number(GgufFile model, string key)
    {
        if (!model.Metadata.TryGetValue(key, out GgufValue? value))
        {
            return null;
        }

        long?[] numbers = [.. (value.IsArray ? Enumerable.Range(0, value.Count).Select(at => value[at]) : [value])
            .Select(number => !number.IsArray && number.TryGet(out long found) ? found : (long?)null).Distinct()];
        return numbers is [var only] ? only : null;
    }

    private static string Shown(GgufFile model, string key) =>
        model.Metadata.TryGetValue(key, out GgufValue? value) ? $"{key} {ErrorText.Escape(value.ToString(), LongestShown)}" : $"no {key}";
}
