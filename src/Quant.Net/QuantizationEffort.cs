namespace Quant.Net;

/// <summary>How long an encoder searches.</summary>
public enum QuantizationEffort
{
    /// <summary>As long as ggml does: its bytes.</summary>
    Reference,

    /// <summary>
    /// Longer, for blocks of Q2_K to Q6_K whose squared error, weighted by the importance, is lower than that of ggml's or the same, never higher.
    /// Other formats have no longer search, and ggml's bytes. On the CPU only.
    /// </summary>
    Best,
}
