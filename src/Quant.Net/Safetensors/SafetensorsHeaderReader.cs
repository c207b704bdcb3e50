using System.Buffers.Binary;
using Quant.Net.IO;

namespace Quant.Net.Safetensors;

/// <summary>A tensor as a header that was read describes it. Its offsets count from the beginning of the data.</summary>
internal sealed record SafetensorsHeaderTensor(string Name, SafetensorsType Type, long[] Shape, long Begin, long End);

/// <summary>
/// What stands before the data of a safetensors file: read, and each tensor checked by itself. Whether the data of all of them
/// fill the file is checked by <see cref="SafetensorsPlacement"/>.
/// </summary>
internal sealed class SafetensorsHeaderReader
{
    private const int LengthSize = sizeof(ulong);

    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly string _path;
    private readonly WarningList _warnings;

    private SafetensorsHeaderReader(string path, WarningList warnings)
    {
        _path = path;
        _warnings = warnings;
    }

    /// <summary>Bytes of the header, without the number before it.</summary>
    public int Length { get; private set; }

    /// <summary>Where the data begin.</summary>
    public long DataOffset => LengthSize + Length;

    public Dictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

    public List<SafetensorsHeaderTensor> Tensors { get; } = [];

    public static unsafe SafetensorsHeaderReader Read(MappedFile file, WarningList warnings)
    {
        var header = new SafetensorsHeaderReader(file.Path, warnings);
        int mapped = (int)Math.Min(file.Length, LengthSize + SafetensorsHeader.LongestHeader);
        ReadOnlySpan<byte> bytes = mapped == 0 ? [] : new ReadOnlySpan<byte>(file.Pointer, mapped);
        header.Length = header.ReadLength(bytes, file.Length);
        header.ReadJson(bytes.Slice(LengthSize, header.Length));
        return header;
    }

    private int ReadLength(ReadOnlySpan<byte> bytes, long fileLength)
    {
        if (bytes.Length < LengthSize)
        {
            throw Fault($"has {fileLength} bytes, expected at least {LengthSize} for the length of the header (truncated download?)");
        }

        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        if (length > SafetensorsHeader.LongestHeader)
        {
            throw Fault(
                $"the header's length is {length}, expected at most {SafetensorsHeader.LongestHeader}: this is no safetensors file{LooksLike(bytes)}");
        }

        if (length > (ulong)(fileLength - LengthSize))
        {
            throw Fault($"the header's length is {length}, but only {fileLength - LengthSize} bytes are left (truncated download?)");
        }

        return length > 0 && bytes[LengthSize] == '{'
            ? (int)length
            : throw Fault($"the header does not begin with '{{': this is no safetensors file{LooksLike(bytes)}");
    }

    /// <summary>What a file that is no safetensors file may be instead, as the end of a message.</summary>
    private static string LooksLike(ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith("GGUF"u8) ? "; it looks like a GGUF file"
        : bytes.StartsWith("version https://git-lfs"u8) ? "; it looks like a pointer of Git LFS, in place of the file"
        : bytes.StartsWith("PK\u0003\u0004"u8) ? "; it looks like a PyTorch or zip file"
        : bytes.StartsWith("<"u8) || bytes.StartsWith("{"u8) ? "; it looks like text"
        : "";

    private void ReadJson(ReadOnlySpan<byte> text)
    {
        var json = new JsonCursor(text, _path, "header");
        json.BeginObject("itself");
        while (json.NextName() is { } name)
        {
            if (!_names.Add(name))
            {
                throw json.Fault($"has {ErrorText.Quote(name)} twice");
            }

            if (name == SafetensorsHeader.MetadataName)
            {
                ReadMetadata(ref json);
            }
            else
            {
                json.Tensor = name;
                Tensors.Add(ReadTensor(ref json, name));
                json.Tensor = null;
            }
        }

        json.ReadEnd();
    }

    private void ReadMetadata(ref JsonCursor json)
    {
        json.BeginObject(SafetensorsHeader.MetadataName);
        while (json.NextName() is { } key)
        {
            if (!Metadata.TryAdd(key, json.ReadText($"{SafetensorsHeader.MetadataName} {ErrorText.Quote(key)}")))
            {
                throw json.Fault($"has {SafetensorsHeader.MetadataName} {ErrorText.Quote(key)} twice");
            }
        }
    }

    private SafetensorsHeaderTensor ReadTensor(ref JsonCursor json, string name)
    {
        if (!ErrorText.IsPlain(name))
        {
            _warnings.Add(_path, $"tensor name {new Quoted(name)} has characters that do not show");
        }

        string? type = null;
        long[]? shape = null;
        long[]? offsets = null;
        json.BeginObject("its description");
        while (json.NextName() is { } field)
        {
            switch (field)
            {
                case SafetensorsHeader.TypeName when type is null:
                    type = json.ReadText(field);
                    break;
                case SafetensorsHeader.ShapeName when shape is null:
                    shape = json.ReadNumbers(field, SafetensorsHeader.MostDimensions);
                    break;
                case SafetensorsHeader.OffsetsName when offsets is null:
                    offsets = json.ReadNumbers(field, most: 2);
                    break;
                case SafetensorsHeader.TypeName or SafetensorsHeader.ShapeName or SafetensorsHeader.OffsetsName:
                    throw json.Fault($"{field} is there twice");
                default:
                    _warnings.Add(_path, $"tensor {new Quoted(name)} has {new Quoted(field)}, which nobody knows");
                    json.Skip();
                    break;
            }
        }

        return Check(json, name,
            type ?? throw Missing(json, SafetensorsHeader.TypeName),
            shape ?? throw Missing(json, SafetensorsHeader.ShapeName),
            offsets ?? throw Missing(json, SafetensorsHeader.OffsetsName));
    }

    private static SafetensorsHeaderTensor Check(JsonCursor json, string name, string typeName, long[] shape, long[] offsets)
    {
        if (!SafetensorsTypes.TryParse(typeName, out SafetensorsType type))
        {
            throw json.Fault($"dtype is {ErrorText.Quote(typeName)}, expected one of {SafetensorsTypes.Names}");
        }

        if (offsets is not [long begin, long end] || begin > end)
        {
            throw json.Fault($"data_offsets are [{string.Join(", ", offsets)}], expected a beginning and an end behind it");
        }

        string described = ErrorText.Escape($"{type} [{string.Join(", ", shape)}]", 80);
        if (SafetensorsTypes.ByteLength(type, shape) is not { } bytes)
        {
            throw json.Fault($"{described} has no whole number of bytes, or more than any file holds");
        }

        return bytes == end - begin
            ? new SafetensorsHeaderTensor(name, type, shape, begin, end)
            : throw json.Fault($"data_offsets are [{begin}, {end}], which are {end - begin} bytes, expected {bytes} for {described}");
    }

    private static ModelFormatException Missing(JsonCursor json, string field) => json.Fault($"{field} is missing");

    private ModelFormatException Fault(FormattableString what) => ModelFormatException.In(_path, what);
}
