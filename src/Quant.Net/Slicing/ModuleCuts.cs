using Quant.Net.IO;
using Quant.Net.Safetensors;

namespace Quant.Net.Slicing;

/// <summary>Cuts and joins the tensors of whole modules: the matrix and, with outputs, the bias.</summary>
internal static class ModuleCuts
{
    /// <summary>The matrix of a part, all its tensors, and what of the module it is, if it is known to be a part.</summary>
    public readonly record struct Part(MatrixArrays Matrix, IReadOnlyList<SlicedTensor> Tensors, PartMark? Mark);

    /// <summary>The parts of a module, one after the other; of an outline their tensors have shapes, and no data but lists of groups.</summary>
    public static IEnumerable<Part> Cut(StoredModule module, MatrixCut cut, GroupNumbering numbering)
    {
        IReadOnlyList<MatrixArrays> matrices = module.IsOutline
            ? MatrixSlicer.Outline(module.Matrix, cut, numbering)
            : MatrixSlicer.Cut(module.Matrix, cut, numbering);
        long length = MatrixSlicer.Length(module.Matrix, cut.Axis);
        foreach ((MatrixArrays matrix, IReadOnlyList<(long First, long Count)> ranges) in matrices.Zip(cut.PartsOf(length)))
        {
            yield return new Part(
                matrix, [.. module.TensorsOf(matrix), .. Bias(module, cut.Axis, ranges)], new PartMark(module.Module.Name, cut.Axis, ranges, length));
        }
    }

    /// <summary>The module that parts make.</summary>
    /// <exception cref="ArgumentException">They do not belong together, or are not in order.</exception>
    public static Part Join(IReadOnlyList<StoredModule> modules, MatrixAxis axis)
    {
        PartMark? mark = MarkedParts.Of(modules.Select(part => (part.Module.Arrays.Codes.File.Path, PartMark.Of(part.Module))))?.Join(axis);
        MatrixArrays whole = MatrixSlicer.Concat([.. modules.Select(module => module.Matrix)], axis);
        return new Part(whole, [.. modules[0].TensorsOf(whole), .. JoinBias(modules, axis)], mark);
    }

    /// <summary>A bias is added to outputs: it is cut with them, and stays whole where inputs are cut.</summary>
    private static SlicedTensor[] Bias(StoredModule module, MatrixAxis axis, IReadOnlyList<(long First, long Count)> ranges)
    {
        if (module.Module.Bias is not { } bias)
        {
            return [];
        }

        byte[] bytes = RequireBias(module);
        if (axis == MatrixAxis.Input)
        {
            return [new(bias.Name, bias.Type, [.. bias.Shape], bytes)];
        }

        int size = bias.BitsPerElement / 8;
        byte[] part = [.. ranges.SelectMany(range => bytes.Skip((int)range.First * size).Take((int)range.Count * size))];
        return [new(bias.Name, bias.Type, [part.Length / size], part)];
    }

    private static SlicedTensor[] JoinBias(IReadOnlyList<StoredModule> modules, MatrixAxis axis)
    {
        if (modules.All(module => module.Module.Bias is null))
        {
            return [];
        }

        SafetensorsTensor? first = modules[0].Module.Bias;
        if (modules.Any(module => module.Module.Bias?.Type != first?.Type))
        {
            throw new ArgumentException("The parts differ in their bias: some have none, or one of another type.");
        }

        byte[][] parts = [.. modules.Select(RequireBias)];
        if (axis == MatrixAxis.Input)
        {
            return parts.All(part => part.AsSpan().SequenceEqual(parts[0]))
                ? [new(first!.Name, first.Type, [.. first.Shape], parts[0])]
                : throw new ArgumentException("The parts differ in their bias, which joined inputs share.");
        }

        byte[] whole = [.. parts.SelectMany(part => part)];
        return [new(first!.Name, first.Type, [whole.Length / (first.BitsPerElement / 8)], whole)];
    }

    private static byte[] RequireBias(StoredModule module)
    {
        SafetensorsTensor bias = module.Module.Bias!;
        return bias.Shape.Count == 1 && bias.ElementCount == module.Matrix.Rows && bias.BitsPerElement % 8 == 0
            ? StoredModule.Bytes(bias)
            : throw ModelFormatException.In(
                bias.File.Path,
                $"{ErrorText.Quote(bias.Name)} has {bias.ElementCount} elements, expected one for each of {module.Matrix.Rows} outputs");
    }
}
