using System.Buffers;

namespace Quant.Net.IO;

/// <summary>The first bytes of a mapped file as <see cref="Memory{T}"/>: slices are views, and fail once the file is closed.</summary>
internal sealed unsafe class MappedMemory : MemoryManager<byte>
{
    private readonly MappedFile _file;
    private readonly int _length;

    public MappedMemory(MappedFile file)
    {
        _file = file;
        _length = (int)Math.Min(file.Length, int.MaxValue);
    }

    public override Span<byte> GetSpan() => new(_file.Pointer, _length);

    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(elementIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(elementIndex, _length);
        return new MemoryHandle(_file.Pointer + elementIndex);   // a map does not move
    }

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
        // The file belongs to who opened it.
    }
}
