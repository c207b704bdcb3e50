using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Quant.Net.IO;
using Quant.Net.Safetensors;

namespace Quant.Net.Slicing;

/// <summary>A packed module of a safetensors model: its matrix, and what its tensors are called and look like.</summary>
internal sealed class StoredModule
{
    private const long FloatBlock = 128;

    private readonly SafetensorsModel _model;
    private readonly ModuleNames _names;
    private readonly ModuleFacts _facts;
    private readonly SafetensorsTensor _codes, _scales;
    private readonly SafetensorsTensor? _zeros, _index, _shape;

    private StoredModule(SafetensorsModel model, string name)
    {
        _model = model;
        Name = name;
        _names = ModuleNames.Of(model, name);
        _codes = model.Tensors[name + _names.Codes];
        _scales = model.Tensors[name + _names.Scales];
        _zeros = Find(_names.Zeros);
        _index = Find(_names.Index);
        _shape = Find(_names.Shape);
        Bias = model.Tensors.TryGet(name + ".bias", out SafetensorsTensor? bias) ? bias : null;
        _facts = ModuleFacts.Read(model, _codes.File);
        Matrix = Fill(Describe());
    }

    /// <summary>Its name: that of its tensors without <c>.qweight</c> and so on.</summary>
    public string Name { get; }

    /// <summary>Its weights, read into memory.</summary>
    public MatrixArrays Matrix { get; }

    /// <summary>What is added to its outputs; null if nothing.</summary>
    public SafetensorsTensor? Bias { get; }

    /// <summary>Reads a module.</summary>
    /// <exception cref="ArgumentException">There is no such module.</exception>
    /// <exception cref="ModelFormatException">Its tensors do not fit together, or it is not known how it is packed.</exception>
    public static StoredModule Read(SafetensorsModel model, string name)
    {
        var module = new StoredModule(model, name);
        try
        {
            module.Matrix.AsMatrix().Check();
        }
        catch (Exception misfit) when (misfit is ArgumentException or NotSupportedException)
        {
            throw module.Fault(misfit.Message);
        }

        return module;
    }

    /// <summary>The bytes of a tensor.</summary>
    public static byte[] Bytes(SafetensorsTensor tensor)
    {
        byte[] bytes = new byte[checked((int)tensor.ByteLength)];
        tensor.Read(0, bytes);
        return bytes;
    }

    /// <summary>The tensors of another matrix of this kind, named and shaped like these.</summary>
    public IReadOnlyList<SlicedTensor> TensorsOf(MatrixArrays matrix)
    {
        var grids = MatrixGrids.Of(matrix);
        List<SlicedTensor> tensors = [Like(_codes, grids.Codes, matrix.Codes), Like(_scales, grids.Scales, matrix.Scales)];
        if (_zeros is not null && !matrix.Zeros.IsEmpty)
        {
            tensors.Add(Like(_zeros, grids.Zeros!, matrix.Zeros));
        }

        if (_index is not null && !matrix.GroupIndex.IsEmpty)
        {
            tensors.Add(new(_index.Name, _index.Type, [matrix.Columns], matrix.GroupIndex));
        }

        if (_shape is not null)
        {
            tensors.Add(new(_shape.Name, SafetensorsType.I64, [2], ShapeBytes(matrix)));
        }

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
        long elements = data.Length / (tensor.BitsPerElement / 8);
        long width = grid.WordStride == 1 ? grid.StringStride : grid.WordStride;
        long[] shape = tensor.Shape.Count < 2 && elements == tensor.ElementCount ? [.. tensor.Shape]
            : tensor.Shape.Count < 2 ? [elements]
            : [elements / width, width];
        return new(tensor.Name, tensor.Type, shape, data);
    }

    private SafetensorsTensor? Find(string suffix) =>
        suffix.Length > 0 && _model.Tensors.TryGet(Name + suffix, out SafetensorsTensor? tensor) ? tensor : null;

