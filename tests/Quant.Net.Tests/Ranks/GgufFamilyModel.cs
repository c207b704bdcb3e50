using Quant.Net.Gguf;
using Quant.Net.Tests.Gguf;

namespace Quant.Net.Tests.Ranks;

/// <summary>Small GGUF models of each architecture, with the names that llama.cpp gives their tensors.</summary>
internal static class GgufFamilyModel
{
    public const int Heads = 24, HeadSize = 32, Hidden = 256, Inner = 768, Tokens = 50;

    private const int Everywhere = -1, Out = 0, In = 1;
    private const long QueryFeatures = Heads * HeadSize, Experts = 2, Latent = 256;

    private static readonly QuantFormat[] Formats = [.. QuantFormats.All.Where(info => GgufLayout.Format((uint)info.Format) is not null).Select(info => info.Format)];

    // Of few values, so that inputs can be divided among eight ranks.
    private static readonly QuantFormat[] SmallBlocks = [QuantFormat.Q4_0, QuantFormat.Q8_0, QuantFormat.IQ4_NL, QuantFormat.MXFP4, QuantFormat.F16];

    public static string[] Names { get; } =
    [
        "llama", "mistral3", "qwen2", "qwen3", "qwen2moe", "qwen3moe", "gemma", "gemma2", "gemma3", "phi2", "phi3", "deepseek2", "gpt-oss",
    ];

    /// <summary>Writes a model of random blocks of all formats by turns, and opens it.</summary>
    public static GgufFile Open(TempFolder folder, string family, int keyValueHeads, IReadOnlyList<FamilyTensor>? tensors = null)
    {
        tensors ??= TensorsOf(family, keyValueHeads);
        return Write(folder, family, keyValueHeads, [.. tensors.Select((tensor, at) => (tensor.Name, FormatOf(tensor, at), tensor.Shape))]);
    }

    /// <summary>Writes a model of tensors, with shapes outermost first, and opens it.</summary>
    public static GgufFile Write(
        TempFolder folder, string family, GgufValue keyValueHeads, IReadOnlyList<(string Name, QuantFormat Format, long[] Shape)> tensors)
    {
        using (GgufWriter writer = GgufWriter.Create(folder["model.gguf"]))
        {
            writer.SetMetadata("general.architecture", GgufValue.FromString(family));
            writer.SetMetadata("general.alignment", GgufValue.FromNumber(64u));
            writer.SetMetadata($"{family}.attention.head_count", GgufValue.FromNumber((uint)Heads));
            writer.SetMetadata($"{family}.attention.head_count_kv", keyValueHeads);
            foreach ((string name, QuantFormat format, long[] shape) in tensors)
            {
                writer.AddTensor(name, format, [.. shape.Reverse()]);
            }

            var random = new Random(1);
            foreach ((string name, QuantFormat format, long[] shape) in tensors)
            {
                byte[] bytes = new byte[QuantFormats.Get(format).GetByteCount(shape.Aggregate(1L, (product, length) => product * length))];
                random.NextBytes(bytes);
                writer.Write(name, bytes);
            }

            writer.Complete();
        }

        return GgufFile.Open(folder["model.gguf"]);
    }

    public static IReadOnlyList<FamilyTensor> TensorsOf(string family, int keyValueHeads) =>
    [
        new("token_embd.weight", Out, Tokens, Hidden),
        .. Layer(family, keyValueHeads * HeadSize).Select(tensor => tensor with { Name = "blk.10." + tensor.Name }),
        Norm("output_norm"),
        .. family switch
        {
            "llama" => [Head, new("rope_freqs.weight", Everywhere, HeadSize / 2)],
            "phi2" => [new("output_norm.bias", Everywhere, Hidden), Head, new("output.bias", Out, Tokens)],
            "phi3" => [Head, new("rope_factors_long.weight", Everywhere, HeadSize / 2), new("rope_factors_short.weight", Everywhere, HeadSize / 2)],
            "gemma" or "gemma2" => Array.Empty<FamilyTensor>(),   // the embedding is the head
            _ => [Head],
        },
    ];

    private static GgufFile Write(TempFolder folder, string family, int keyValueHeads, IReadOnlyList<(string Name, QuantFormat Format, long[] Shape)> tensors) =>
        Write(folder, family, GgufValue.FromNumber((uint)keyValueHeads), tensors);

    private static QuantFormat FormatOf(FamilyTensor tensor, int at) =>
        tensor.Shape.Length == 1 || !tensor.Name.EndsWith(".weight", StringComparison.Ordinal) ? QuantFormat.F32
            : tensor.Dimension == tensor.Shape.Length - 1 ? SmallBlocks[at % SmallBlocks.Length]
            : Formats[at % Formats.Length];

