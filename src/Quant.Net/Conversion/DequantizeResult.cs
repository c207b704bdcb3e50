using Quant.Net.IO;

namespace Quant.Net;

/// <summary>What was done to decode a model.</summary>
public sealed class DequantizeResult
{
    /// <summary>The files that were written.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Tensors that were written.</summary>
    public required int TensorCount { get; init; }

    /// <summary>Values that were written.</summary>
    public required long ElementCount { get; init; }

    /// <summary>Bytes of tensor data that were read.</summary>
    public required long SourceBytes { get; init; }

    /// <summary>Bytes of the files that were written, without a safetensors index.</summary>
    public required long OutputBytes { get; init; }

    /// <summary>Bytes of tensor data in the output that an interrupted run had left there already.</summary>
    public required long ResumedBytes { get; init; }

    /// <summary>The kernels that did the work, such as "avx512/q4_k/f16".</summary>
    public required IReadOnlyList<string> Kernels { get; init; }

    /// <summary>
    /// What a user should know, each in one line: the model's oddities, scales that were not applied, values that became
    /// infinite.
    /// </summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>How long it took.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>What was done, for a reader: <c>291 tensors, 6738415616 values in 3 files</c>.</summary>
    public override string ToString() =>
        $"{ErrorText.Count(TensorCount, "tensor")}, {ErrorText.Count(ElementCount, "value")} in {ErrorText.Count(Files.Count, "file")}";
}
