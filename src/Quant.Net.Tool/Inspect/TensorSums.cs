using Quant.Net.Gguf;
using Quant.Net.Safetensors;

namespace Quant.Net.Tool.Inspect;

/// <summary>Sums over tensors of any container.</summary>
internal static class TensorSums
{
    /// <summary>Sums over tensors, and over those of each type, the largest first.</summary>
    public static (Totals All, IReadOnlyList<TypeFacts> Types) Of(IReadOnlyList<GgufTensor> tensors) =>
        Of(tensors, tensor => tensor.FormatName, tensor => tensor.ElementCount, some => ModelMemory.Of(some));

    /// <inheritdoc cref="Of(IReadOnlyList{GgufTensor})"/>
    public static (Totals All, IReadOnlyList<TypeFacts> Types) Of(IReadOnlyList<SafetensorsTensor> tensors) =>
        Of(tensors, tensor => tensor.Type.ToString(), tensor => tensor.ElementCount, some => ModelMemory.Of(some));

    private static (Totals All, IReadOnlyList<TypeFacts> Types) Of<T>(
        IReadOnlyList<T> tensors, Func<T, string> typeOf, Func<T, long> elementsOf, Func<IEnumerable<T>, ModelMemory> memoryOf)
    {
        Totals all = Sum(tensors, elementsOf, memoryOf);
        return (all,
        [
            .. tensors
                .GroupBy(typeOf)
                .Select(group => (Type: group.Key, Sum: Sum([.. group], elementsOf, memoryOf)))
                .OrderByDescending(type => type.Sum.PackedBytes)
                .Select(type => new TypeFacts(
                    type.Type,
                    type.Sum.Tensors,
                    type.Sum.Parameters,
                    type.Sum.BitsPerWeight,
                    type.Sum.PackedBytes,
                    all.PackedBytes == 0 ? 0 : (double)type.Sum.PackedBytes / all.PackedBytes)),
        ]);
    }

    private static Totals Sum<T>(IReadOnlyList<T> tensors, Func<T, long> elementsOf, Func<IEnumerable<T>, ModelMemory> memoryOf)
    {
        long parameters = tensors.Sum(elementsOf);
        ModelMemory memory = memoryOf(tensors);
        return new Totals(
            tensors.Count,
            parameters,
            parameters == 0 ? 0 : memory.PackedBytes * 8.0 / parameters,
            memory.PackedBytes,
            memory.F16Bytes,
            memory.F32Bytes);
    }
}
