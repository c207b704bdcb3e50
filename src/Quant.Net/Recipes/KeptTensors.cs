using Quant.Net.IO;

namespace Quant.Net.Recipes;

/// <summary>What is never quantized, and why.</summary>
internal static class KeptTensors
{
    /// <summary>Rows of fewer values hold no block of any format.</summary>
    private const long ShortestRow = 32;

    private static readonly (string Part, string Reason)[] Parts =
    [
        ("_norm.weight", "a norm"),
        ("ffn_gate_inp.weight", "chooses experts"),
        ("ffn_gate_tid2eid.weight", "chooses experts"),
        ("altup", "small"),
        ("laurel", "small"),
        ("per_layer_model_proj", "small"),
        ("ssm_conv1d", "a short convolution"),
        ("shortconv.conv.weight", "a short convolution"),
        ("indexer.k_proj.weight", "small"),
        ("indexer.q_proj.weight", "small"),
        ("time_mix_first.weight", "small"),
        ("time_mix_w0.weight", "small"),
        ("time_mix_w1.weight", "small"),
        ("time_mix_w2.weight", "small"),
        ("time_mix_v0.weight", "small"),
        ("time_mix_v1.weight", "small"),
        ("time_mix_v2.weight", "small"),
        ("time_mix_a0.weight", "small"),
        ("time_mix_a1.weight", "small"),
        ("time_mix_a2.weight", "small"),
        ("time_mix_g1.weight", "small"),
        ("time_mix_g2.weight", "small"),
        ("time_mix_decay_w1.weight", "small"),
        ("time_mix_decay_w2.weight", "small"),
        ("time_mix_lerp_fused.weight", "small"),
        ("attn_rel_b.weight", "positions"),
        (".position_embd", "positions"),
        ("sam.pos_embd", "positions"),
        ("sam.neck.", "small"),
        ("sam.net_", "small"),
        (".rel_pos", "positions"),
        (".patch_embd", "reads patches of an image"),
        (".patch_merger", "merges patches of an image"),
        ("a.rvq.codebook", "a code book of sound"),
        ("mm.a.code_embd", "a code book of sound"),
    ];

    // The same kinds of tensors as other projects name them.
    private static readonly (string Part, string Reason)[] OtherParts =
    [
        ("norm", "a norm"),
        ("pos_emb", "positions"),
        ("position_emb", "positions"),
        ("rel_pos", "positions"),
        ("relative_attention_bias", "positions"),
        ("time_emb", "embeds the time step"),
        ("time_in.", "embeds the time step"),
        ("timestep", "embeds the time step"),
        ("patch_emb", "reads patches of an image"),
        ("codebook", "a code book"),
    ];

    /// <summary>Why a tensor must not be quantized, whatever its architecture; null if it may.</summary>
    public static string? Reason(TensorDescription tensor)
    {
        string name = tensor.Name;
        return tensor.DimensionCount < 2 ? "a vector"
            : QuantFormats.TryGet(tensor.Format, out QuantFormatInfo? info) && info.IsInteger ? "integers"
            : !name.EndsWith("weight", StringComparison.Ordinal) ? "no weight by its name"
            : name is "position_embd.weight" or "token_types.weight" ? "positions"
            : Parts.FirstOrDefault(kept => name.Contains(kept.Part, StringComparison.Ordinal)).Reason;
    }

    /// <summary>The same, of an architecture that the reference does not know.</summary>
    public static string? GuessReason(TensorDescription tensor) =>
        Reason(tensor)
        ?? (tensor.DimensionCount > 3 ? "kernels of a convolution"
            : tensor.RowLength < ShortestRow ? ErrorText.Invariant($"rows of {tensor.RowLength} values")
            : OtherParts.FirstOrDefault(kept => tensor.Name.Contains(kept.Part, StringComparison.Ordinal)).Reason);
}
