using Quant.Net.IO;

namespace Quant.Net;

/// <summary>What was done to quantize a model.</summary>
public sealed record QuantizeResult
{
    /// <summary>The files that were written.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>What became of each tensor, in the order of the output.</summary>
    public required IReadOnlyList<QuantizedTensor> Tensors { get; init; }

    /// <summary>Bytes of tensor data that there were.</summary>
    public required long SourceBytes { get; init; }

    /// <summary>Bytes of the files that were written.</summary>
    public required long OutputBytes { get; init; }

    /// <summary>Bytes of tensor data in the output that an interrupted run had left there already.</summary>
    public required long ResumedBytes { get; init; }

    /// <summary>How the weights differ from those that they were made of; null unless <see cref="QuantizeOptions.Measure"/> is set.</summary>
    public required CompareResult? Errors { get; init; }

    /// <summary>The kernels that did the work, such as "avx512/f32/Q4_K".</summary>
    public required IReadOnlyList<string> Kernels { get; init; }

    /// <summary>What a user should know, each in one line: the model's oddities, what the importance matrix does not fit.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>How long it took.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>What was done, for a reader: <c>291 tensors in 1 file</c>.</summary>
    public override string ToString() => $"{ErrorText.Count(Tensors.Count, "tensor")} in {ErrorText.Count(Files.Count, "file")}";
}

/// <summary>What became of a tensor.</summary>
/// <param name="Name">Its name.</param>
/// <param name="From">The name of the format that it had.</param>
/// <param name="To">The name of the format that it has.</param>
/// <param name="Reason">Where the choice comes from.</param>
/// <param name="Note">What there is to say about it, as in the plan; null: nothing.</param>
/// <param name="SourceBytes">Bytes that it had.</param>
/// <param name="OutputBytes">Bytes that it has.</param>
/// <param name="HasImportance">Whether it was known which of its columns matter.</param>
public sealed record QuantizedTensor(
    string Name, string From, string To, QuantizationReason Reason, string? Note, long SourceBytes, long OutputBytes, bool HasImportance);