    private MatrixArrays Describe()
    {
        QuantFormat scales = _scales.Type switch
        {
            SafetensorsType.F16 => QuantFormat.F16,
            SafetensorsType.BF16 => QuantFormat.BF16,
            SafetensorsType.F32 => QuantFormat.F32,
            _ => throw Fault($"{_scales.Name} is {_scales.Type}, expected F16, BF16 or F32"),
        };
        foreach (SafetensorsTensor tensor in new[] { _codes, _scales, _zeros, _index }.OfType<SafetensorsTensor>())
        {
            if (tensor.ElementCount == 0)
            {
                throw Fault($"{tensor.Name} is empty");
            }
        }

        if (_codes.Shape.Count != 2)
        {
            throw Fault(ErrorText.Invariant($"{_codes.Name} has {_codes.Shape.Count} dimensions, expected 2"));
        }

        MatrixArrays matrix = (_names.Codes, _codes.Type) switch
        {
            (".qweight", SafetensorsType.I32 or SafetensorsType.I16) => DescribeWords(),
            (".weight_packed", SafetensorsType.I32) => DescribePacked(),
            (".weight", SafetensorsType.I8) => DescribeBytes(PackedMatrixLayout.Int8),
            (".weight", SafetensorsType.F8_E4M3) => DescribeBytes(PackedMatrixLayout.Float8),
            _ => throw Fault($"{_codes.Name} is {_codes.Type}, which cannot be cut"),
        };
        return matrix with { ScaleFormat = scales };
    }

    /// <summary>GPTQ and AWQ, told apart by what is said, else by the shapes of their scales.</summary>
    private MatrixArrays DescribeWords()
    {
        (long codeRows, long codeColumns) = (_codes.Shape[0], _codes.Shape[1]);
        (long scaleRows, long scaleColumns) = Pair(_scales);
        PackedMatrixLayout layout = _facts.Layout ?? (_codes.Type == SafetensorsType.I16 ? PackedMatrixLayout.AwqGemvFast
            : scaleColumns == codeColumns * 8 ? PackedMatrixLayout.AwqGemm
            : scaleColumns != codeColumns ? PackedMatrixLayout.AwqGemv
            : scaleRows != codeRows || _index is not null ? PackedMatrixLayout.Gptq
            : throw Fault("nothing says whether it is of GPTQ or AWQ"));
        switch (layout)
        {
            case PackedMatrixLayout.AwqGemvFast:
                return Sized(layout, codeRows * 4, codeColumns, 4, StatedGroup());
            case PackedMatrixLayout.AwqGemm:
                return Sized(layout, scaleColumns, codeRows, 4, Group(codeRows, scaleRows));
            case PackedMatrixLayout.AwqGemv:
                return Sized(layout, codeRows, codeColumns * 8, 4, StatedGroup());
        }

        long bits = _index is not null ? 32 * codeRows / _index.ElementCount
            : _zeros is not null ? 32 * Pair(_zeros).Second / scaleColumns
            : _facts.Bits ?? throw Fault("nothing says how many bits its codes have");
        if (bits is not (2 or 3 or 4 or 8))
        {
            throw Fault(ErrorText.Invariant($"its shapes give codes of {bits} bits, expected 2, 3, 4 or 8"));
        }

        long columns = codeRows * 32 / bits;
        return Sized(PackedMatrixLayout.Gptq, codeColumns, columns, (int)bits, Group(columns, scaleRows));
    }

    private MatrixArrays DescribePacked()
    {
        if (_shape is not { ElementCount: 2, Type: SafetensorsType.I64 or SafetensorsType.I32 })
        {
            throw Fault($"{Name}{_names.Shape} is missing, or not two integers");
        }

        byte[] shape = Bytes(_shape);
        bool wide = _shape.Type == SafetensorsType.I64;
        long rows = wide ? BinaryPrimitives.ReadInt64LittleEndian(shape) : BinaryPrimitives.ReadInt32LittleEndian(shape);
        long columns = wide ? BinaryPrimitives.ReadInt64LittleEndian(shape.AsSpan(8)) : BinaryPrimitives.ReadInt32LittleEndian(shape.AsSpan(4));
        int bits = _facts.Bits ?? throw Fault("nothing says how many bits its codes have");
        if (rows < 1 || columns is < 1 or > int.MaxValue || bits is < 1 or > 8)
        {
            throw Fault(ErrorText.Invariant($"a matrix of {rows} x {columns} codes of {bits} bits"));
        }

        long words = _codes.Shape[1];
        long padded = MatrixGrids.Count(columns, 32 / bits), dense = MatrixGrids.Count(columns * bits, 32);
        bool alike = 32 % bits == 0;
        bool isPadded = alike ? _facts.Padded ?? false
            : padded != dense ? words == padded
            : _facts.Padded ?? throw Fault(ErrorText.Invariant($"nothing says whether its {bits}-bit codes straddle words"));
        return Sized(PackedMatrixLayout.PackQuantized, rows, columns, bits, Group(columns, Pair(_scales).Second)) with { Padded = isPadded };
    }

