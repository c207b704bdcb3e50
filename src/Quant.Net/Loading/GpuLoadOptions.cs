namespace Quant.Net;

/// <summary>How a model is loaded into the memory of a GPU.</summary>
public sealed class GpuLoadOptions
{
    /// <summary>
    /// What floating-point tensors become there: <see cref="QuantFormat.F32"/>, <see cref="QuantFormat.F16"/> or
    /// <see cref="QuantFormat.BF16"/>; null: all tensors stay packed as they are. Integers always stay, and so do scales that stand
    /// beside their weights (<see cref="Gguf.GgufTensorCollection.FindScale"/>).
    /// </summary>
    public QuantFormat? OutputType { get; init; } = QuantFormat.F16;

    /// <summary>
    /// Patterns of which a tensor's name must match one (<see cref="NamePattern"/>); empty: all tensors. A pattern that matches no tensor
    /// is an error.
    /// </summary>
    public IReadOnlyList<string> Include { get; init; } = [];

    /// <summary>Patterns of which a tensor's name must match none. A pattern that matches no tensor is an error.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>How many bytes of the GPU's memory the tensors may take; null: what is free.</summary>
    public long? MemoryLimit { get; init; }
}
