using System.Buffers.Binary;
using System.Text;

namespace Quant.Net.Tests.Gguf;

/// <summary>
/// Builds GGUF files byte by byte, valid or not. It knows nothing of the library's own writer, so that a misunderstanding
/// cannot be shared.
/// </summary>
internal sealed class GgufBytes(uint version = 3)
{
    public const uint U8 = 0, I8 = 1, U16 = 2, I16 = 3, U32 = 4, I32 = 5, F32 = 6;
    public const uint Bool = 7, String = 8, Array = 9, U64 = 10, I64 = 11, F64 = 12;

    private readonly MemoryStream _bytes = new();

    public int Length => (int)_bytes.Length;

    public GgufBytes Raw(params ReadOnlySpan<byte> bytes)
    {
        _bytes.Write(bytes);
        return this;
    }

    public GgufBytes Word16(int value)
    {
        Span<byte> bytes = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)value);
        return Raw(bytes);
    }

    public GgufBytes Word32(uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return Raw(bytes);
    }

    public GgufBytes Word64(ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return Raw(bytes);
    }

    /// <summary>A length or count: 32 bits in version 1, else 64.</summary>
    public GgufBytes Count(ulong count) => version == 1 ? Word32((uint)count) : Word64(count);

    public GgufBytes Text(byte[] utf8, ulong? length = null) => Count(length ?? (ulong)utf8.Length).Raw(utf8);

    public GgufBytes Text(string text, ulong? length = null) => Text(Encoding.UTF8.GetBytes(text), length);

    public GgufBytes Zeros(int count) => Raw(new byte[count]);

    public GgufBytes PadTo(int alignment) => Zeros((alignment - (Length % alignment)) % alignment);

    /// <summary>A value of type and payload, as an array has it at its front.</summary>
    public GgufBytes ArrayHead(uint elementType, ulong count) => Word32(elementType).Count(count);

    public byte[] ToArray() => _bytes.ToArray();
}

/// <summary>A metadata entry of a test file.</summary>
internal sealed record TestEntry(byte[] Key, uint Type, Action<GgufBytes> Value)
{
    public ulong? KeyLength { get; init; }

    public TestEntry(string key, uint type, Action<GgufBytes> value)
        : this(Encoding.UTF8.GetBytes(key), type, value)
    {
    }

    public static TestEntry UInt32(string key, uint value) => new(key, GgufBytes.U32, b => b.Word32(value));

    public static TestEntry UInt16(string key, int value) => new(key, GgufBytes.U16, b => b.Word16(value));

    public static TestEntry Text(string key, string value) => new(key, GgufBytes.String, b => b.Text(value));
}

/// <summary>A tensor of a test file; F32 and 8 values unless it says otherwise.</summary>
internal sealed record TestTensor(byte[] Name, ulong Offset = 0)
{
    public ulong? NameLength { get; init; }

    public uint Type { get; init; }

    public ulong[] Dimensions { get; init; } = [8];

    public uint? DimensionCount { get; init; }

    public TestTensor(string name, ulong offset = 0)
        : this(Encoding.UTF8.GetBytes(name), offset)
    {
    }
}

/// <summary>A test file, with a number of data bytes behind its head.</summary>
internal sealed record TestModel
{
    public uint Magic { get; init; } = 0x46554747;

    public uint Version { get; init; } = 3;

    /// <summary>The layout that is written, if that is not what the version says.</summary>
    public uint? Layout { get; init; }

    public TestEntry[] Entries { get; init; } = [];

    public TestTensor[] Tensors { get; init; } = [];

    public ulong? EntryCount { get; init; }

    public ulong? TensorCount { get; init; }

    public int Alignment { get; init; } = 32;

    public int DataBytes { get; init; } = 32;

    public byte[]? Data { get; init; }

    public byte[] ToBytes()
    {
        var bytes = new GgufBytes(Layout ?? Version);
        bytes.Word32(Magic).Word32(Version).Count(TensorCount ?? (ulong)Tensors.Length).Count(EntryCount ?? (ulong)Entries.Length);
        foreach (TestEntry entry in Entries)
        {
            entry.Value(bytes.Text(entry.Key, entry.KeyLength).Word32(entry.Type));
        }

        foreach (TestTensor tensor in Tensors)
        {
            bytes.Text(tensor.Name, tensor.NameLength).Word32(tensor.DimensionCount ?? (uint)tensor.Dimensions.Length);
            foreach (ulong dimension in tensor.Dimensions)
            {
                bytes.Count(dimension);
            }

            bytes.Word32(tensor.Type).Word64(tensor.Offset);
        }

        if (Tensors.Length > 0)
        {
            bytes.PadTo(Alignment).Raw(Data ?? new byte[DataBytes]);
        }

        return bytes.ToArray();
    }
}