    /// <summary>A number in each byte, and scales of the tensor, of rows or of blocks.</summary>
    private MatrixArrays DescribeBytes(PackedMatrixLayout layout)
    {
        (long rows, long columns) = (_codes.Shape[0], _codes.Shape[1]);
        if (_scales.ElementCount == 1)
        {
            return Sized(layout, rows, columns, 8, 0) with { GroupRows = rows };
        }

        (long scaleRows, long scaleColumns) = _scales.Shape.Count == 1 ? (_scales.ElementCount, 1) : Pair(_scales);
        bool inBlocks = MatrixGrids.Count(rows, FloatBlock) == scaleRows && MatrixGrids.Count(columns, FloatBlock) == scaleColumns;
        if (_facts.GroupRows is { } groupRows)
        {
            return Sized(layout, rows, columns, 8, Group(columns, scaleColumns)) with { GroupRows = groupRows };
        }

        if (_names.Scales == ModuleNames.BlockScales && inBlocks)
        {
            return Sized(layout, rows, columns, 8, FloatBlock) with { GroupRows = FloatBlock };
        }

        return scaleRows == rows ? Sized(layout, rows, columns, 8, Group(columns, scaleColumns))
            : throw Fault(ErrorText.Invariant($"nothing says how large the blocks of its {scaleRows} x {scaleColumns} scales are"));
    }

    private static MatrixArrays Sized(PackedMatrixLayout layout, long rows, long columns, int bits, long group) =>
        new() { Layout = layout, Rows = rows, Columns = columns, Bits = bits, GroupSize = group };

    private long StatedGroup() => _facts.GroupSize ?? throw Fault("nothing says how large its groups are");

    /// <summary>
    /// The size of groups: what is said, if it gives this number of them, or what a list of groups in order shows. A number alone does not
    /// tell: the last group may be short. In any other list, every column names its group, and a size only has to give their number.
    /// </summary>
    private long Group(long columns, long groups)
    {
        if (_facts.GroupSize is > 0 and long size && MatrixGrids.Count(columns, size) == groups)
        {
            return size;
        }

        if (groups == 1)
        {
            return 0;
        }

        long second = _index is null ? -1 : MemoryMarshal.Cast<byte, int>(Bytes(_index)).IndexOf(1);
        long step = second > 0 && MatrixGrids.Count(columns, second) == groups ? second : columns / groups;
        return _index is not null && second >= 0 && MatrixGrids.Count(columns, step) == groups ? step
            : throw Fault(ErrorText.Invariant($"nothing says how {columns} inputs are divided into {groups} groups"));
    }

    private MatrixArrays Fill(MatrixArrays matrix) => matrix with
    {
        Codes = Bytes(_codes),
        Scales = Bytes(_scales),
        Zeros = _zeros is null ? default(ReadOnlyMemory<byte>) : Bytes(_zeros),
        GroupIndex = _index is null ? default(ReadOnlyMemory<byte>) : Index(matrix.Layout),
    };

    /// <summary>In compressed-tensors, a -1 says that the list was never set.</summary>
    private byte[] Index(PackedMatrixLayout layout)
    {
        byte[] index = Bytes(_index!);
        return layout == PackedMatrixLayout.PackQuantized && MemoryMarshal.Cast<byte, int>(index).Contains(-1) ? [] : index;
    }

    private (long First, long Second) Pair(SafetensorsTensor tensor) => tensor.Shape.Count == 2
        ? (tensor.Shape[0], tensor.Shape[1])
        : throw Fault(ErrorText.Invariant($"{tensor.Name} has {tensor.Shape.Count} dimensions, expected 2"));

    private ModelFormatException Fault(string what) =>
        ModelFormatException.In(_codes.File.Path, $"module {ErrorText.Quote(Name)}: {ErrorText.Escape(what, 300)}");
}
