using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Quant.Net.IO;

namespace Quant.Net.Gguf;

/// <summary>What stands before the data in a file, read and checked; the tensors are not placed yet.</summary>
internal sealed class GgufHead
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly SearchValues<byte> Printable =
        SearchValues.Create([(byte)'\t', (byte)'\n', (byte)'\r', .. Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (byte)c)]);

    private readonly string _path;
    private readonly WarningList _warnings;

    private GgufHead(string path, WarningList warnings)
    {
        _path = path;
        _warnings = warnings;
    }

    public uint Version { get; private set; }

    public uint Alignment { get; private set; } = GgufLayout.DefaultAlignment;

    public long DataOffset { get; private set; }

    public GgufMetadata Metadata { get; } = new();

    public List<GgufTensorEntry> Tensors { get; } = [];

    public static GgufHead Read(MappedFile file, WarningList warnings)
    {
        var head = new GgufHead(file.Path, warnings);
        ReadOnlyMemory<byte> bytes = file.Length == 0 ? ReadOnlyMemory<byte>.Empty : new MappedMemory(file).Memory;
        head.Read(bytes);
        return head;
    }

    private void Read(ReadOnlyMemory<byte> bytes)
    {
        var cursor = new GgufCursor(bytes.Span, _path);
        ReadVersion(ref cursor, bytes.Span);
        cursor.CountSize = Version == 1 ? sizeof(uint) : sizeof(ulong);

        // The two counts stand behind each other, and what is counted has at least so many bytes.
        int leastEntry = cursor.CountSize + 1 + sizeof(uint) + 1;
        int leastTensor = cursor.CountSize + sizeof(uint) + sizeof(uint) + sizeof(ulong);
        int tensors = cursor.CountOf(leastTensor, "tensor count");
        int entries = cursor.CountOf(leastEntry, "metadata count");

        for (int i = 0; i < entries; i++)
        {
            ReadEntry(ref cursor, bytes, i);
        }

        ReadAlignment();
        for (int i = 0; i < tensors; i++)
        {
            Tensors.Add(ReadTensor(ref cursor, i));
        }

        DataOffset = (long)GgufLayout.Pad((ulong)cursor.Position, Alignment);
    }

    /// <summary>What a file that is no GGUF file may be instead, as the end of a message.</summary>
    private static string LooksLike(ReadOnlySpan<byte> bytes)
    {
        const int HeaderLength = sizeof(ulong), TextLength = 64;
        if (bytes.Length > HeaderLength && bytes[HeaderLength] == '{'
            && BinaryPrimitives.ReadUInt64LittleEndian(bytes) < (ulong)bytes.Length)
        {
            return "; it looks like a safetensors file";
        }

        ReadOnlySpan<byte> beginning = bytes[..Math.Min(bytes.Length, TextLength)];
        return beginning.IndexOfAnyExcept(Printable) < 0 ? "; it looks like text" : "";
    }

    private void ReadVersion(ref GgufCursor cursor, ReadOnlySpan<byte> bytes)
    {
        uint magic = cursor.UInt32("magic");
        if (magic != GgufLayout.Magic)
        {
            throw cursor.Fault(
                $"magic number is 0x{magic:X8}, expected 0x{GgufLayout.Magic:X8} ('GGUF'): this is no GGUF file{LooksLike(bytes)}");
        }

        Version = cursor.UInt32("version");
        uint swapped = BinaryPrimitives.ReverseEndianness(Version);
        if (swapped is > 0 and <= 0xFFFF)
        {
            throw cursor.Fault($"version is {swapped} with its bytes swapped: big-endian files are not supported");
        }

        if (Version is 0 or > GgufLayout.Version)
        {
            throw cursor.Fault($"version is {Version}, expected 1 to {GgufLayout.Version}");
        }
    }

    private void ReadEntry(ref GgufCursor cursor, ReadOnlyMemory<byte> bytes, int index)
    {
        cursor.Place = new GgufPlace("metadata", index, null);
        string key = ReadName(ref cursor, "key", "key length", GgufLayout.LongestKey);
        if (key.Length == 0)
        {
            throw cursor.Fault($"key is empty");
        }

        cursor.Place = new GgufPlace("metadata", index, key);
        if (!ErrorText.IsPlainAscii(key))
        {
            _warnings.Add(_path, $"metadata key {new Quoted(key)} is not plain ASCII");
        }

        GgufValueType type = GgufValueWalk.ReadType(ref cursor, "value type");
        int start = cursor.Position;
        GgufValueWalk.Skip(ref cursor, type);
        if (!Metadata.TryAdd(key, new GgufValue(type, bytes[start..cursor.Position], cursor.CountSize)))
        {
            throw cursor.Fault($"another entry has this key already");
        }
    }

    private void ReadAlignment()
    {
        if (!Metadata.TryGetValue(GgufLayout.AlignmentKey, out GgufValue? value))
        {
            return;
        }

        if (value.Type != GgufValueType.UInt32)
        {
            throw ModelFormatException.In(_path, $"metadata '{GgufLayout.AlignmentKey}' is {GgufLayout.Name(value.Type)}, expected u32");
        }

        Alignment = value.Get<uint>();
        if (!BitOperations.IsPow2(Alignment))
        {
            throw ModelFormatException.In(_path, $"metadata '{GgufLayout.AlignmentKey}' is {Alignment}, expected a power of two");
        }

        if (Alignment % 8 != 0)
        {
            _warnings.Add(_path, $"alignment is {Alignment}; the specification asks for a multiple of 8");
        }
    }

    private GgufTensorEntry ReadTensor(ref GgufCursor cursor, int index)
    {
        cursor.Place = new GgufPlace("tensor", index, null);
        string name = ReadName(ref cursor, "name", "name length", GgufLayout.LongestTensorName);
        cursor.Place = new GgufPlace("tensor", index, name);
        WarnOfName(name);

        uint dimensionCount = cursor.UInt32("dimension count");
        if (dimensionCount > GgufLayout.MostDimensions)
        {
            throw cursor.Fault($"dimension count is {dimensionCount}, expected at most {GgufLayout.MostDimensions}");
        }

        var dimensions = new long[dimensionCount];
        for (int i = 0; i < dimensions.Length; i++)
        {
            ulong dimension = cursor.Count("dimension");
            dimensions[i] = dimension <= long.MaxValue
                ? (long)dimension
                : throw cursor.Fault($"dimension {i} is {dimension}, expected 0 to {long.MaxValue}");
        }

        long elements = TensorShape.CountElements(dimensions)
            ?? throw cursor.Fault($"dimensions {string.Join(" x ", dimensions)} have more elements than any file holds");
        if (elements == 0)
        {
            _warnings.Add(_path, $"tensor {new Quoted(name)} is empty");
        }

        uint type = cursor.UInt32("type");
        ulong offset = cursor.UInt64("data offset");
        return new GgufTensorEntry(name, type, dimensions, elements, offset);
    }

    private void WarnOfName(string name)
    {
        if (name.Length == 0)
        {
            _warnings.Add(_path, $"a tensor has an empty name");
        }
        else if (!ErrorText.IsPlain(name))
        {
            _warnings.Add(_path, $"tensor name {new Quoted(name)} has characters that do not show");
        }

        if (Encoding.UTF8.GetByteCount(name) == GgufLayout.LongestTensorName)
        {
            _warnings.Add(_path, $"tensor name {new Quoted(name)} has {GgufLayout.LongestTensorName} bytes; ggml reads one less");
        }
    }

    // Both words for messages are constants: putting them together here would make a text for each of a million keys.
    private static string ReadName(ref GgufCursor cursor, string what, string whatLength, int longest)
    {
        ReadOnlySpan<byte> bytes = cursor.String(whatLength);
        if (bytes.Length > longest)
        {
            throw cursor.Fault($"{what} has {bytes.Length} bytes, expected at most {longest}");
        }

        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw cursor.Fault($"{what} is not UTF-8: byte 0x{e.BytesUnknown?[0]:X2} at {e.Index} of it");
        }
    }
}

/// <summary>A tensor as the file's head describes it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type's number, which may be unknown.</param>
/// <param name="Dimensions">Its dimensions, innermost first.</param>
/// <param name="Elements">Their product.</param>
/// <param name="Offset">Where its data begin, counted from the beginning of all data.</param>
internal readonly record struct GgufTensorEntry(string Name, uint Type, long[] Dimensions, long Elements, ulong Offset);
