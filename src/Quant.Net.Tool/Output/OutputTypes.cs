namespace Quant.Net.Tool.Output;

/// <summary>The types that weights are decoded to, with their names at the command line.</summary>
internal static class OutputTypes
{
    public static IReadOnlyList<(string Name, QuantFormat Format)> All { get; } =
    [
        ("f32", QuantFormat.F32),
        ("f16", QuantFormat.F16),
        ("bf16", QuantFormat.BF16),
    ];
}
