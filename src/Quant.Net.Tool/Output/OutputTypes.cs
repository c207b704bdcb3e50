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

    /// <summary>The names, for messages.</summary>
    public static string Names => string.Join(", ", All.Select(type => type.Name));

    /// <summary>The type of a name in any case; null if there is none.</summary>
    public static (string Name, QuantFormat Format)? Find(string name)
    {
        foreach ((string Name, QuantFormat Format) type in All)
        {
            if (string.Equals(type.Name, name, StringComparison.OrdinalIgnoreCase))
            {
                return type;
            }
        }

        return null;
    }
}
