using System.Buffers.Binary;
using Quant.Net.IO;
using Quant.Net.Modules;
using Quant.Net.Native;
using Quant.Net.Safetensors;

namespace Quant.Net.Slicing;

/// <summary>A packed module in memory, to be cut or joined: its matrix, and what its tensors are called and look like.</summary>
internal sealed class StoredModule
{
    private readonly ModuleArrays _arrays;

    /// <summary>Reads a module.</summary>
    /// <param name="module">The module.</param>
    /// <param name="isOutline">Whether only the shapes of its parts are wanted: then codes, scales and zero points are not read.</param>
    /// <exception cref="NotSupportedException">It cannot be cut: it holds the matrices of several experts, or has blocks across rows.</exception>
    public StoredModule(PackedModule module, bool isOutline = false)
    {
        (Module, _arrays, IsOutline) = (module, module.Arrays, isOutline);
        if (_arrays.Shape is not null || _arrays.Levels is not null)
        {
            string why = _arrays.Shape is not null ? "it holds the matrices of several experts, which only ranks of a whole model divide" : "its blocks run across rows; decode it first";
            throw new NotSupportedException($"{module.Place}: cannot be cut: {why}");
        }

        Matrix = new MatrixArrays
        {
            Layout = _arrays.Layout,
            Rows = _arrays.Rows,
            Columns = _arrays.Columns,
            GroupSize = _arrays.GroupSize,
            GroupRows = _arrays.GroupRows,
            Bits = _arrays.Bits,
            ZeroPlusOne = _arrays.Flags.HasFlag(NativeMatrixFlags.ZeroPlusOne),
            ZeroWraps = _arrays.Flags.HasFlag(NativeMatrixFlags.ZeroWraps),
            Padded = _arrays.Flags.HasFlag(NativeMatrixFlags.Padded),
            ScalesDivided = _arrays.Flags.HasFlag(NativeMatrixFlags.ScalesDivided),
            ScaleFormat = _arrays.ScaleFormat,
            GlobalScale = _arrays.GlobalScale,
            Codes = isOutline ? default : Bytes(_arrays.Codes),
            Scales = isOutline ? default : Bytes(_arrays.Scales),
            Zeros = isOutline ? default : Bytes(_arrays.Zeros),
            GroupIndex = Bytes(_arrays.GroupIndex),
        };
    }

    /// <summary>The module.</summary>
    public PackedModule Module { get; }

    /// <summary>Whether its weights are not here: they have lengths and a list of groups, but no other arrays.</summary>
    public bool IsOutline { get; }

    /// <summary>Its weights.</summary>
    public MatrixArrays Matrix { get; }

    /// <summary>The bytes of a tensor; none of null.</summary>
    /// <exception cref="NotSupportedException">There are more than an array holds.</exception>
    public static byte[] Bytes(SafetensorsTensor? tensor)
    {
        if (tensor is null)
        {
            return [];
        }

        if (tensor.ByteLength > Array.MaxLength)
        {
            throw new NotSupportedException(ErrorText.Invariant(
                $"{ErrorText.EscapePath(tensor.File.Path)}: tensor {ErrorText.Quote(tensor.Name)} has {tensor.ByteLength} bytes, expected at most {Array.MaxLength} where it is cut"));
        }

        byte[] bytes = new byte[tensor.ByteLength];
        tensor.Read(0, bytes);
        return bytes;
    }

    /// <summary>The tensors of another matrix of this kind, named and shaped like these.</summary>
    public IReadOnlyList<SlicedTensor> TensorsOf(MatrixArrays matrix)
    {
        var grids = MatrixGrids.Of(matrix);
        List<SlicedTensor> tensors = [Like(_arrays.Codes, grids.Codes, matrix.Codes), Like(_arrays.Scales!, grids.Scales, matrix.Scales)];
        if (_arrays.Zeros is { } zeros)
        {
            tensors.Add(Like(zeros, grids.Zeros!, matrix.Zeros));
        }

        if (_arrays.GroupIndex is { } index && !matrix.GroupIndex.IsEmpty)
        {
            tensors.Add(new(index.Name, index.Type, [matrix.Columns], matrix.GroupIndex));
        }

        if (_arrays.ShapeTensor is { } shape)
        {
            tensors.Add(new(shape.Name, SafetensorsType.I64, [2], ShapeBytes(matrix)));
        }

        tensors.AddRange(_arrays.Others.Select(other => new SlicedTensor(other.Name, other.Type, [.. other.Shape], Bytes(other))));
        return tensors;
    }

    private static byte[] ShapeBytes(MatrixArrays matrix)
    {
        byte[] bytes = new byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, matrix.Rows);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), matrix.Columns);
        return bytes;
    }

    /// <summary>A scale of a whole tensor keeps its shape, <c>[]</c> or <c>[1]</c>; all else has two dimensions.</summary>
    private static SlicedTensor Like(SafetensorsTensor tensor, FieldGrid grid, ReadOnlyMemory<byte> data)
    {
        long elements = grid.ByteLength / (tensor.BitsPerElement / 8);
        long width = grid.WordStride == 1 ? grid.StringStride : grid.WordStride;
        long[] shape = tensor.Shape.Count < 2 && elements == tensor.ElementCount ? [.. tensor.Shape]
            : tensor.Shape.Count < 2 ? [elements]
            : [elements / width, width];
        return new(tensor.Name, tensor.Type, shape, data);
    }
}
