using static Quant.Net.Ranks.RankRule;
using Rules = System.Collections.Generic.IReadOnlyList<(string Names, Quant.Net.Ranks.RankRule Rule)>;

namespace Quant.Net.Ranks;

/// <summary>
/// The tensors of each architecture and how they are divided: the whole knowledge about names of GGUF models, without <c>.weight</c>. They
/// are those of llama.cpp (at commit 3f545becc of 2026-08-22: names and architectures in <c>gguf-py/gguf/constants.py</c>, shapes in
/// <c>src/models</c>, what is fused in <c>create_tensor_qkv</c> and <c>create_tensor_gate_up_exps</c> of <c>src/llama-model.cpp</c>), where
/// architectures hardly differ. <see cref="FamilyTable"/> tells how they are written.
/// </summary>
internal static class GgufFamilies
{
    private static readonly Rules Frame =
    [
        ("{token_embd,output}", Tokens),
        ("{output_norm,rope_freqs,rope_factors_long,rope_factors_short}", Everywhere),
        ("blk.#.{attn_norm,ffn_norm,attn_rot_embd}", Everywhere),
    ];

    private static readonly Rules Attention =
    [
        ("blk.#.attn_q", Queries),
        ("blk.#.{attn_k,attn_v}", KeysValues),
        ("blk.#.attn_qkv", QueriesKeysValues),
        ("blk.#.attn_output", HeadsIn),
        ("blk.#.{attn_q_norm,attn_k_norm}", Everywhere),
    ];

    private static readonly Rules Mlp =
    [
        ("blk.#.{ffn_gate,ffn_up}", Column),
        ("blk.#.ffn_down", Row),
    ];

    // All experts of a layer are in one tensor, in old files in one each. Those that all tokens pass are called shexp.
    private static readonly Rules Experts =
    [
        ("blk.#.{ffn_gate_inp,ffn_gate_inp_shexp,exp_probs_b}", Everywhere),
        ("blk.#.{ffn_gate,ffn_up}{_exps,_shexp,.#}", Column),
        ("blk.#.ffn_gate_up_exps", GateUp),
        ("blk.#.ffn_down{_exps,_shexp,.#}", Row),
    ];

    private static readonly Rules PostNorms = [("blk.#.{post_attention_norm,post_ffw_norm}", Everywhere)];

    private static readonly Rules Phi3Mlp =
    [
        ("blk.#.ffn_up", GateUp),
        ("blk.#.ffn_down", Row),
    ];

    // Latent attention: what is below the heads is small and everywhere. What is above them is one matrix, or two with a matrix for each head.
    // The layer that predicts a second token has its own frame.
    private static readonly Rules DeepSeek =
    [
        ("blk.#.{attn_q_a,attn_q_a_norm,attn_kv_a_mqa,attn_kv_a_norm}", Everywhere),
        ("blk.#.{attn_q,attn_q_b,attn_kv_b}", Queries),
        ("blk.#.{attn_k_b,attn_v_b}", Queries with { Dimension = 0 }),
        ("blk.#.attn_output", HeadsIn),
        ("blk.#.nextn.{embed_tokens,shared_head_head}", Tokens),
        ("blk.#.nextn.{enorm,hnorm,eh_proj,shared_head_norm}", Everywhere),
    ];

    private static readonly Rules Sinks = [("blk.#.attn_sinks", Queries)];

    /// <summary>By <c>general.architecture</c>. Mixtral and older Mistral models say that they are llama.</summary>
    public static FamilyTable Table { get; } = new(Gguf.GgufLayout.ArchitectureKey, new Dictionary<string, Rules>
    {
        ["llama"] = [.. Frame, .. Attention, .. Mlp, .. Experts],
        ["mistral3"] = [.. Frame, .. Attention, .. Mlp, .. Experts],
        ["qwen2"] = [.. Frame, .. Attention, .. Mlp],
        ["qwen3"] = [.. Frame, .. Attention, .. Mlp],
        ["qwen2moe"] = [.. Frame, .. Attention, .. Experts],
        ["qwen3moe"] = [.. Frame, .. Attention, .. Experts],
        ["gemma"] = [.. Frame, .. Attention, .. Mlp],
        ["gemma2"] = [.. Frame, .. Attention, .. Mlp, .. PostNorms],
        ["gemma3"] = [.. Frame, .. Attention, .. Mlp, .. PostNorms],
        ["phi2"] = [.. Frame, .. Attention, .. Mlp],
        ["phi3"] = [.. Frame, .. Attention, .. Phi3Mlp],
        ["deepseek2"] = [.. Frame, .. DeepSeek, .. Mlp, .. Experts],
        ["gpt-oss"] = [.. Frame, .. Attention, .. Sinks, .. Experts, .. PostNorms],
    });
}
