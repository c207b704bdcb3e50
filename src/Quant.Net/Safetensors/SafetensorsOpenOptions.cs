namespace Quant.Net.Safetensors;

/// <summary>How to open a model.</summary>
public sealed class SafetensorsOpenOptions
{
    /// <summary>
    /// Opens a model of which files are missing, with the tensors of those that are there. What is missing is in
    /// <see cref="SafetensorsModel.MissingFiles"/> and in the warnings.
    /// </summary>
    public bool AllowPartial { get; init; }
}
