using Quant.Net.IO;
using Quant.Net.Safetensors;

namespace Quant.Net.Ranks;

/// <summary>The heads of a model's attention.</summary>
internal readonly record struct HeadCounts(long Queries, long KeyValues)
{
    /// <exception cref="ModelFormatException">The settings do not say it.</exception>
    public static HeadCounts Of(ModelConfig config)
    {
        long queries = config.HeadCount ?? 0, keyValues = config.KeyValueHeadCount ?? queries;
        return queries > 0 && keyValues > 0 && queries % keyValues == 0
            ? new HeadCounts(queries, keyValues)
            : throw ModelFormatException.In(
                config.Path, $"has {Text(config.HeadCount)} num_attention_heads and {Text(config.KeyValueHeadCount)} num_key_value_heads, expected a multiple of the second");

        static string Text(long? count) => count is { } number ? ErrorText.Invariant($"{number}") : "no";
    }
}
