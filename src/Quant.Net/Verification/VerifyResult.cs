namespace Quant.Net;

/// <summary>What was found in the data of a model whose structure is sound, or it would not have opened.</summary>
public sealed class VerifyResult
{
    /// <summary>The tensors, in the model's order.</summary>
    public required IReadOnlyList<TensorCheck> Tensors { get; init; }

    /// <summary>What is wrong beside values that are not finite, each in one line: packed modules that cannot be decoded or whose data
    /// contradict the settings, tensors that are missing or differ from a manifest.</summary>
    public required IReadOnlyList<string> Faults { get; init; }

    /// <summary>Oddities that do no harm, each in one line: the model's own, types that nobody knows, bytes behind the data,
    /// packed modules that are not as the settings say.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>The kernels that did the work; none where nothing had to be decoded.</summary>
    public required IReadOnlyList<string> Kernels { get; init; }

    /// <summary>How long it took.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>Whether nothing is wrong, and all weights of known types are finite.</summary>
    public bool IsSound => Faults.Count == 0 && Tensors.All(tensor => tensor.NonFiniteCount == 0);
}

/// <summary>What was found in a tensor.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="ElementCount">The number of its values.</param>
/// <param name="NonFiniteCount">How many of its values are NaN or infinite; one broken scale spoils a whole block.</param>
/// <param name="FirstNonFiniteRow">The row of the first of them; null if there is none.</param>
/// <param name="Sha256">The SHA-256 of its packed bytes; null unless it was asked for, or for
/// a comparison with a manifest.</param>
public sealed record TensorCheck(string Name, long ElementCount, long NonFiniteCount, long? FirstNonFiniteRow, string? Sha256);
