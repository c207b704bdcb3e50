namespace Quant.Net.Safetensors;

/// <summary>How to write a safetensors model.</summary>
public sealed class SafetensorsWriterOptions
{
    /// <summary>Replaces files that are there already. Without it, that is an error.</summary>
    public bool Overwrite { get; init; }

    /// <summary>With it, what is written stays when the writer is disposed, and the next one goes on with it.</summary>
    internal IO.ResumeLog? Log { get; init; }

    /// <summary>
    /// Splits the model into files with at most so many bytes of data: <c>NAME-00001-of-0000N.safetensors</c> and so on, with
    /// <c>NAME.safetensors.index.json</c>. A tensor is never split: one that is larger gets a file of its own. Null: one file.
    /// </summary>
    public long? MaxShardBytes { get; init; }

    /// <summary>Texts for the header's <c>__metadata__</c>, in this order.</summary>
    public IReadOnlyCollection<KeyValuePair<string, string>> Metadata { get; init; } = [];
}
