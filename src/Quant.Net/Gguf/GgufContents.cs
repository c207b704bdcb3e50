using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Quant.Net.IO;

namespace Quant.Net.Gguf;

/// <summary>What a file (of version 3) declares before its data: metadata and tensors. They tell how long the file will be.</summary>
internal sealed class GgufContents
{
    private readonly List<KeyValuePair<string, GgufValue>> _metadata = [];
    private readonly List<GgufEntry> _tensors = [];

    /// <summary>What the data of tensors are padded to: <c>general.alignment</c> of the metadata, else 32.</summary>
    public long Alignment { get; private set; } = GgufLayout.DefaultAlignment;

    /// <summary>The metadata, in the order of the file.</summary>
    public IReadOnlyList<KeyValuePair<string, GgufValue>> Metadata => _metadata;

    /// <summary>The tensors, in the order of the file.</summary>
    public IReadOnlyList<GgufEntry> Tensors => _tensors;

    /// <summary>Bytes of the whole file.</summary>
    public long Length => Padded(BuildHead().WrittenCount) + _tensors.Aggregate(0L, (sum, tensor) => checked(sum + Padded(tensor.Bytes)));

    /// <summary>A number of bytes with the padding behind it.</summary>
    public long Padded(long bytes) => (long)GgufLayout.Pad((ulong)bytes, (uint)Alignment);

    /// <summary>Sets a metadata value. A key that is set again keeps its place.</summary>
    /// <exception cref="ArgumentException">The key is empty, too long or no valid text, or the alignment is none.</exception>
    public void Set(string key, GgufValue value)
    {
        RequireText(key, GgufLayout.LongestKey, nameof(key));
        ArgumentException.ThrowIfNullOrEmpty(key);
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

    /// <summary>Sets a metadata value as the last one, as ggml does also with keys that are there already.</summary>
    /// <inheritdoc cref="Set"/>
    public void SetLast(string key, GgufValue value)
    {
        _metadata.RemoveAll(entry => entry.Key == key);
        Set(key, value);
    }

    /// <summary>Sets the metadata of a model, except for those that say which part of a split model a file is.</summary>
    public void CopyMetadata(GgufFile model)
    {
        foreach ((string key, GgufValue value) in model.Metadata)
        {
            if (!GgufLayout.IsSplitKey(key))
            {
                Set(key, value);
            }
        }
    }

    /// <summary>Declares a tensor.</summary>
    /// <exception cref="ArgumentException">The name is too long or no valid text.</exception>
    public void Add(GgufEntry tensor)
    {
        RequireText(tensor.Name, GgufLayout.LongestTensorName, "name");
        _tensors.Add(tensor);
    }

    /// <summary>The bytes before the data, without padding.</summary>
    public ArrayBufferWriter<byte> BuildHead()
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
        foreach (GgufEntry tensor in _tensors)
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
}
