using static Quant.Net.Ranks.RankRule;
using Rules = System.Collections.Generic.IReadOnlyList<(string Names, Quant.Net.Ranks.RankRule Rule)>;

namespace Quant.Net.Ranks;

/// <summary>
/// The modules of each architecture and how they are divided: the whole knowledge about names of checkpoints. They are those of the
/// transformers library; <see cref="FamilyTable"/> tells how they are written.
/// </summary>
internal static class ModelFamilies
{
    private static readonly Rules Frame =
    [
        ("{model.embed_tokens,lm_head}", Tokens),
        ("model.norm", Everywhere),
        ("model.layers.#.{input_layernorm,post_attention_layernorm,self_attn.rotary_emb.inv_freq}", Everywhere),
        ("model.layers.#.self_attn", Everywhere),   // numbers of its own: scales of the cache
    ];

    private static readonly Rules Attention =
    [
        ("model.layers.#.self_attn.q_proj", Queries),
        ("model.layers.#.self_attn.{k_proj,v_proj}", KeysValues),
        ("model.layers.#.self_attn.o_proj", HeadsIn),
        ("model.layers.#.self_attn.{q_norm,k_norm}", Everywhere),
    ];

    private static readonly Rules Mlp =
    [
        ("model.layers.#.mlp.{gate_proj,up_proj}", Column),
        ("model.layers.#.mlp.down_proj", Row),
    ];

    private static readonly Rules Experts =
    [
        ("model.layers.#.mlp.{gate,gate.e_score_correction_bias,shared_expert_gate}", Everywhere),
        ("model.layers.#.mlp.{experts.#,shared_expert,shared_experts}.{gate_proj,up_proj}", Column),
        ("model.layers.#.mlp.{experts.#,shared_expert,shared_experts}.down_proj", Row),
    ];

    private static readonly Rules GemmaNorms = [("model.layers.#.{pre_feedforward_layernorm,post_feedforward_layernorm}", Everywhere)];

    private static readonly Rules Mixtral =
    [
        ("model.layers.#.block_sparse_moe.gate", Everywhere),
        ("model.layers.#.block_sparse_moe.experts.#.{w1,w3}", Column),
        ("model.layers.#.block_sparse_moe.experts.#.w2", Row),
    ];

    private static readonly Rules Phi =
    [
        ("model.final_layernorm", Everywhere),
        ("model.layers.#.self_attn.dense", HeadsIn),
        ("model.layers.#.self_attn.{q_layernorm,k_layernorm}", Everywhere),
        ("model.layers.#.mlp.fc1", Column),
        ("model.layers.#.mlp.fc2", Row),
    ];

    private static readonly Rules Phi3 =
    [
        ("model.layers.#.self_attn.qkv_proj", QueriesKeysValues),
        ("model.layers.#.self_attn.o_proj", HeadsIn),
        ("model.layers.#.mlp.gate_up_proj", GateUp),
        ("model.layers.#.mlp.down_proj", Row),
    ];

    // Latent attention: what is below the heads is small and everywhere. The layer that predicts a second token has its own frame.
    private static readonly Rules DeepSeek =
    [
        ("model.layers.#.self_attn.{q_a_proj,q_a_layernorm,kv_a_proj_with_mqa,kv_a_layernorm}", Everywhere),
        ("model.layers.#.self_attn.{q_proj,q_b_proj,kv_b_proj}", Queries),
        ("model.layers.#.self_attn.o_proj", HeadsIn),
        ("model.layers.#.{embed_tokens,shared_head.head}", Tokens),
        ("model.layers.#.{enorm,hnorm,eh_proj,shared_head.norm}", Everywhere),
    ];

    // All experts are in one tensor: [experts, out, in / 32, 16], so that whole blocks of 32 inputs are divided, or plain [experts, in, out].
    private static readonly Rules GptOss =
    [
        ("model.layers.#.self_attn.sinks", Queries),
        ("model.layers.#.mlp.router", Everywhere),
        ("model.layers.#.mlp.experts.{gate_up_proj_blocks,gate_up_proj_scales,gate_up_proj_bias}", new(ParallelKind.Column, RankCut.Pairs, 1)),
        ("model.layers.#.mlp.experts.gate_up_proj", new(ParallelKind.Column, RankCut.Pairs, 2)),
        ("model.layers.#.mlp.experts.down_proj", new(ParallelKind.Row, RankCut.Even, 1)),
        ("model.layers.#.mlp.experts.{down_proj_blocks,down_proj_scales}", new(ParallelKind.Row, RankCut.Even, 2)),
        ("model.layers.#.mlp.experts.down_proj_bias", Everywhere),
    ];

    /// <summary>By <c>model_type</c> in <c>config.json</c>.</summary>
    public static FamilyTable Table { get; } = new("model_type", new Dictionary<string, Rules>
    {
        ["llama"] = [.. Frame, .. Attention, .. Mlp],
        ["mistral"] = [.. Frame, .. Attention, .. Mlp],
        ["qwen2"] = [.. Frame, .. Attention, .. Mlp],
        ["qwen3"] = [.. Frame, .. Attention, .. Mlp],
        ["qwen2_moe"] = [.. Frame, .. Attention, .. Mlp, .. Experts],
        ["qwen3_moe"] = [.. Frame, .. Attention, .. Mlp, .. Experts],
        ["gemma"] = [.. Frame, .. Attention, .. Mlp],
        ["gemma2"] = [.. Frame, .. Attention, .. Mlp, .. GemmaNorms],
        ["gemma3_text"] = [.. Frame, .. Attention, .. Mlp, .. GemmaNorms],
        ["phi"] = [.. Frame, .. Attention, .. Phi],
        ["phi3"] = [.. Frame, .. Phi3],
        ["mixtral"] = [.. Frame, .. Attention, .. Mixtral],
        ["deepseek_v2"] = [.. Frame, .. DeepSeek, .. Mlp, .. Experts],
        ["deepseek_v3"] = [.. Frame, .. DeepSeek, .. Mlp, .. Experts],
        ["gpt_oss"] = [.. Frame, .. Attention, .. GptOss],
    });
}
