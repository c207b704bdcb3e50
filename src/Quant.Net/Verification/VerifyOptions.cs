namespace Quant.Net;

/// <summary>How a model is checked.</summary>
public sealed class VerifyOptions
{
    /// <summary>Computes the SHA-256 of each tensor's packed bytes.</summary>
    public bool Hash { get; init; }

    /// <summary>The SHA-256 that each tensor's packed bytes are to have; null if nothing is known of them.</summary>
    public TensorManifest? Manifest { get; init; }

    /// <summary>How many bytes are read and decoded at a time.</summary>
    public int ChunkBytes { get; init; } = 8 << 20;

    internal bool NeedsHashes => Hash || Manifest is not null;
}
