namespace Quant.Net.Safetensors;

/// <summary>
/// What a model's <c>config.json</c> says of its architecture. Architectures differ in what they say and how: what is not there, or
/// is something else than a number or text, is null. Models of text and pictures say it in <c>text_config</c>.
/// </summary>
public sealed class ModelConfig
{
    internal const string FileName = "config.json";

    /// <summary>Where models of text and pictures say it of their text.</summary>
    internal const string TextKey = "text_config";

    private readonly Settings _text;

    private ModelConfig(Settings settings)
    {
        Settings text = settings.Has(TextKey) && !settings.Has("hidden_size") ? settings.Object(TextKey)! : settings;
        _text = text;
        Path = settings.Path;
        Architecture = settings.FirstText("architectures");
        ModelType = settings.Text("model_type");
        DataType = settings.Text("dtype") ?? settings.Text("torch_dtype");
        HiddenSize = text.Size("hidden_size");
        IntermediateSize = text.Size("intermediate_size");
        LayerCount = text.Size("num_hidden_layers");
        HeadCount = text.Size("num_attention_heads");
        KeyValueHeadCount = text.Size("num_key_value_heads");
        HeadSize = text.Size("head_dim");
        VocabularySize = text.Size("vocab_size");
        TiesWordEmbeddings = settings.Flag("tie_word_embeddings") ?? text.Flag("tie_word_embeddings");
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The first of <c>architectures</c>, such as "LlamaForCausalLM".</summary>
    public string? Architecture { get; }

    /// <summary>The kind of model, such as "llama".</summary>
    public string? ModelType { get; }

    /// <summary>The type that the model was made in, such as "bfloat16".</summary>
    public string? DataType { get; }

    /// <summary>The width of the model.</summary>
    public long? HiddenSize { get; }

    /// <summary>The width of its feed-forward layers.</summary>
    public long? IntermediateSize { get; }

    /// <summary>The number of its layers.</summary>
    public long? LayerCount { get; }

    /// <summary>Heads of attention.</summary>
    public long? HeadCount { get; }

    /// <summary>Heads that keys and values have.</summary>
    public long? KeyValueHeadCount { get; }

    /// <summary>The width of a head, where it is not the model's divided by the number of heads.</summary>
    public long? HeadSize { get; }

    /// <summary>Tokens of the vocabulary.</summary>
    public long? VocabularySize { get; }

    /// <summary>Whether the head uses the embeddings, and so has no tensor of its own.</summary>
    public bool? TiesWordEmbeddings { get; }

    /// <summary>A number that only some architectures have; null if it is not there, or is something else.</summary>
    internal long? Size(string key) => _text.Size(key);

    /// <inheritdoc cref="Settings.Count"/>
    internal long? Count(string key) => _text.Count(key);

    internal static ModelConfig Of(Settings settings) => new(settings);
}