    private static IEnumerable<FamilyTensor> Layer(string family, long keyFeatures) => family switch
    {
        "llama" =>
        [
            .. Norms, .. Attention(keyFeatures), .. Mlp("ffn"), new("attn_q.scale", Everywhere, 1), new("ffn_down.input_scale", Everywhere, 1),
            Router, .. Stacked, new("ffn_up_exps.scale", Everywhere, Experts), .. Mlp("ffn", ".0"), .. Mlp("ffn", ".1"),
        ],
        "mistral3" => [.. Norms, new("attn_qkv.weight", Out, QueryFeatures + (2 * keyFeatures), Hidden), Output, new("attn_output.bias", Everywhere, Hidden), .. Mlp("ffn")],
        "gemma" => [.. Norms, .. Attention(keyFeatures), .. Mlp("ffn")],
        "qwen2" => [.. Norms, .. Attention(keyFeatures), .. Biases(keyFeatures), .. Mlp("ffn")],
        "qwen3" => [.. Norms, .. Attention(keyFeatures), .. HeadNorms, .. Mlp("ffn")],
        "qwen2moe" =>
        [
            .. Norms, .. Attention(keyFeatures), .. Biases(keyFeatures), Router, .. Stacked, new("ffn_gate_inp_shexp.weight", Everywhere, Hidden),
            .. Mlp("ffn", "_shexp"),
        ],
        "qwen3moe" =>
        [
            .. Norms, .. Attention(keyFeatures), .. HeadNorms, Router, new("ffn_gate_up_exps.weight", 1, Experts, 2 * Inner, Hidden),
            new("ffn_down_exps.weight", 2, Experts, Hidden, Inner),
        ],
        "gemma2" => [.. Norms, .. PostNorms, .. Attention(keyFeatures), .. Mlp("ffn")],
        "gemma3" => [.. Norms, .. PostNorms, .. Attention(keyFeatures), .. HeadNorms, .. Mlp("ffn")],
        "phi2" =>
        [
            Norm("attn_norm"), new("attn_norm.bias", Everywhere, Hidden), new("attn_qkv.weight", Out, QueryFeatures + (2 * keyFeatures), Hidden),
            new("attn_qkv.bias", Out, QueryFeatures + (2 * keyFeatures)), Output, new("attn_output.bias", Everywhere, Hidden),
            new("ffn_up.weight", Out, Inner, Hidden), new("ffn_up.bias", Out, Inner), new("ffn_down.weight", In, Hidden, Inner),
            new("ffn_down.bias", Everywhere, Hidden),
        ],
        "phi3" =>
        [
            .. Norms, new("attn_qkv.weight", Out, QueryFeatures + (2 * keyFeatures), Hidden), Output, new("ffn_up.weight", Out, 2 * Inner, Hidden),
            new("ffn_down.weight", In, Hidden, Inner),
        ],
        "deepseek2" =>
        [
            .. Norms, new("attn_q_a.weight", Everywhere, Latent, Hidden), Norm("attn_q_a_norm"), new("attn_q_b.weight", Out, QueryFeatures, Latent),
            new("attn_q.weight", Out, QueryFeatures, Hidden), new("attn_kv_a_mqa.weight", Everywhere, Latent + 3, Hidden), Norm("attn_kv_a_norm"),
            new("attn_kv_b.weight", Out, Heads * (HeadSize + 5), Latent), new("attn_k_b.weight", 0, Heads, Latent, 256), new("attn_v_b.weight", 0, Heads, HeadSize, Latent),
            Output, .. Mlp("ffn"), Router, new("exp_probs_b.bias", Everywhere, Experts), .. Stacked, .. Mlp("ffn", "_shexp"),
            new("nextn.embed_tokens.weight", Out, Tokens, Hidden), Norm("nextn.enorm"), Norm("nextn.hnorm"),
            new("nextn.eh_proj.weight", Everywhere, Hidden, 2 * Hidden), Norm("nextn.shared_head_norm"), new("nextn.shared_head_head.weight", Out, Tokens, Hidden),
        ],
        "gpt-oss" =>
        [
            Norm("attn_norm"), Norm("post_attention_norm"), .. Attention(keyFeatures), .. Biases(keyFeatures), new("attn_output.bias", Everywhere, Hidden),
            new("attn_sinks.weight", 0, Heads), Router, new("ffn_gate_inp.bias", Everywhere, Experts), .. Stacked,
            new("ffn_gate_exps.bias", 1, Experts, Inner), new("ffn_up_exps.bias", 1, Experts, Inner), new("ffn_down_exps.bias", Everywhere, Experts, Hidden),
        ],
        _ => throw new ArgumentOutOfRangeException(nameof(family), family, "No such family."),
    };

    private static FamilyTensor Head => new("output.weight", Out, Tokens, Hidden);

    private static FamilyTensor[] Norms => [Norm("attn_norm"), Norm("ffn_norm")];

    private static FamilyTensor[] PostNorms => [Norm("post_attention_norm"), Norm("post_ffw_norm")];

    private static FamilyTensor[] HeadNorms => [new("attn_q_norm.weight", Everywhere, HeadSize), new("attn_k_norm.weight", Everywhere, HeadSize)];

    private static FamilyTensor Router => new("ffn_gate_inp.weight", Everywhere, Experts, Hidden);

    private static FamilyTensor Output => new("attn_output.weight", In, Hidden, QueryFeatures);

    private static FamilyTensor[] Stacked =>
    [
        new("ffn_gate_exps.weight", 1, Experts, Inner, Hidden), new("ffn_up_exps.weight", 1, Experts, Inner, Hidden),
        new("ffn_down_exps.weight", 2, Experts, Hidden, Inner),
    ];

    private static FamilyTensor Norm(string name) => new(name + ".weight", Everywhere, Hidden);

    private static FamilyTensor[] Attention(long keyFeatures) =>
    [
        new("attn_q.weight", Out, QueryFeatures, Hidden), new("attn_k.weight", Out, keyFeatures, Hidden), new("attn_v.weight", Out, keyFeatures, Hidden),
        Output,
    ];

    private static FamilyTensor[] Biases(long keyFeatures) =>
        [new("attn_q.bias", Out, QueryFeatures), new("attn_k.bias", Out, keyFeatures), new("attn_v.bias", Out, keyFeatures)];

    private static FamilyTensor[] Mlp(string name, string suffix = "") =>
    [
        new($"{name}_gate{suffix}.weight", Out, Inner, Hidden), new($"{name}_up{suffix}.weight", Out, Inner, Hidden),
        new($"{name}_down{suffix}.weight", In, Hidden, Inner),
    ];
}
