namespace Quant.Net;

/// <summary>Where a model is cut into several files. Exactly one of the two limits is set.</summary>
public sealed class SplitOptions
{
    /// <summary>
    /// The most bytes of tensor data, padding included, that a file has; its head comes on top. A tensor is never cut: one that is
    /// larger gets a file of its own.
    /// </summary>
    public long? MaxDataBytes { get; init; }

    /// <summary>The most tensors that a file has.</summary>
    public int? MaxTensors { get; init; }

    /// <summary>Replaces files that are there already. Without it, that is an error.</summary>
    public bool Overwrite { get; init; }
}
