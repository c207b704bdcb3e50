using Quant.Net.IO;
using Quant.Net.Slicing;

namespace Quant.Net.Ranks;

/// <summary>A module or a tensor of a plan, with what is needed to divide it.</summary>
/// <param name="Entry">What the plan says of it.</param>
/// <param name="Ranges">The features of each rank.</param>
/// <param name="Module">The packed module that is divided as one; null for tensors.</param>
/// <param name="Plain">Tensors that are divided one by one; none where that is not possible.</param>
internal sealed record RankItem(TensorParallelEntry Entry, RankRanges Ranges, PackedModule? Module, IReadOnlyList<PlainRanks> Plain)
{
    /// <summary>All tensors that it is made of.</summary>
    public IEnumerable<IStoredTensor> Tensors => Module is null ? Plain.Select(plain => plain.Tensor)
        : Module.Bias is { } bias ? Module.Tensors.Append(bias)
        : Module.Tensors;

    /// <summary>Bytes of the tensors of all ranks together.</summary>
    /// <param name="ranks">How many ranks there are.</param>
    public long BytesFor(int ranks) => Plain.Sum(plain => plain.PartBytes * ranks)
        + (Module is null ? 0 : CutModule(isOutline: true).SelectMany(tensors => tensors).Sum(tensor => tensor.ByteLength));

    /// <summary>The parts of the module, one after the other.</summary>
    /// <param name="isOutline">Whether only names, types and shapes are wanted.</param>
    public IEnumerable<IReadOnlyList<SlicedTensor>> CutModule(bool isOutline = false) => ModuleCuts
        .Cut(new StoredModule(Module!, isOutline), MatrixCut.Of(Entry.Axis!.Value, Ranges.Parts), GroupNumbering.Keep)
        .Select(part => part.Tensors);
}
