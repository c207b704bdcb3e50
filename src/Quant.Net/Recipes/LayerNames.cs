using System.Globalization;

namespace Quant.Net.Recipes;

/// <summary>Layers by the names of tensors.</summary>
internal static class LayerNames
{
    private const string Block = "blk.";

    /// <summary>The layer in a name such as <c>blk.7.attn_q.weight</c>; null if there is none.</summary>
    public static int? Of(string name)
    {
        if (!name.StartsWith(Block, StringComparison.Ordinal))
        {
            return null;
        }

        ReadOnlySpan<char> rest = name.AsSpan(Block.Length);
        int end = rest.IndexOfAnyExceptInRange('0', '9');
        return Number(end < 0 ? rest : rest[..end]);
    }

    /// <summary>Whether a name is one that GGUF has for language models, and not that of a checkpoint.</summary>
    public static bool AreOfGguf(string name) => Of(name) is not null || TensorCategories.IsTokenEmbedding(name);

    /// <summary>The first number between dots, as in <c>transformer_blocks.7.attn.to_q.weight</c>; null if there is none.</summary>
    public static int? Guess(string name)
    {
        foreach (string part in name.Split('.'))
        {
            if (Number(part) is { } layer)
            {
                return layer;
            }
        }

        return null;
    }

    /// <summary>The order in which the reference goes through tensors: those without a layer, then layer by layer, each by name.</summary>
    public static IEnumerable<TensorDescription> Sort(IEnumerable<TensorDescription> tensors) =>
        tensors.OrderBy(tensor => Of(tensor.Name) ?? -1).ThenBy(tensor => tensor.Name, StringComparer.Ordinal);

    private static int? Number(ReadOnlySpan<char> text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
}
