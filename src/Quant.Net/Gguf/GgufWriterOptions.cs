namespace Quant.Net.Gguf;

/// <summary>How to write a GGUF file.</summary>
public sealed class GgufWriterOptions
{
    /// <summary>Replaces a file that is there already. Without it, that is an error.</summary>
    public bool Overwrite { get; init; }

    /// <summary>With it, what is written stays when the writer is disposed, and the next one goes on with it.</summary>
    internal IO.ResumeLog? Log { get; init; }
}
