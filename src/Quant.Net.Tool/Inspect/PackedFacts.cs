using Quant.Net.Safetensors;

namespace Quant.Net.Tool.Inspect;

/// <summary>What of a model is packed, and what is not.</summary>
/// <param name="Modules">How many packed modules there are.</param>
/// <param name="Parameters">Their weights.</param>
/// <param name="Bytes">What they take with their scales and zero points.</param>
/// <param name="Kinds">How they are packed, the most frequent first.</param>
/// <param name="Others">The tensors that are not packed, by what they are.</param>
/// <param name="F16Bytes">What all tensors take with the modules decoded to 16 bits.</param>
/// <param name="F32Bytes">What they take decoded to 32 bits.</param>
internal sealed record PackedFacts(
    int Modules,
    long Parameters,
    long Bytes,
    IReadOnlyList<PackedKind> Kinds,
    IReadOnlyList<UnpackedKind> Others,
    long F16Bytes,
    long F32Bytes)
{
    /// <summary>Sums over tensors; null if none of them is packed.</summary>
    public static PackedFacts? Of(IReadOnlyList<SafetensorsTensor> tensors, IReadOnlyList<PackedModule> modules)
    {
        HashSet<SafetensorsTensor> selected = [.. tensors];
        PackedModule[] packed = [.. modules.Where(module => selected.Contains(module.Tensors[0]))];
        if (packed.Length == 0)
        {
            return null;
        }

        selected.ExceptWith(packed.SelectMany(module => module.Tensors));
        ModelMemory memory = ModelMemory.Of(tensors, packed);
        return new PackedFacts(
            packed.Length,
            packed.Sum(module => module.Rows * module.Columns),
            packed.Sum(module => module.PackedBytes),
            [
                .. packed
                    .GroupBy(module => (module.Layout, module.Bits, module.GroupSize, module.IsActOrder))
                    .Select(kind => new PackedKind(NameOf(kind.Key.Layout), kind.Key.Bits, kind.Key.GroupSize, kind.Key.IsActOrder, kind.Count()))
                    .OrderByDescending(kind => kind.Modules),
            ],
            [
                .. selected
                    .GroupBy(tensor => KindOf(tensor.Name))
                    .Select(kind => new UnpackedKind(kind.Key, kind.Count(), kind.Sum(tensor => tensor.ByteLength)))
                    .OrderByDescending(kind => kind.Bytes),
            ],
            memory.F16Bytes,
            memory.F32Bytes);
    }

    private static string NameOf(PackedMatrixLayout layout) => PackedMatrixLayouts.All.First(info => info.Layout == layout).Name;

    // What is usually left in 16 bits: small, or too sensitive.
    private static string KindOf(string name) =>
        name.Contains("norm", StringComparison.OrdinalIgnoreCase) ? "norms"
        : name.Contains("embed", StringComparison.OrdinalIgnoreCase) || name.Contains("wte", StringComparison.Ordinal) ? "embeddings"
        : name.Contains("lm_head", StringComparison.Ordinal) ? "head"
        : name.EndsWith(".bias", StringComparison.Ordinal) ? "biases"
        : "others";
}

/// <summary>A way in which modules are packed.</summary>
/// <param name="Layout">The layout.</param>
/// <param name="Bits">Bits of a code.</param>
/// <param name="GroupSize">Weights that share a scale; 0: all of a row.</param>
/// <param name="ActOrder">Whether columns are in groups in another order than their own.</param>
/// <param name="Modules">How many modules are packed like that.</param>
internal sealed record PackedKind(string Layout, int Bits, long GroupSize, bool ActOrder, int Modules);

/// <summary>Tensors that are not packed.</summary>
/// <param name="Kind">What they are, by their names: <c>norms</c>, <c>embeddings</c>, <c>head</c>, <c>biases</c>, <c>others</c>.</param>
/// <param name="Tensors">How many there are.</param>
/// <param name="Bytes">What they take.</param>
internal sealed record UnpackedKind(string Kind, int Tensors, long Bytes);
