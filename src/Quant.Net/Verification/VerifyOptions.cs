namespace Quant.Net;

/// <summary>How a model is checked.</summary>
public sealed class VerifyOptions
{
    /// <summary>Computes the SHA-256 of each tensor's packed bytes.</summary>
    public bool Hash { get; init; }

    /// <summary>How many bytes are read and decoded at a time.</summary>
    public int ChunkBytes { get; init; } = 8 << 20;
}
