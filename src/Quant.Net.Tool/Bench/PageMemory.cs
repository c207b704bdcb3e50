using System.Runtime.InteropServices;

namespace Quant.Net.Tool.Bench;

/// <summary>Memory outside the garbage collector's heap that begins a page and is there: every page of it was written once.</summary>
internal sealed unsafe class PageMemory : IDisposable
{
    private const int PageBytes = 4096;

    // Loops that go by cache lines may read up to the end of the last one.
    private const int Slack = 64;

    /// <summary>Takes memory and fills it with zeros.</summary>
    /// <exception cref="OutOfMemoryException">There is not so much.</exception>
    public PageMemory(long bytes)
    {
        Bytes = bytes;
        Pointer = (byte*)NativeMemory.AlignedAlloc((nuint)(bytes + Slack), PageBytes);
        NativeMemory.Clear(Pointer, (nuint)(bytes + Slack));
    }

    ~PageMemory() => NativeMemory.AlignedFree(Pointer);

    public long Bytes { get; }

    public byte* Pointer { get; private set; }

    /// <summary>Fills the memory with copies of a piece, behind each other; the last may be cut.</summary>
    public void FillWith(ReadOnlySpan<byte> piece)
    {
        for (long at = 0; at < Bytes; at += piece.Length)
        {
            int length = (int)Math.Min(piece.Length, Bytes - at);
            piece[..length].CopyTo(new Span<byte>(Pointer + at, length));
        }
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(Pointer);
        Pointer = null;
        GC.SuppressFinalize(this);
    }
}
