using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Quant.Net.Safetensors;
using Quant.Net.Tests.Gguf;

namespace Quant.Net.Tests.Ranks;

/// <summary>How ranks have a weight, told without the plan.</summary>
internal enum Share
{
    All,
    Outputs,
    KeyOutputs,
    Inputs,
    Tokens,
}

/// <summary>A weight of [out, in], or [experts, out, in]; packed, or plain float32.</summary>
internal sealed record DeepWeight(string Name, Share Share, bool IsPacked, params long[] Shape);

/// <summary>
/// Models of several layers in several files, with packed experts where they have some. Odd layers have act-order. Their sizes divide among
/// 2, 3, 4 and 8 ranks.
/// </summary>
internal sealed class DeepModel(string family, int keyValueHeads)
{
    public const int ShardBytes = 16_000;

    private const int Layers = 3, Experts = 3, Heads = 24, HeadSize = 16, Hidden = 32, Inner = 384, MxInner = 768, Latent = 16, Tokens = 50, GroupSize = 16;
    private const int Queries = Heads * HeadSize;

    private readonly Random _random = new(7);

    public static string[] Families { get; } = ["llama", "mixtral", "qwen3_moe", "deepseek_v3", "gpt_oss"];

    public IReadOnlyList<DeepWeight> Weights =>
    [
        new("model.embed_tokens.weight", Share.Tokens, false, Tokens, Hidden),
        .. Enumerable.Range(0, Layers).SelectMany(number => Layer(number)
            .Select(weight => weight with { Name = string.Create(CultureInfo.InvariantCulture, $"model.layers.{number}.{weight.Name}") })),
        Plain("model.norm.weight", Share.All, Hidden),
        new("lm_head.weight", Share.Tokens, false, Tokens, Hidden),
    ];

