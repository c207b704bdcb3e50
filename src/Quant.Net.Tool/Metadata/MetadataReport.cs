using System.Text.Json.Serialization;
using Quant.Net.Gguf;
using Quant.Net.Tool.Inspect;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Metadata;

/// <summary>What <c>quantnet metadata</c> showed or did. Values are views into the model, which must stay open.</summary>
/// <param name="Input">The model that was read.</param>
/// <param name="Metadata">The entries that were asked for; null if the model was written anew.</param>
/// <param name="Warnings">What is odd about the model.</param>
internal sealed record MetadataReport(string Input, IReadOnlyList<MetadataFacts>? Metadata, IReadOnlyList<string> Warnings)
{
    [JsonPropertyOrder(-1)]
    public int Schema => ResultJson.Schema;

    /// <summary>What was changed; null if nothing was to be.</summary>
    public IReadOnlyList<MetadataChange>? Changes { get; init; }

    /// <summary>The files that were written; null if none was to be.</summary>
    public IReadOnlyList<string>? Outputs { get; init; }

    /// <summary>Bytes of the files written.</summary>
    public long? BytesWritten { get; init; }

    /// <summary>The time it took.</summary>
    public double? Seconds { get; init; }

    public static MetadataReport Of(string input, GgufFile model, IEnumerable<KeyValuePair<string, GgufValue>> entries) =>
        new(input, [.. entries.Select(entry => GgufSurvey.Describe(entry.Key, entry.Value, int.MaxValue))], model.Warnings);

    public static MetadataReport Of(string input, GgufFile model, IReadOnlyList<MetadataChange> changes, CopyResult result) =>
        new(input, null, [.. model.Warnings, .. result.Warnings])
        {
            Changes = changes,
            Outputs = result.Files,
            BytesWritten = result.OutputBytes,
            Seconds = result.Elapsed.TotalSeconds,
        };
}

/// <summary>A change of metadata.</summary>
/// <param name="Change">What was done: <c>set</c>, <c>removed</c> or <c>renamed</c>.</param>
/// <param name="Key">The key, where it is renamed the new one.</param>
internal sealed record MetadataChange(string Change, string Key)
{
    /// <summary>What a renamed key was called before.</summary>
    public string? OldKey { get; init; }

    /// <summary>What the key was set to.</summary>
    public MetadataFacts? Entry { get; init; }
}
