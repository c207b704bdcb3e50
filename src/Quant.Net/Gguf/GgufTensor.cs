using Quant.Net.IO;

namespace Quant.Net.Gguf;

/// <summary>
/// A tensor of a model, or a slice of one: a view of packed rows in a mapped file, decoded in any range or list of rows.
/// A <em>row</em> runs along the innermost dimension; rows are counted over all outer dimensions.
/// </summary>
public sealed unsafe partial class GgufTensor : IStoredTensor
{
    private readonly long[] _dimensions;

    internal GgufTensor(GgufPart part, string name, uint typeNumber, long[] dimensions, long fileOffset, long byteLength)
    {
        Part = part;
        Name = name;
        TypeNumber = typeNumber;
        FormatInfo = GgufLayout.Format(typeNumber);
        FormatName = GgufLayout.FormatName(typeNumber);
        _dimensions = dimensions;
        FileOffset = fileOffset;
        ByteLength = byteLength;

        RowLength = dimensions.Length == 0 ? 1 : dimensions[0];
        RowCount = RowLength == 0 ? 0 : 1;   // else a file could promise 2^62 rows of nothing
        foreach (long dimension in dimensions.AsSpan(Math.Min(1, dimensions.Length)))
        {
            RowCount *= dimension;
        }
    }

    /// <summary>The tensor's name; a slice's has its index behind it, as in <c>blk.0.ffn_up_exps.weight[3]</c>.</summary>
    public string Name { get; }

    /// <summary>The file that holds it.</summary>
    public GgufPart Part { get; }

    /// <summary>The number of its type in the file.</summary>
    public uint TypeNumber { get; }

    /// <summary>Whether the library knows its type. If not, it can be listed and copied but not decoded.</summary>
    public bool IsFormatKnown => FormatInfo is not null;

    /// <summary>Its type; a number without a name if <see cref="IsFormatKnown"/> is false.</summary>
    public QuantFormat Format => (QuantFormat)TypeNumber;

    /// <summary>What is known of its type; null if <see cref="IsFormatKnown"/> is false.</summary>
    public QuantFormatInfo? FormatInfo { get; }

    /// <summary>Its type's name, such as "Q4_K"; "type 99" if nobody knows it.</summary>
    public string FormatName { get; }

    /// <summary>The dimensions as GGUF has them, innermost first.</summary>
    public IReadOnlyList<long> Dimensions => _dimensions;

    /// <summary>The dimensions as most of the world has them, outermost first.</summary>
    public IReadOnlyList<long> Shape => _dimensions.AsEnumerable().Reverse().ToArray();

    /// <summary>Values of a row.</summary>
    public long RowLength { get; }

    /// <summary>The number of rows, over all outer dimensions; 0 if there are no values.</summary>
    public long RowCount { get; }

    /// <summary>The number of values.</summary>
    public long ElementCount => RowLength * RowCount;

    /// <summary>Bytes of its data. A tensor of unknown type reaches to where the next one begins.</summary>
    public long ByteLength { get; }

    (int Values, int Bytes) IStoredTensor.Unit => FormatInfo is { } format ? (format.ValuesPerBlock, format.BytesPerBlock) : (1, 1);

    /// <summary>Where its data begin in the file.</summary>
    public long FileOffset { get; }

    /// <summary>Bytes of a row.</summary>
    /// <exception cref="NotSupportedException">The type is unknown.</exception>
    public long BytesPerRow => Known.GetByteCount(RowLength);

    /// <summary>
    /// The first byte of the data in the map. It may be read until the model is disposed, and nobody checks that: prefer the
    /// methods where they serve.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The model was closed.</exception>
    public byte* Pointer => Part.File.Pointer + FileOffset;

