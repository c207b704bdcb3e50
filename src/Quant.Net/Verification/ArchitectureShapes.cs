using Quant.Net.Safetensors;

namespace Quant.Net.Verification;

/// <summary>
/// The shapes of the weights in a layer, as far as <c>config.json</c> tells them for sure: those of the transformers library, in its
/// <c>src/transformers/models/KIND/modeling_KIND.py</c> (classes Attention, MLP, Experts, DecoderLayer). What the settings do not say
/// has any length: the library's default for it differs from kind to kind.
/// </summary>
internal sealed class ArchitectureShapes
{
    /// <summary>A length that is not known.</summary>
    public const long AnyLength = -1;

    private readonly ModelConfig _config;
    private readonly Dictionary<string, ExpectedShape> _weights = new(StringComparer.Ordinal);
    private readonly long _hidden;
    private readonly long _inner;
    private readonly long _head;
    private readonly long _queries;
    private readonly long _keys;

    private ArchitectureShapes(ModelConfig config, bool dividesHidden, bool hasKeysForAll)
    {
        _config = config;
        _hidden = Length(config.HiddenSize);
        _inner = Length(config.IntermediateSize);
        _head = config.HeadSize ?? (dividesHidden && config.HeadCount is { } count and > 0 && _hidden > 0 ? _hidden / count : AnyLength);
        _queries = Times(Length(config.HeadCount), _head);
        _keys = Times(Length(config.KeyValueHeadCount ?? (hasKeysForAll ? config.HeadCount : null)), _head);
    }

    /// <summary>By the names of weights behind that of their layer, with <c>#</c> for the numbers of experts.</summary>
    public IReadOnlyDictionary<string, ExpectedShape> Weights => _weights;

    /// <summary>Layers behind the last of the model: they predict the tokens after the next one.</summary>
    public long MoreLayers { get; private set; }

    /// <summary>What a model's layers look like; null for kinds that are not known.</summary>
    public static ArchitectureShapes? Of(ModelConfig config) => config.HiddenSize is not > 0 ? null : config.ModelType switch
    {
        "llama" => Of(config, true, true).Attention().Mlp().Norms(),
        "mistral" or "qwen2" => Of(config, true, false).Attention().Mlp().Norms(),
        "qwen3" => Of(config, false, false).Attention().HeadNorms().Mlp().Norms(),
        "gemma" => Of(config, false, false).Attention().Mlp().Norms(),
        "gemma2" => Of(config, false, false).Attention().Mlp().Norms().FeedForwardNorms(),
        "gemma3" or "gemma3_text" => Of(config, false, false).Attention().HeadNorms().Mlp().Norms().FeedForwardNorms(),
        "phi3" => Of(config, true, true).FusedLayers().Norms(),
        "mixtral" => Of(config, true, false).Attention().MixtralExperts().Norms(),
        "qwen2_moe" => Of(config, true, false).Attention().QwenExperts().Norms(),
        "qwen3_moe" => Of(config, true, false).Attention().HeadNorms().QwenExperts().Norms(),
        "deepseek_v2" or "deepseek_v3" => Of(config, false, false).LatentAttention().DeepSeekExperts().Norms(),
        "gpt_oss" => Of(config, false, false).Attention().GptOssExperts().Norms(),
        _ => null,
    };

    private static ArchitectureShapes Of(ModelConfig config, bool dividesHidden, bool hasKeysForAll) => new(config, dividesHidden, hasKeysForAll);

    private ArchitectureShapes Attention()
    {
        Add("self_attn.q_proj.weight", _queries, _hidden);
        Add("self_attn.k_proj.weight", _keys, _hidden);
        Add("self_attn.v_proj.weight", _keys, _hidden);
        Add("self_attn.o_proj.weight", _hidden, _queries);
        return this;
    }

    private ArchitectureShapes HeadNorms()
    {
        Add("self_attn.q_norm.weight", _head);
        Add("self_attn.k_norm.weight", _head);
        return this;
    }

    private ArchitectureShapes Mlp()
    {
        Add("mlp.gate_proj.weight", _inner, _hidden);
        Add("mlp.up_proj.weight", _inner, _hidden);
        Add("mlp.down_proj.weight", _hidden, _inner);
        return this;
    }

    private ArchitectureShapes Norms()
    {
        Add("input_layernorm.weight", _hidden);
        Add("post_attention_layernorm.weight", _hidden);
        return this;
    }

    private ArchitectureShapes FeedForwardNorms()
    {
        Add("pre_feedforward_layernorm.weight", _hidden);
        Add("post_feedforward_layernorm.weight", _hidden);
        return this;
    }

