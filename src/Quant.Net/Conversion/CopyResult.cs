namespace Quant.Net;

/// <summary>What was done to write tensors anew without decoding them.</summary>
public sealed class CopyResult
{
    /// <summary>The files that were written.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Tensors that were written.</summary>
    public required int TensorCount { get; init; }

    /// <summary>Bytes of the files that were written.</summary>
    public required long OutputBytes { get; init; }

    /// <summary>
    /// What a user should know of the output, each in one line: files of an earlier output beside it. What is odd about the model
    /// stands in <see cref="Gguf.GgufFile.Warnings"/>.
    /// </summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>How long it took.</summary>
    public required TimeSpan Elapsed { get; init; }
}
