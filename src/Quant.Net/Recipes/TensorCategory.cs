namespace Quant.Net.Recipes;

/// <summary>What a tensor is for, as far as recipes tell tensors apart.</summary>
internal enum TensorCategory
{
    Other,
    Output,
    TokenEmbedding,
    Query,
    Key,

    /// <summary>Values, also together with queries and keys, or with keys behind a small matrix.</summary>
    Value,
    AttentionOutput,
    FeedForwardUp,
    FeedForwardGate,
    FeedForwardDown,
}

/// <summary>Tells what a tensor is for by its name.</summary>
internal static class TensorCategories
{
    // In the reference's order: the first that is part of a name counts.
    private static readonly (string Part, TensorCategory Category)[] GgufNames =
    [
        ("attn_qkv.weight", TensorCategory.Value),
        ("attn_kv_b.weight", TensorCategory.Value),
        ("attn_v.weight", TensorCategory.Value),
        ("attn_k.weight", TensorCategory.Key),
        ("attn_q.weight", TensorCategory.Query),
        ("attn_output.weight", TensorCategory.AttentionOutput),
        ("ffn_up", TensorCategory.FeedForwardUp),
        ("ffn_gate", TensorCategory.FeedForwardGate),
        ("ffn_down", TensorCategory.FeedForwardDown),
    ];

    // What transformers and diffusers call the same. Only architectures that the reference does not know have such names.
    private static readonly (string End, TensorCategory Category)[] OtherNames =
    [
        ("lm_head.weight", TensorCategory.Output),
        ("embed_tokens.weight", TensorCategory.TokenEmbedding),
        (".qkv_proj.weight", TensorCategory.Value),
        (".v_proj.weight", TensorCategory.Value),
        (".to_v.weight", TensorCategory.Value),
        (".k_proj.weight", TensorCategory.Key),
        (".to_k.weight", TensorCategory.Key),
        (".q_proj.weight", TensorCategory.Query),
        (".to_q.weight", TensorCategory.Query),
        (".o_proj.weight", TensorCategory.AttentionOutput),
        (".to_out.0.weight", TensorCategory.AttentionOutput),
        (".up_proj.weight", TensorCategory.FeedForwardUp),
        (".gate_proj.weight", TensorCategory.FeedForwardGate),
        (".down_proj.weight", TensorCategory.FeedForwardDown),
    ];

    /// <summary>The category of a tensor of an architecture that the reference knows.</summary>
    public static TensorCategory Of(string name) =>
        IsOutput(name) ? TensorCategory.Output
        : IsTokenEmbedding(name) ? TensorCategory.TokenEmbedding
        : GgufNames.FirstOrDefault(known => name.Contains(known.Part, StringComparison.Ordinal)).Category;

    /// <summary>The category of a tensor of any other architecture.</summary>
    public static TensorCategory Guess(string name) => Of(name) is not TensorCategory.Other and var category
        ? category
        : OtherNames.FirstOrDefault(known => name.EndsWith(known.End, StringComparison.Ordinal)).Category;

    public static bool IsOutput(string name) => name == "output.weight";

    public static bool IsTokenEmbedding(string name) => name is "token_embd.weight" or "per_layer_token_embd.weight";
}
