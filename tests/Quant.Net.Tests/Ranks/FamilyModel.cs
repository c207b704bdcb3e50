using System.Globalization;
using Quant.Net.Safetensors;
using Quant.Net.Tests.Gguf;

namespace Quant.Net.Tests.Ranks;

/// <summary>A tensor of a family, and the dimension that ranks divide; -1: each has all of it.</summary>
internal sealed record FamilyTensor(string Name, int Dimension, params long[] Shape)
{
    /// <summary>The type; null: of four or two bytes, or of one where it is packed.</summary>
    public SafetensorsType? Type { get; init; }

    /// <summary>The bytes; null: random ones.</summary>
    public byte[]? Data { get; init; }
}

/// <summary>Small models of each architecture, with the names that its checkpoints have.</summary>
internal static class FamilyModel
{
    public const int Heads = 24, HeadSize = 2, Hidden = 32, Inner = 48, Tokens = 50;

    private const int Everywhere = -1, Out = 0, In = 1;
    private const long QueryFeatures = Heads * HeadSize, Experts = 2, GptOssInner = 768;

    public static string[] Names { get; } =
    [
        "llama", "mistral", "qwen2", "qwen3", "qwen2_moe", "qwen3_moe", "gemma", "gemma2", "gemma3_text", "phi", "phi3", "mixtral",
        "deepseek_v2", "deepseek_v3", "gpt_oss",
    ];

    /// <summary>Writes a model of random bytes into a folder, in tensors of four and of two bytes by turns, and opens it.</summary>
    public static SafetensorsModel Open(TempFolder folder, string family, int keyValueHeads) =>
        Open(folder, family, keyValueHeads, TensorsOf(family, keyValueHeads));

