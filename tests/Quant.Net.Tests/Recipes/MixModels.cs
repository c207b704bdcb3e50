namespace Quant.Net.Tests.Recipes;

/// <summary>The models of <c>tests/vectors/recipes/mix.json</c>, as its README describes them.</summary>
internal static class MixModels
{
    public const int Layers = 32;

    private const int Width = 256, Vocabulary = 64, Heads = 8;

    public static QuantizationModel Make(string name) => name switch
    {
        "dense_gqa4" => Dense(2, 512, hasOutput: true),
        "dense_mha" => Dense(Heads, 512, hasOutput: true),
        "dense_gqa4_tied" => Dense(2, 512, hasOutput: false),
        "odd_ff" => Dense(2, 480, hasOutput: true),
        "fusedqkv_mha" => Model(Heads, 0, [("attn_qkv.weight", [3 * Width, Width]), .. AttentionOutput, .. FeedForward(512)], hasOutput: true),
        "moe8_gqa4" => Model(2, 8, [.. Attention(2), .. Experts(8, 256)], hasOutput: true),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "No such model."),
    };

    /// <summary>A model whose layers all have the same tensors.</summary>
    public static QuantizationModel Model(
        int keyValueHeads, int experts, IReadOnlyList<(string Name, long[] Shape)> layer, bool hasOutput, string architecture = "llama",
        int layers = Layers)
    {
        // Last layer first: the order of the file must not matter.
        IEnumerable<TensorDescription> layered = Enumerable.Range(0, layers).Reverse()
            .SelectMany(i => layer.Select(tensor => Float($"blk.{i}.{tensor.Name}", tensor.Shape)));
        TensorDescription[] output = hasOutput ? [Float("output.weight", Vocabulary, Width)] : [];
        return new QuantizationModel
        {
            Architecture = architecture,
            LayerCount = layers,
            HeadCount = Heads,
            KeyValueHeadCount = keyValueHeads,
            ExpertCount = experts,
            Tensors = [Float("token_embd.weight", Vocabulary, Width), .. output, Float("output_norm.weight", Width), .. layered],
        };
    }

    public static QuantizationModel Dense(int keyValueHeads, long feedForward, bool hasOutput, string architecture = "llama", int layers = Layers) =>
        Model(keyValueHeads, 0, [.. Attention(keyValueHeads), .. FeedForward(feedForward)], hasOutput, architecture, layers);

    public static TensorDescription Float(string name, params long[] shape) => new(name, QuantFormat.F32, shape);

    private static (string, long[])[] AttentionOutput => [("attn_output.weight", [Width, Width]), ("attn_norm.weight", [Width])];

    private static (string, long[])[] Attention(int keyValueHeads) =>
    [
        ("attn_q.weight", [Width, Width]),
        ("attn_k.weight", [Width * keyValueHeads / Heads, Width]),
        ("attn_v.weight", [Width * keyValueHeads / Heads, Width]),
        .. AttentionOutput,
    ];

    private static (string, long[])[] FeedForward(long length) =>
        [("ffn_up.weight", [length, Width]), ("ffn_gate.weight", [length, Width]), ("ffn_down.weight", [Width, length])];

    private static (string, long[])[] Experts(long count, long length) =>
    [
        ("ffn_gate_inp.weight", [count, Width]),
        ("ffn_up_exps.weight", [count, length, Width]),
        ("ffn_gate_exps.weight", [count, length, Width]),
        ("ffn_down_exps.weight", [count, Width, length]),
    ];
}
