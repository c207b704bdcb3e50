using System.Buffers.Binary;
using Quant.Net.IO;

namespace Quant.Net.Gguf;

/// <summary>
/// Reads a file's head from front to back. Every length and count is held against the bytes that are left before it is
/// believed, and every fault says where it is.
/// </summary>
internal ref struct GgufCursor
{
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly string _path;

    public GgufCursor(ReadOnlySpan<byte> bytes, string path)
    {
        _bytes = bytes;
        _path = path;
        CountSize = sizeof(ulong);
        Place = new GgufPlace("header", -1, null);
    }

    /// <summary>Bytes of a length or count: 4 in version 1, else 8.</summary>
    public int CountSize { get; set; }

    /// <summary>What is being read, for messages.</summary>
    public GgufPlace Place { get; set; }

    /// <summary>The next byte to be read.</summary>
    public int Position { get; private set; }

    /// <summary>Bytes that are left.</summary>
    public readonly int Remaining => _bytes.Length - Position;

    public uint UInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint), what));

    public ulong UInt64(string what) => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong), what));

    /// <summary>A length or count in the file's width.</summary>
    public ulong Count(string what) => CountSize == sizeof(uint) ? UInt32(what) : UInt64(what);

    /// <summary>The number of things that follow, each of which needs at least so many bytes.</summary>
    public int CountOf(int leastBytesEach, string what)
    {
        ulong count = Count(what);
        if (count > (ulong)(Remaining / leastBytesEach))
        {
            throw Fault($"{what} is {count}, but the {Remaining} bytes that are left hold at most {Remaining / leastBytesEach}");
        }

        return (int)count;
    }

    /// <summary>Bytes behind their length.</summary>
    public ReadOnlySpan<byte> String(string what)
    {
        ulong length = Count(what);
        if (length > (ulong)Remaining)
        {
            throw Fault($"{what} is {length}, but only {Remaining} bytes are left");
        }

        return Take((int)length, what);
    }

    public ReadOnlySpan<byte> Take(int length, string what)
    {
        if (length > Remaining)
        {
            throw Fault($"{what} needs {length} bytes at byte {Position}, but only {Remaining} are left (truncated download?)");
        }

        ReadOnlySpan<byte> taken = _bytes.Slice(Position, length);
        Position += length;
        return taken;
    }

    public readonly ModelFormatException Fault(FormattableString what)
    {
        string limit = _bytes.Length == int.MaxValue ? " (names and metadata must lie in the first 2 GiB)" : "";
        return ModelFormatException.In(_path, $"{Place}: {ErrorText.Invariant(what)}{limit}");
    }
}

/// <summary>A place in a file's head: "metadata 3 'general.name'".</summary>
/// <param name="Noun">What kind of thing it is.</param>
/// <param name="Index">Which of them, counted from 0; negative if there is only one.</param>
/// <param name="Name">Its name, once that is known.</param>
internal readonly record struct GgufPlace(string Noun, int Index, string? Name)
{
    public override string ToString() => (Index, Name) switch
    {
        ( < 0, _) => Noun,
        (_, null) => ErrorText.Invariant($"{Noun} {Index}"),
        _ => ErrorText.Invariant($"{Noun} {ErrorText.Quote(Name)}"),
    };
}
