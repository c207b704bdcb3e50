namespace Quant.Net.Tool.Bench.Matrices;

/// <summary>A packed matrix to decode, all arrays of it behind each other.</summary>
internal sealed unsafe class RandomMatrix : IDisposable
{
    private readonly MatrixShape _shape;
    private readonly int _codes, _scales, _zeros, _groupIndex;

    public RandomMatrix(MatrixShape shape)
    {
        byte[] scales = shape.MakeScales(), zeros = shape.MakeZeros(), groupIndex = shape.MakeGroupIndex();
        _shape = shape;
        _codes = (int)shape.CodeBytes;
        _scales = scales.Length;
        _zeros = zeros.Length;
        _groupIndex = groupIndex.Length;
        Memory = new PageMemory(shape.CodeBytes + _scales + _zeros + _groupIndex);
        Memory.FillWith(shape.RandomBytes());
        scales.CopyTo(Scales);
        zeros.CopyTo(Zeros);
        groupIndex.CopyTo(GroupIndex);
    }

    /// <summary>All that a decoder reads.</summary>
    public PageMemory Memory { get; }

    /// <summary>The matrix itself.</summary>
    public PackedMatrix Matrix => _shape.View(new ReadOnlySpan<byte>(Memory.Pointer, _codes), Scales, Zeros, GroupIndex);

    private Span<byte> Scales => new(Memory.Pointer + _codes, _scales);

    private Span<byte> Zeros => new(Memory.Pointer + _codes + _scales, _zeros);

    private Span<byte> GroupIndex => new(Memory.Pointer + _codes + _scales + _zeros, _groupIndex);

    /// <summary>Decodes all of it.</summary>
    public void Decode(QuantDevice device, MatrixOrder order, QuantFormat output, PageMemory destination)
    {
        PackedMatrix matrix = Matrix;
        long lines = _shape.Lines(order);
        int weights = (int)(_shape.Rows * _shape.Columns);
        switch (output)
        {
            case QuantFormat.F32:
                device.DequantizeMatrix(matrix, order, 0, lines, new Span<float>(destination.Pointer, weights));
                break;
            case QuantFormat.F16:
                device.DequantizeMatrix(matrix, order, 0, lines, new Span<Half>(destination.Pointer, weights));
                break;
            default:
                device.DequantizeMatrix(matrix, order, 0, lines, new Span<BFloat16>(destination.Pointer, weights));
                break;
        }
    }

    public void Dispose() => Memory.Dispose();
}
