namespace Quant.Net.Gguf;

/// <summary>How to open a model.</summary>
public sealed class GgufOpenOptions
{
    /// <summary>
    /// Opens a split model of which parts are missing, with the tensors of those that are there. What is missing is in
    /// <see cref="GgufFile.MissingParts"/> and in the warnings.
    /// </summary>
    public bool AllowPartial { get; init; }
}
