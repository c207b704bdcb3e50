using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Quant.Net.IO;

namespace Quant.Net.Gguf;

/// <summary>
/// Writes a GGUF file (version 3). Metadata and tensors are declared first; then the data of the tensors follow in that order,
/// in pieces of any size. The file gets its name in <see cref="Complete"/>, when it is whole and on the disk; a writer that is
/// disposed before that leaves nothing. Equal calls give equal bytes.
/// </summary>
/// <example>
/// <code>
/// using var writer = GgufWriter.Create("model.gguf");
/// writer.SetMetadata("general.architecture", GgufValue.FromString("llama"));
/// writer.AddTensor("output.weight", QuantFormat.Q8_0, [4096, 32000]);
/// writer.Write("output.weight", packed);
/// writer.Complete();
/// </code>
/// </example>
public sealed class GgufWriter : IModelWriter
{
    private readonly AtomicFile _file;
    private readonly List<KeyValuePair<string, GgufValue>> _metadata = [];
    private readonly List<Entry> _tensors = [];
    private readonly TensorQueue _queue = new();
    private long _position;
    private bool _declared;
    private bool _completed;

    private GgufWriter(AtomicFile file) => _file = file;

    /// <summary>What the data of tensors are padded to: <c>general.alignment</c> of the metadata, else 32.</summary>
    public long Alignment { get; private set; } = GgufLayout.DefaultAlignment;

    /// <summary>Bytes of the whole file with everything that was declared.</summary>
    public long DeclaredLength => Padded(BuildHead().WrittenCount) + DataLength;

    /// <summary>The file that is being written.</summary>
    public IReadOnlyList<string> Files => [_file.Path];

    /// <summary>Begins a file.</summary>
    /// <param name="path">Where it will be.</param>
    /// <param name="options">How; null for defaults.</param>
    /// <exception cref="OutputExistsException">There is a file already and <see cref="GgufWriterOptions.Overwrite"/> is not set.</exception>
    /// <exception cref="UnauthorizedAccessException">The system refused.</exception>
    public static GgufWriter Create(string path, GgufWriterOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new GgufWriter(AtomicFile.Create(path, options?.Overwrite ?? false, options?.Log));
    }

    /// <summary>Sets a metadata value. A key that is set again keeps its place.</summary>
    /// <param name="key">The key; by custom lower-case words joined by dots and underscores.</param>
    /// <param name="value">The value.</param>
    /// <exception cref="ArgumentException">The key is empty, too long or no valid text, or the alignment is none.</exception>
    /// <exception cref="InvalidOperationException">Data are being written already.</exception>
    public void SetMetadata(string key, GgufValue value)
    {
        ArgumentNullException.ThrowIfNull(value);
        RequireText(key, GgufLayout.LongestKey, nameof(key));
        ArgumentException.ThrowIfNullOrEmpty(key);
        RequireDeclaring();
        if (key == GgufLayout.AlignmentKey)
        {
            Alignment = value.Type == GgufValueType.UInt32 && BitOperations.IsPow2(value.Get<uint>())
                ? value.Get<uint>()
                : throw new ArgumentException($"{GgufLayout.AlignmentKey} is {value}, expected a power of two, as u32.", nameof(value));
        }

        int place = _metadata.FindIndex(entry => entry.Key == key);
        if (place < 0)
        {
            _metadata.Add(new KeyValuePair<string, GgufValue>(key, value));
        }
        else
        {
            _metadata[place] = new KeyValuePair<string, GgufValue>(key, value);
        }
    }

    /// <summary>Declares a tensor.</summary>
    /// <param name="name">Its name, at most 64 bytes of UTF-8 (ggml reads 63).</param>
    /// <param name="format">Its type, one of GGUF's.</param>
    /// <param name="dimensions">Its dimensions, innermost first; at most four; the first is whole blocks.</param>
    /// <exception cref="ArgumentException">One of these is not so, or there is a tensor of this name already.</exception>
    /// <exception cref="InvalidOperationException">Data are being written already.</exception>
    public void AddTensor(string name, QuantFormat format, ReadOnlySpan<long> dimensions)
    {
        QuantFormatInfo info = GgufLayout.Format((uint)format)
            ?? throw new ArgumentException(ErrorText.Invariant($"GGUF has no type {(int)format}."), nameof(format));
        long elements = RequireDimensions(dimensions);
        long row = dimensions.IsEmpty ? 1 : dimensions[0];
        if (row % info.ValuesPerBlock != 0)
        {
            throw new ArgumentException(ErrorText.Invariant(
                $"Rows have {row} values, but blocks of {info.Name} have {info.ValuesPerBlock}."), nameof(dimensions));
        }

        Add(name, (uint)format, dimensions, info.GetByteCount(elements));
    }

    /// <summary>Declares a tensor that is to be copied from a model, also one whose type nobody knows.</summary>
    /// <param name="tensor">The tensor, whose name, type, dimensions and size are taken; its bytes come by <see cref="Write"/>.</param>
    /// <exception cref="ArgumentException">There is a tensor of this name already.</exception>
    /// <exception cref="InvalidOperationException">Data are being written already.</exception>
    public void AddTensor(GgufTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        Add(tensor.Name, tensor.TypeNumber, tensor.Dimensions.ToArray(), tensor.ByteLength);
    }

    /// <summary>Appends bytes of a tensor. Tensors come in the order in which they were declared, empty ones too.</summary>
    /// <param name="tensor">The tensor's name.</param>
    /// <param name="data">Its next bytes.</param>
    /// <exception cref="InvalidOperationException">It is another tensor's turn, or these are more bytes than were declared.</exception>
    /// <exception cref="IOException">The system refused.</exception>
    public void Write(string tensor, ReadOnlySpan<byte> data)
    {
        EndDeclaring();
        bool last = _queue.Take(tensor, data.Length);
        _file.Write(data);
        Advance(data.Length, last);
    }