    public static SafetensorsModel Open(TempFolder folder, string family, int keyValueHeads, IReadOnlyList<FamilyTensor> tensors, string quantization = "null")
    {
        folder.Write("config.json", System.Text.Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"model_type": "{{family}}", "num_attention_heads": {{Heads}}, "num_key_value_heads": {{keyValueHeads}}, "hidden_size": {{Hidden}}, "quantization_config": {{quantization}}}""")));
        using (SafetensorsWriter writer = SafetensorsWriter.Create(folder["model.safetensors"]))
        {
            for (int i = 0; i < tensors.Count; i++)
            {
                writer.AddTensor(tensors[i].Name, TypeOf(tensors[i], i), tensors[i].Shape);
            }

            var random = new Random(1);
            for (int i = 0; i < tensors.Count; i++)
            {
                int size = TypeOf(tensors[i], i) switch { SafetensorsType.U8 => 1, SafetensorsType.F16 => 2, _ => 4 };
                byte[] bytes = new byte[tensors[i].Shape.Aggregate(1L, (product, length) => product * length) * size];
                random.NextBytes(bytes);
                writer.Write(tensors[i].Name, tensors[i].Data ?? bytes);
            }

            writer.Complete();
        }

        return SafetensorsModel.Open(folder.Path);
    }

    public static IReadOnlyList<FamilyTensor> TensorsOf(string family, int keyValueHeads) =>
    [
        new("model.embed_tokens.weight", Out, Tokens, Hidden),
        .. Layer(family, keyValueHeads * HeadSize).Select(tensor => tensor with { Name = "model.layers.10." + tensor.Name }),
        .. family == "phi" ? WithBias("model.final_layernorm", Everywhere, Everywhere, Hidden) : [Norm("model.norm")],
        .. family == "phi" ? WithBias("lm_head", Out, Out, Tokens, Hidden) : [new FamilyTensor("lm_head.weight", Out, Tokens, Hidden)],
    ];

    private static SafetensorsType TypeOf(FamilyTensor tensor, int at) =>
        tensor.Type is { } type ? type
            : tensor.Name.EndsWith("_blocks", StringComparison.Ordinal) || tensor.Name.EndsWith("_scales", StringComparison.Ordinal)
            ? SafetensorsType.U8
            : at % 2 == 0 ? SafetensorsType.F32 : SafetensorsType.F16;

    private static IEnumerable<FamilyTensor> Layer(string family, long keyFeatures) => family switch
    {
        "llama" =>
        [
            .. Norms, .. Attention(keyFeatures), new("self_attn.rotary_emb.inv_freq", Everywhere, HeadSize / 2), .. Mlp("mlp"),
            new("self_attn.k_scale", Everywhere, 1), new("self_attn.v_scale", Everywhere), new("mlp.down_proj.input_scale", Everywhere),
        ],
        "mistral" or "gemma" => [.. Norms, .. Attention(keyFeatures), .. Mlp("mlp")],
        "qwen2" => [.. Norms, .. AttentionWithBias(keyFeatures), .. Mlp("mlp")],
        "qwen3" => [.. Norms, .. Attention(keyFeatures), .. HeadNorms("self_attn.{0}_norm.weight"), .. Mlp("mlp")],
        "qwen2_moe" =>
        [
            .. Norms, .. AttentionWithBias(keyFeatures), Router("mlp.gate.weight"), .. Mlp("mlp.experts.0"), .. Mlp("mlp.experts.11"),
            .. Mlp("mlp.shared_expert"), new("mlp.shared_expert_gate.weight", Everywhere, 1, Hidden),
        ],
        "qwen3_moe" =>
        [
            .. Norms, .. Attention(keyFeatures), .. HeadNorms("self_attn.{0}_norm.weight"), Router("mlp.gate.weight"), .. Mlp("mlp.experts.0"),
            .. Mlp("mlp.experts.11"),
        ],
        "gemma2" => [.. Norms, .. FeedForwardNorms, .. Attention(keyFeatures), .. Mlp("mlp")],
        "gemma3_text" =>
            [.. Norms, .. FeedForwardNorms, .. Attention(keyFeatures), .. HeadNorms("self_attn.{0}_norm.weight"), .. Mlp("mlp")],
        "phi" =>
        [
            .. WithBias("input_layernorm", Everywhere, Everywhere, Hidden), .. QueriesKeysValues(keyFeatures, isBiased: true),
            .. WithBias("self_attn.dense", In, Everywhere, Hidden, QueryFeatures), .. HeadNorms("self_attn.{0}_layernorm.weight"),
            .. WithBias("mlp.fc1", Out, Out, Inner, Hidden), .. WithBias("mlp.fc2", In, Everywhere, Hidden, Inner),
        ],
        "phi3" =>
        [
            .. Norms, new("self_attn.qkv_proj.weight", Out, QueryFeatures + (2 * keyFeatures), Hidden),
            new("self_attn.o_proj.weight", In, Hidden, QueryFeatures), new("mlp.gate_up_proj.weight", Out, 2 * Inner, Hidden),
            new("mlp.down_proj.weight", In, Hidden, Inner),
        ],
        "mixtral" =>
        [
            .. Norms, .. Attention(keyFeatures), Router("block_sparse_moe.gate.weight"), .. Mlp("block_sparse_moe.experts.1", "w1", "w3", "w2"),
        ],
        "deepseek_v2" =>
        [
            .. Norms, new("self_attn.q_proj.weight", Out, QueryFeatures, Hidden), .. LatentKeys, .. Mlp("mlp"), Router("mlp.gate.weight"),
            .. Mlp("mlp.experts.3"), .. Mlp("mlp.shared_experts"),
        ],
        "deepseek_v3" =>
        [
            .. Norms, new("self_attn.q_a_proj.weight", Everywhere, 6, Hidden), new("self_attn.q_a_layernorm.weight", Everywhere, 6),
            new("self_attn.q_b_proj.weight", Out, QueryFeatures, 6), .. LatentKeys, Router("mlp.gate.weight"),
            new("mlp.gate.e_score_correction_bias", Everywhere, Experts), .. Mlp("mlp.experts.3"), .. Mlp("mlp.shared_experts"),
            new("embed_tokens.weight", Out, Tokens, Hidden), Norm("enorm"), Norm("hnorm"),
            new("eh_proj.weight", Everywhere, Hidden, 2 * Hidden), Norm("shared_head.norm"), new("shared_head.head.weight", Out, Tokens, Hidden),
        ],
        "gpt_oss" =>
        [
            .. Norms, .. QueriesKeysValues(keyFeatures, isBiased: true), .. WithBias("self_attn.o_proj", In, Everywhere, Hidden, QueryFeatures),
            new("self_attn.sinks", 0, Heads), .. WithBias("mlp.router", Everywhere, Everywhere, Experts, Hidden),
            new("mlp.experts.gate_up_proj_blocks", 1, Experts, 2 * GptOssInner, Hidden / 32, 16),
            new("mlp.experts.gate_up_proj_scales", 1, Experts, 2 * GptOssInner, Hidden / 32),
            new("mlp.experts.gate_up_proj_bias", 1, Experts, 2 * GptOssInner),
            new("mlp.experts.down_proj_blocks", 2, Experts, Hidden, GptOssInner / 32, 16),
            new("mlp.experts.down_proj_scales", 2, Experts, Hidden, GptOssInner / 32),
            new("mlp.experts.down_proj_bias", Everywhere, Experts, Hidden),
            new("mlp.experts.gate_up_proj", 2, Experts, Hidden, 2 * Inner), new("mlp.experts.down_proj", 1, Experts, Inner, Hidden),
        ],
        _ => throw new ArgumentOutOfRangeException(nameof(family), family, "No such family."),
    };

    private static FamilyTensor[] Norms => [Norm("input_layernorm"), Norm("post_attention_layernorm")];

    private static FamilyTensor[] FeedForwardNorms => [Norm("pre_feedforward_layernorm"), Norm("post_feedforward_layernorm")];

    private static FamilyTensor[] LatentKeys =>
    [
        new("self_attn.kv_a_proj_with_mqa.weight", Everywhere, 5, Hidden), new("self_attn.kv_a_layernorm.weight", Everywhere, 4),
        new("self_attn.kv_b_proj.weight", Out, Heads * (1 + HeadSize), 4), new("self_attn.o_proj.weight", In, Hidden, QueryFeatures),
    ];

    private static FamilyTensor Norm(string name) => new(name + ".weight", Everywhere, Hidden);

    private static FamilyTensor Router(string name) => new(name, Everywhere, Experts, Hidden);

    private static FamilyTensor[] HeadNorms(string name) =>
        [.. new[] { "q", "k" }.Select(of => new FamilyTensor(string.Format(CultureInfo.InvariantCulture, name, of), Everywhere, HeadSize))];

    private static FamilyTensor[] Attention(long keyFeatures) =>
        [.. QueriesKeysValues(keyFeatures, isBiased: false), new("self_attn.o_proj.weight", In, Hidden, QueryFeatures)];

    private static FamilyTensor[] AttentionWithBias(long keyFeatures) =>
        [.. QueriesKeysValues(keyFeatures, isBiased: true), new("self_attn.o_proj.weight", In, Hidden, QueryFeatures)];

    private static IEnumerable<FamilyTensor> QueriesKeysValues(long keyFeatures, bool isBiased) =>
        new[] { ("q", QueryFeatures), ("k", keyFeatures), ("v", keyFeatures) }
            .SelectMany(part => WithBias($"self_attn.{part.Item1}_proj", Out, Out, part.Item2, Hidden).Take(isBiased ? 2 : 1));

    private static FamilyTensor[] Mlp(string name, string gate = "gate_proj", string up = "up_proj", string down = "down_proj") =>
    [
        new($"{name}.{gate}.weight", Out, Inner, Hidden), new($"{name}.{up}.weight", Out, Inner, Hidden),
        new($"{name}.{down}.weight", In, Hidden, Inner),
    ];

    private static FamilyTensor[] WithBias(string name, int dimension, int biasDimension, params long[] shape) =>
        [new(name + ".weight", dimension, shape), new(name + ".bias", biasDimension, shape[0])];
}