    // phi3: queries, keys and values in one matrix, gate and up in another.
    private ArchitectureShapes FusedLayers()
    {
        Add("self_attn.qkv_proj.weight", Plus(_queries, Times(2, _keys)), _hidden);
        Add("self_attn.o_proj.weight", _hidden, _queries);
        Add("mlp.gate_up_proj.weight", Times(2, _inner), _hidden);
        Add("mlp.down_proj.weight", _hidden, _inner);
        return this;
    }

    private ArchitectureShapes MixtralExperts()
    {
        AddIfThere("block_sparse_moe.gate.weight", Size("num_local_experts"), _hidden);
        AddIfThere("block_sparse_moe.experts.#.w1.weight", _inner, _hidden);
        AddIfThere("block_sparse_moe.experts.#.w3.weight", _inner, _hidden);
        AddIfThere("block_sparse_moe.experts.#.w2.weight", _hidden, _inner);
        return this;
    }

    // Some layers are dense (mlp_only_layers, decoder_sparse_step).
    private ArchitectureShapes QwenExperts()
    {
        AddIfThere("mlp.gate.weight", Size("num_experts"), _hidden);
        AddIfThere("mlp.shared_expert_gate.weight", 1, _hidden);
        AddMlpIfThere("mlp.", _inner);
        AddMlpIfThere("mlp.experts.#.", Size("moe_intermediate_size"));
        AddMlpIfThere("mlp.shared_expert.", Size("shared_expert_intermediate_size"));
        return this;
    }

    // The first layers are dense (first_k_dense_replace).
    private ArchitectureShapes DeepSeekExperts()
    {
        long experts = Size("n_routed_experts"), inner = Size("moe_intermediate_size");
        AddIfThere("mlp.gate.weight", experts, _hidden);
        AddIfThere("mlp.gate.e_score_correction_bias", experts);
        AddMlpIfThere("mlp.", _inner);
        AddMlpIfThere("mlp.experts.#.", inner);
        AddMlpIfThere("mlp.shared_experts.", Times(inner, Size("n_shared_experts")));
        MoreLayers = Math.Max(0, Size("num_nextn_predict_layers"));
        return this;
    }

    private ArchitectureShapes LatentAttention()
    {
        long heads = Length(_config.HeadCount), rope = Size("qk_rope_head_dim"), plain = Size("qk_nope_head_dim"), value = Size("v_head_dim");
        long queryRank = Size("q_lora_rank"), rank = Size("kv_lora_rank"), queries = Times(heads, Plus(rope, plain));
        AddIfThere("self_attn.q_proj.weight", queries, _hidden);   // where queries have no rank
        AddIfThere("self_attn.q_a_proj.weight", queryRank, _hidden);
        AddIfThere("self_attn.q_a_layernorm.weight", queryRank);
        AddIfThere("self_attn.q_b_proj.weight", queries, queryRank);
        Add("self_attn.kv_a_proj_with_mqa.weight", Plus(rank, rope), _hidden);
        Add("self_attn.kv_a_layernorm.weight", rank);
        Add("self_attn.kv_b_proj.weight", Times(heads, Plus(plain, value)), rank);
        Add("self_attn.o_proj.weight", _hidden, Times(heads, value));
        return this;
    }

    // Packed experts are [experts, out, in], plain ones [experts, in, out].
    private ArchitectureShapes GptOssExperts()
    {
        long experts = Size("num_local_experts");
        AddIfThere("self_attn.sinks", Length(_config.HeadCount));
        AddIfThere("mlp.router.weight", experts, _hidden);
        AddIfThere("mlp.router.bias", experts);
        _weights["mlp.experts.gate_up_proj"] = new([experts, Times(2, _inner), _hidden], IsRequired: false, MayBeTurned: true);
        _weights["mlp.experts.down_proj"] = new([experts, _hidden, _inner], IsRequired: false, MayBeTurned: true);
        AddIfThere("mlp.experts.gate_up_proj_bias", experts, Times(2, _inner));
        AddIfThere("mlp.experts.down_proj_bias", experts, _hidden);
        return this;
    }

    private void AddMlpIfThere(string prefix, long inner)
    {
        AddIfThere(prefix + "gate_proj.weight", inner, _hidden);
        AddIfThere(prefix + "up_proj.weight", inner, _hidden);
        AddIfThere(prefix + "down_proj.weight", _hidden, inner);
    }

    private void Add(string name, params long[] shape) => _weights[name] = new(shape, IsRequired: true);

    private void AddIfThere(string name, params long[] shape) => _weights[name] = new(shape, IsRequired: false);

    private long Size(string key) => Length(_config.Size(key));

    private static long Length(long? said) => said ?? AnyLength;

    private static long Times(long a, long b) => a < 0 || b < 0 || (b > 0 && a > long.MaxValue / b) ? AnyLength : a * b;

    private static long Plus(long a, long b) => a < 0 || b < 0 || a > long.MaxValue - b ? AnyLength : a + b;
}
