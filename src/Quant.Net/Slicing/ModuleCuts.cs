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
        IReadOnlyList<MatrixArrays> matrices = Subject.Name(
            module.Module.Place,
            () => module.IsOutline ? MatrixSlicer.Outline(module.Matrix, cut, numbering) : MatrixSlicer.Cut(module.Matrix, cut, numbering));
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
        var joint = Joint.Of(
            [.. modules.Select(part => (part.Module.Arrays.Codes.File.Path, PartMark.Of(part.Module), MatrixSlicer.Length(part.Matrix, axis)))], axis);
        MatrixArrays whole = MatrixSlicer.Join(
            [.. modules.Select(module => module.Matrix)], axis, joint.Pieces,
            [.. modules.Select(part => part.Module.Place)]);
        return new Part(whole, [.. modules[0].TensorsOf(whole), .. JoinBias(modules, axis, joint.Pieces)], joint.Mark);
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

    private static SlicedTensor[] JoinBias(IReadOnlyList<StoredModule> modules, MatrixAxis axis, IReadOnlyList<JointPiece> pieces)
    {
        if (modules.All(module => module.Module.Bias is null))
        {
            return [];
        }

        SafetensorsTensor? first = modules[0].Module.Bias;
        if (modules.FirstOrDefault(module => module.Module.Bias?.Type != first?.Type) is { } odd)
        {
            throw Refuse(odd, $"has {Kind(odd.Module.Bias)}, expected {Kind(first)} as the first part has");
        }

        byte[][] parts = [.. modules.Select(RequireBias)];
        if (axis == MatrixAxis.Input)
        {
            int other = Array.FindIndex(parts, part => !part.AsSpan().SequenceEqual(parts[0]));
            return other < 0 ? [new(first!.Name, first.Type, [.. first.Shape], parts[0])]
                : throw Refuse(modules[other], "has another bias than the first part, expected the same: joined inputs share one");
        }

        int size = first!.BitsPerElement / 8;
        byte[] whole = [.. pieces.SelectMany(piece => parts[piece.Part].Skip((int)piece.First * size).Take((int)piece.Count * size))];
        return [new(first.Name, first.Type, [whole.Length / size], whole)];

        static string Kind(SafetensorsTensor? bias) => bias is null ? "no bias" : $"a bias of {bias.Type}";
        static ArgumentException Refuse(StoredModule part, string why) => new($"{part.Module.Place}: {why}");
    }

    private static byte[] RequireBias(StoredModule module) =>
        module.Module.BiasFault is { } fault ? throw fault : StoredModule.Bytes(module.Module.Bias!);
}