    public SafetensorsModel Write(TempFolder folder)
    {
        string settings = family == "gpt_oss"
            ? """{"quant_method": "mxfp4"}"""
            : $$"""{"quant_method": "gptq", "bits": 4, "group_size": {{GroupSize}}, "desc_act": true, "checkpoint_format": "gptq"}""";
        folder.Write("config.json", Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"model_type": "{{family}}", "num_attention_heads": {{Heads}}, "num_key_value_heads": {{keyValueHeads}}, "quantization_config": {{settings}}}""")));
        List<FamilyTensor> tensors = [.. Weights.SelectMany(TensorsOf)];
        using (var writer = SafetensorsWriter.Create(folder["model.safetensors"], new SafetensorsWriterOptions { MaxShardBytes = ShardBytes }))
        {
            tensors.ForEach(tensor => writer.AddTensor(tensor.Name, tensor.Type!.Value, tensor.Shape));
            tensors.ForEach(tensor => writer.Write(tensor.Name, tensor.Data));
            writer.Complete();
        }

        return SafetensorsModel.Open(folder.Path);
    }

    private static DeepWeight Packed(string name, Share share, params long[] shape) => new(name, share, true, shape);

    private static DeepWeight Plain(string name, Share share, params long[] shape) => new(name, share, false, shape);

    private IEnumerable<DeepWeight> Layer(int number) =>
    [
        Plain("input_layernorm.weight", Share.All, Hidden), Plain("post_attention_layernorm.weight", Share.All, Hidden),
        .. family switch
        {
            "llama" => [.. Attention(), .. Mlp("mlp", "gate_proj", "up_proj", "down_proj")],
            "mixtral" =>
            [
                .. Attention(), Plain("block_sparse_moe.gate.weight", Share.All, Experts, Hidden),
                .. MlpOfEach("block_sparse_moe.experts.", "w1", "w3", "w2"),
            ],
            "qwen3_moe" =>
            [
                .. Attention(), Plain("self_attn.q_norm.weight", Share.All, HeadSize), Plain("self_attn.k_norm.weight", Share.All, HeadSize),
                Plain("mlp.gate.weight", Share.All, Experts, Hidden), .. MlpOfEach("mlp.experts.", "gate_proj", "up_proj", "down_proj"),
            ],
            "deepseek_v3" => [.. LatentAttention(), .. number == 0 ? Mlp("mlp", "gate_proj", "up_proj", "down_proj") : DeepSeekExperts()],
            _ => (IEnumerable<DeepWeight>)[.. GptOssAttention(), .. GptOssExperts()],
        },
    ];

    private DeepWeight[] Attention() =>
    [
        Packed("self_attn.q_proj", Share.Outputs, Queries, Hidden), Packed("self_attn.k_proj", Share.KeyOutputs, keyValueHeads * HeadSize, Hidden),
        Packed("self_attn.v_proj", Share.KeyOutputs, keyValueHeads * HeadSize, Hidden), Packed("self_attn.o_proj", Share.Inputs, Hidden, Queries),
    ];

    private static DeepWeight[] LatentAttention() =>
    [
        Packed("self_attn.q_a_proj", Share.All, Latent, Hidden), Plain("self_attn.q_a_layernorm.weight", Share.All, Latent),
        Packed("self_attn.q_b_proj", Share.Outputs, Queries, Latent), Packed("self_attn.kv_a_proj_with_mqa", Share.All, Latent + 8, Hidden),
        Plain("self_attn.kv_a_layernorm.weight", Share.All, Latent), Packed("self_attn.kv_b_proj", Share.Outputs, 2 * Queries, Latent),
        Packed("self_attn.o_proj", Share.Inputs, Hidden, Queries),
    ];

    private static IEnumerable<DeepWeight> DeepSeekExperts() =>
    [
        Plain("mlp.gate.weight", Share.All, Experts, Hidden), Plain("mlp.gate.e_score_correction_bias", Share.All, Experts),
        .. MlpOfEach("mlp.experts.", "gate_proj", "up_proj", "down_proj"), .. Mlp("mlp.shared_experts", "gate_proj", "up_proj", "down_proj"),
    ];

    private IEnumerable<DeepWeight> GptOssAttention() =>
    [
        .. Attention().Select(weight => weight with { Name = weight.Name + ".weight", IsPacked = false }),
        Plain("self_attn.q_proj.bias", Share.Outputs, Queries), Plain("self_attn.k_proj.bias", Share.KeyOutputs, keyValueHeads * HeadSize),
        Plain("self_attn.o_proj.bias", Share.All, Hidden), Plain("self_attn.sinks", Share.Outputs, Heads),
    ];

    private static DeepWeight[] GptOssExperts() =>
    [
        Plain("mlp.router.weight", Share.All, Experts, Hidden), Plain("mlp.router.bias", Share.All, Experts),
        Packed("mlp.experts.gate_up_proj", Share.Outputs, Experts, 2 * MxInner, Hidden),
        Packed("mlp.experts.down_proj", Share.Inputs, Experts, Hidden, MxInner), Plain("mlp.experts.down_proj_bias", Share.All, Experts, Hidden),
    ];

    private static DeepWeight[] Mlp(string name, string gate, string up, string down) =>
    [
        Packed($"{name}.{gate}", Share.Outputs, Inner, Hidden), Packed($"{name}.{up}", Share.Outputs, Inner, Hidden),
        Packed($"{name}.{down}", Share.Inputs, Hidden, Inner),
    ];

    private static IEnumerable<DeepWeight> MlpOfEach(string prefix, string gate, string up, string down) =>
        Enumerable.Range(0, Experts).SelectMany(expert => Mlp(prefix + expert.ToString(CultureInfo.InvariantCulture), gate, up, down));

    private IEnumerable<FamilyTensor> TensorsOf(DeepWeight weight)
    {
        if (!weight.IsPacked)
        {
            float[] values = [.. Enumerable.Range(0, (int)weight.Shape.Aggregate(1L, (product, length) => product * length)).Select(_ => _random.NextSingle())];
            return [new(weight.Name, 0, weight.Shape) { Type = SafetensorsType.F32, Data = Bytes(values) }];
        }

        return weight.Shape.Length == 3 ? MxTensorsOf(weight) : GptqTensorsOf(weight);
    }

    private FamilyTensor[] GptqTensorsOf(DeepWeight weight)
    {
        (int rows, int columns) = ((int)weight.Shape[0], (int)weight.Shape[1]);
        int groups = columns / GroupSize;
        uint[] order = [.. Enumerable.Range(0, columns).Select(column => (uint)(column / GroupSize))];
        if (weight.Name.StartsWith("model.layers.1.", StringComparison.Ordinal))
        {
            _random.Shuffle(order);
        }

        Half[] scales = [.. Enumerable.Range(0, groups * rows).Select(_ => (Half)(0.01f + _random.NextSingle()))];
        return
        [
            Random(weight.Name + ".qweight", SafetensorsType.I32, columns / 8, rows), Random(weight.Name + ".qzeros", SafetensorsType.I32, groups, rows / 8),
            new(weight.Name + ".scales", 0, groups, rows) { Type = SafetensorsType.F16, Data = Bytes(scales) },
            new(weight.Name + ".g_idx", 0, columns) { Type = SafetensorsType.I32, Data = Bytes(order) },
        ];
    }

    private FamilyTensor[] MxTensorsOf(DeepWeight weight)
    {
        (long experts, long rows, long blocks) = (weight.Shape[0], weight.Shape[1], weight.Shape[2] / 32);
        byte[] scales = [.. Enumerable.Range(0, (int)(experts * rows * blocks)).Select(_ => (byte)_random.Next(100, 140))];
        return
        [
            Random(weight.Name + "_blocks", SafetensorsType.U8, experts, rows, blocks, 16),
            new(weight.Name + "_scales", 0, experts, rows, blocks) { Type = SafetensorsType.U8, Data = scales },
        ];
    }

    private FamilyTensor Random(string name, SafetensorsType type, params long[] shape)
    {
        byte[] bytes = new byte[shape.Aggregate(1L, (product, length) => product * length) * (type == SafetensorsType.U8 ? 1 : 4)];
        _random.NextBytes(bytes);
        return new(name, 0, shape) { Type = type, Data = bytes };
    }

    private static byte[] Bytes<T>(T[] values)
        where T : unmanaged => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
}
