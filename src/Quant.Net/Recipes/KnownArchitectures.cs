using System.Collections.Frozen;

namespace Quant.Net.Recipes;

/// <summary>The architectures that the reference has rules for, and in what they are special.</summary>
internal static class KnownArchitectures
{
    /// <summary>The names that llama-arch.cpp lists at llama.cpp commit 3f545becc of 2026-08-22.</summary>
    private static readonly FrozenSet<string> Names =
        """
        clip llama llama4 deci falcon grok gpt2 gptj gptneox mpt baichuan starcoder refact bert modern-bert nomic-bert nomic-bert-
        moe neo-bert jina-bert-v2 jina-bert-v3 eurobert bloom stablelm qwen qwen2 qwen2moe qwen2vl qwen3 qwen3moe qwen3next qwen3vl
        qwen3vlmoe qwen35 qwen35moe phi2 phi3 phimoe plamo plamo2 plamo3 codeshell orion internlm2 minicpm minicpm3 gemma gemma2
        gemma3 gemma3n gemma4 gemma4-assistant gemma-embedding starcoder2 mamba mamba2 jamba falcon-h1 xverse command-r cohere2
        cohere2moe dbrx olmo olmo2 olmoe muse-glimmer openelm arctic deepseek deepseek2 deepseek2-ocr deepseek32 deepseek4 chatglm
        glm4 glm4moe glm-dsa bitnet t5 t5encoder jais jais2 nemotron nemotron_h nemotron_h_moe exaone exaone4 exaone-moe rwkv6
        rwkv6qwen2 rwkv7 arwkv7 granite granitemoe granitehybrid graniteswitch granite_swa chameleon wavtokenizer-dec plm bailingmoe
        bailingmoe2 bailingmoe3 dots1 dots3note arcee afmoe laguna ernie4_5 ernie4_5-moe hunyuan-moe hunyuan-dense hunyuan_vl hy_v3
        smollm3 gpt-oss lfm2 lfm2moe dream smallthinker llada llada-moe seed_oss grovemoe apertus minimax-01 minimax-m2 minimax-m3
        cogvlm rnd1 pangu-embedded mistral3 eagle3 dflash mistral4 paddleocr mimo2 step35 llama-embed maincoder kimi-linear kimi-k3
        talkie mellum nanbeige qwen3tts pockettts
        """.Split([' ', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal);

    public static bool Contains(string? architecture) => architecture is not null && Names.Contains(architecture);

    /// <summary>Whether the reference reads a number of layers. Of encoders of images and sound it reads none.</summary>
    public static bool HasLayers(string? architecture) => Contains(architecture) && architecture != "clip";

    /// <summary>Layers that the reference counts: a router of adapters is one more in one architecture.</summary>
    public static long CountLayers(string architecture, long layers) => architecture == "graniteswitch" ? layers + 1 : layers;

    public static bool IsFalcon(string? architecture) => architecture == "falcon";

    /// <summary>
    /// Whether only matrices of the feed-forward part are experts; elsewhere every three-dimensional tensor is taken for one.
    /// </summary>
    public static bool HasOtherStackedTensors(string? architecture) => architecture == "bailingmoe3";

    /// <summary>
    /// Whether a model is of the kind that the reference calls "70B": so many heads share their keys and values that the values are small
    /// and get more bits.
    /// </summary>
    public static bool HasSmallValues(string? architecture, long layers, QuantizationModel model) => architecture switch
    {
        "llama" or "llama-embed" => layers == 80 && model.ExpertCount != 8
            && model.HeadCount != (model.KeyValueHeadCount ?? model.HeadCount),
        "qwen2" or "deci" or "olmo" => layers == 80,
        "jais2" => layers == 68,
        _ => false,
    };
}