    /// <summary>The packed bytes of rows in the map, valid until the model is disposed.</summary>
    /// <param name="row">The first row.</param>
    /// <param name="rowCount">The number of rows.</param>
    /// <exception cref="ArgumentOutOfRangeException">The tensor has no such rows.</exception>
    /// <exception cref="ArgumentException">The rows have more bytes than a span can: ask for fewer at a time.</exception>
    /// <exception cref="NotSupportedException">The type is unknown.</exception>
    /// <exception cref="ObjectDisposedException">The model was closed.</exception>
    public ReadOnlySpan<byte> GetSpan(long row, long rowCount)
    {
        RequireRows(row, rowCount, nameof(rowCount));
        long bytes = BytesPerRow * rowCount;
        return bytes <= int.MaxValue
            ? new ReadOnlySpan<byte>(Pointer + (BytesPerRow * row), (int)bytes)
            : throw new ArgumentException(ErrorText.Invariant(
                $"{rowCount} rows have {bytes} bytes, more than a span can; take at most {int.MaxValue / BytesPerRow} rows at a time."),
                nameof(rowCount));
    }

    /// <summary>
    /// Reads packed bytes from the file, not from the map: for whole-file work, where a file that has become shorter is an
    /// ordinary error.
    /// </summary>
    /// <param name="offset">The first byte, counted from the tensor's first.</param>
    /// <param name="destination">Is filled.</param>
    /// <exception cref="ArgumentOutOfRangeException">The tensor has no such bytes.</exception>
    /// <exception cref="EndOfStreamException">The file has become shorter.</exception>
    /// <exception cref="ObjectDisposedException">The model was closed.</exception>
    public void Read(long offset, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, ByteLength - destination.Length);
        Part.File.Read(FileOffset + offset, destination);
    }

    /// <summary>
    /// One of the tensors that this one is made of, as a view: an expert of a three-dimensional tensor, a row of a matrix.
    /// </summary>
    /// <param name="outermostIndex">Its index in the outermost dimension.</param>
    /// <exception cref="InvalidOperationException">The tensor has fewer than two dimensions.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such slice.</exception>
    /// <exception cref="NotSupportedException">The type is unknown.</exception>
    public GgufTensor Slice(long outermostIndex)
    {
        if (_dimensions.Length < 2)
        {
            throw new InvalidOperationException(ErrorText.Invariant(
                $"Tensor {ErrorText.Quote(Name)} has {_dimensions.Length} dimensions; slices are taken of two or more."));
        }

        ArgumentOutOfRangeException.ThrowIfNegative(outermostIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(outermostIndex, _dimensions[^1]);
        long bytes = BytesPerRow * (RowCount / _dimensions[^1]);
        return new GgufTensor(Part, ErrorText.Invariant($"{Name}[{outermostIndex}]"), TypeNumber, _dimensions[..^1],
            FileOffset + (bytes * outermostIndex), bytes);
    }

    /// <summary>The tensor for a reader: <c>blk.0.attn_q.weight Q4_K [4096, 4096]</c>.</summary>
    public override string ToString() => $"{Name} {FormatName} [{string.Join(", ", Shape)}]";

    /// <summary>Its file and name, for the beginning of a message.</summary>
    internal string Place => $"{ErrorText.EscapePath(Part.Path)}: tensor {ErrorText.Quote(Name)}";

    private QuantFormatInfo Known => FormatInfo ?? throw new NotSupportedException($"{Place} has {FormatName}, which cannot be decoded.");

    private void RequireRows(long row, long count, string countName)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfNegative(count, countName);
        if (row > RowCount || (row == RowCount && count > 0))
        {
            throw NoSuchRow(row, nameof(row));
        }

        if (count > RowCount - row)
        {
            throw new ArgumentOutOfRangeException(
                countName, ErrorText.Invariant($"{count} rows from row {row} on, of a tensor that has {RowCount}."));
        }
    }

    private ArgumentOutOfRangeException NoSuchRow(long row, string parameter) => new(parameter, RowCount == 0
        ? ErrorText.Invariant($"Row {row} of a tensor without rows.")
        : ErrorText.Invariant($"Row {row} of a tensor that has rows 0 to {RowCount - 1}."));
}