    void IModelWriter.Skip(string tensor, int count)
    {
        EndDeclaring();
        bool last = _queue.Take(tensor, count);
        _file.Skip(count);
        Advance(count, last);
    }

    /// <summary>Ends the file: waits until it is on the disk, and gives it its name.</summary>
    /// <exception cref="InvalidOperationException">A tensor lacks data.</exception>
    /// <exception cref="IOException">The system refused, or a file of this name has appeared meanwhile.</exception>
    public void Complete()
    {
        Finish();
        Rename();
        Keep();
    }

    /// <summary>The first step of <see cref="Complete"/>: the file is whole and on the disk, under its temporary name.</summary>
    internal void Finish()
    {
        EndDeclaring();
        _queue.RequireComplete();
        _completed = true;
        _file.Finish();
    }

    /// <summary>The second step: the file has its name, but goes when this is disposed.</summary>
    internal void Rename() => _file.Rename();

    /// <summary>The third step: the file stays.</summary>
    internal void Keep() => _file.Keep();

    /// <summary>Removes the file if it was not completed.</summary>
    public void Dispose() => _file.Dispose();

    /// <summary>Sets the metadata of a model, except for those that say which part of a split model a file is.</summary>
    internal void CopyMetadata(GgufFile model)
    {
        foreach ((string key, GgufValue value) in model.Metadata)
        {
            if (!GgufLayout.IsSplitKey(key))
            {
                SetMetadata(key, value);
            }
        }
    }

    private long DataLength => _tensors.Aggregate(0L, (sum, tensor) => checked(sum + Padded(tensor.Bytes)));

    private long Padded(long bytes) => (long)GgufLayout.Pad((ulong)bytes, (uint)Alignment);

    private void Add(string name, uint type, ReadOnlySpan<long> dimensions, long bytes)
    {
        RequireText(name, GgufLayout.LongestTensorName, nameof(name));
        RequireDeclaring();
        _queue.Add(name, bytes);
        _tensors.Add(new Entry(name, type, dimensions.ToArray(), bytes));
    }

    private void EndDeclaring()
    {
        ObjectDisposedException.ThrowIf(_completed, this);
        if (_declared)
        {
            return;
        }

        _declared = true;
        ArrayBufferWriter<byte> head = BuildHead();
        _file.Write(head.WrittenSpan);
        _position = head.WrittenCount;
        PadTo(Padded(_position));
    }

    private void Advance(int bytes, bool last)
    {
        _position += bytes;
        if (last)
        {
            PadTo(Padded(_position));
        }
    }

    private void PadTo(long position)
    {
        _file.WriteZeros(position - _position);
        _position = position;
    }

    private ArrayBufferWriter<byte> BuildHead()
    {
        var head = new ArrayBufferWriter<byte>();
        UInt32(head, GgufLayout.Magic);
        UInt32(head, GgufLayout.Version);
        UInt64(head, (ulong)_tensors.Count);
        UInt64(head, (ulong)_metadata.Count);
        foreach ((string key, GgufValue value) in _metadata)
        {
            Text(head, key);
            UInt32(head, (uint)value.Type);
            value.WriteTo(head);
        }

        long offset = 0;
        foreach (Entry tensor in _tensors)
        {
            Text(head, tensor.Name);
            UInt32(head, (uint)tensor.Dimensions.Length);
            foreach (long dimension in tensor.Dimensions)
            {
                UInt64(head, (ulong)dimension);
            }

            UInt32(head, tensor.Type);
            UInt64(head, (ulong)offset);
            offset = checked(offset + Padded(tensor.Bytes));
        }

        return head;
    }

    private static long RequireDimensions(ReadOnlySpan<long> dimensions)
    {
        if (dimensions.Length > GgufLayout.MostDimensions)
        {
            throw new ArgumentException(ErrorText.Invariant(
                $"{dimensions.Length} dimensions, expected at most {GgufLayout.MostDimensions}."), nameof(dimensions));
        }

        return dimensions.IndexOfAnyInRange(long.MinValue, -1) < 0 && TensorShape.CountElements(dimensions) is { } elements
            ? elements
            : throw new ArgumentException(
                $"Dimensions are {string.Join(" x ", dimensions.ToArray())}; none is negative, and all together are less than 2^63.",
                nameof(dimensions));
    }

    private static void RequireText(string text, int longest, string parameter)
    {
        ArgumentNullException.ThrowIfNull(text, parameter);
        int bytes = Encoding.UTF8.GetByteCount(text);
        if (bytes > longest || Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) != text)
        {
            throw new ArgumentException(ErrorText.Invariant(
                $"{ErrorText.Quote(text)} has {bytes} bytes of UTF-8, expected valid text of at most {longest}."), parameter);
        }
    }

    private void RequireDeclaring()
    {
        if (_declared)
        {
            throw new InvalidOperationException("Data are being written already: metadata and tensors are declared before.");
        }
    }

    private static void Text(ArrayBufferWriter<byte> head, string text)
    {
        UInt64(head, (ulong)Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text, head);
    }

    private static void UInt32(ArrayBufferWriter<byte> head, uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(head.GetSpan(sizeof(uint)), value);
        head.Advance(sizeof(uint));
    }

    private static void UInt64(ArrayBufferWriter<byte> head, ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(head.GetSpan(sizeof(ulong)), value);
        head.Advance(sizeof(ulong));
    }

    private readonly record struct Entry(string Name, uint Type, long[] Dimensions, long Bytes);
}
