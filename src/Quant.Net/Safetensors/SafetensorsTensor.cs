using Quant.Net.IO;

namespace Quant.Net.Safetensors;

/// <summary>
/// A tensor of a safetensors file: a view of its bytes in the mapped file. A <em>row</em> runs along the last dimension; rows are
/// counted over all outer dimensions.
/// </summary>
public sealed unsafe class SafetensorsTensor : IStoredTensor
{
    private readonly long[] _shape;

    internal SafetensorsTensor(SafetensorsFile file, SafetensorsHeaderTensor header)
    {
        File = file;
        Name = header.Name;
        Type = header.Type;
        _shape = header.Shape;
        FileOffset = file.DataOffset + header.Begin;
        ByteLength = header.End - header.Begin;

        RowLength = _shape.Length == 0 ? 1 : _shape[^1];
        RowCount = RowLength == 0 ? 0 : 1;   // else a file could promise 2^62 rows of nothing
        foreach (long dimension in _shape.AsSpan(0, Math.Max(0, _shape.Length - 1)))
        {
            RowCount *= dimension;
        }
    }

    /// <summary>The tensor's name.</summary>
    public string Name { get; }

    /// <summary>The file that holds it.</summary>
    public SafetensorsFile File { get; }

    /// <summary>The type of its elements.</summary>
    public SafetensorsType Type { get; }

    /// <summary>Bits of an element; 4 and 6 for types of which several share a byte.</summary>
    public int BitsPerElement => SafetensorsTypes.BitsPerElement(Type);

    /// <summary>Whether the elements are real numbers, and neither integers, truth values nor complex.</summary>
    public bool IsFloat => SafetensorsTypes.IsFloat(Type);

    /// <summary>The format by which a <see cref="QuantDevice"/> decodes these bytes; null if there is none.</summary>
    public QuantFormat? Format => SafetensorsTypes.Format(Type);

    /// <summary>The dimensions, outermost first.</summary>
    public IReadOnlyList<long> Shape => _shape;

    /// <summary>Elements of a row.</summary>
    public long RowLength { get; }

    /// <summary>The number of rows, over all outer dimensions; 0 if there are no elements.</summary>
    public long RowCount { get; }

    /// <summary>The number of elements.</summary>
    public long ElementCount => RowLength * RowCount;

    /// <summary>Bytes of its data.</summary>
    public long ByteLength { get; }

    (int Values, int Bytes) IStoredTensor.Unit => BitsPerElement switch { 4 => (2, 1), 6 => (4, 3), var bits => (1, bits / 8) };

    /// <summary>Where its data begin in the file. They need not be aligned.</summary>
    public long FileOffset { get; }

    /// <summary>Bytes of a row.</summary>
    /// <exception cref="NotSupportedException">Elements are smaller than a byte, and rows end within one.</exception>
    public long BytesPerRow => RowLength * BitsPerElement % 8 == 0
        ? RowLength * BitsPerElement / 8
        : throw new NotSupportedException(ErrorText.Invariant(
            $"{ErrorText.EscapePath(File.Path)}: tensor {ErrorText.Quote(Name)} has rows of {RowLength} {Type}: no whole bytes."));

    /// <summary>
    /// The first byte of the data in the map. It may be read until the file is disposed, and nobody checks that: prefer the
    /// methods where they serve.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The file was closed.</exception>
    public byte* Pointer => File.Map.Pointer + FileOffset;

    /// <summary>The bytes of rows in the map, valid until the file is disposed.</summary>
    /// <param name="row">The first row.</param>
    /// <param name="rowCount">The number of rows.</param>
    /// <exception cref="ArgumentOutOfRangeException">The tensor has no such rows.</exception>
    /// <exception cref="ArgumentException">The rows have more bytes than a span can: ask for fewer at a time.</exception>
    /// <exception cref="NotSupportedException">Rows are no whole bytes.</exception>
    /// <exception cref="ObjectDisposedException">The file was closed.</exception>
    public ReadOnlySpan<byte> GetSpan(long row, long rowCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfNegative(rowCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(row, RowCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rowCount, RowCount - row);
        long bytes = BytesPerRow * rowCount;
        return bytes <= int.MaxValue
            ? new ReadOnlySpan<byte>(Pointer + (BytesPerRow * row), (int)bytes)
            : throw new ArgumentException(ErrorText.Invariant(
                $"{rowCount} rows have {bytes} bytes, more than a span can; take at most {int.MaxValue / BytesPerRow} rows at a time."),
                nameof(rowCount));
    }

    /// <summary>
    /// Reads bytes from the file, not from the map: for whole-file work, where a file that has become shorter is an ordinary
    /// error.
    /// </summary>
    /// <param name="offset">The first byte, counted from the tensor's first.</param>
    /// <param name="destination">Is filled.</param>
    /// <exception cref="ArgumentOutOfRangeException">The tensor has no such bytes.</exception>
    /// <exception cref="EndOfStreamException">The file has become shorter.</exception>
    /// <exception cref="ObjectDisposedException">The file was closed.</exception>
    public void Read(long offset, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, ByteLength - destination.Length);
        File.Map.Read(FileOffset + offset, destination);
    }

    /// <summary>The tensor for a reader: <c>model.norm.weight F16 [4096]</c>.</summary>
    public override string ToString() => $"{Name} {Type} [{string.Join(", ", _shape)}]";
}
