using System.Runtime.CompilerServices;
using Quant.Net.Native;

namespace Quant.Net.Cuda;

/// <summary>
/// Memory of the host that a GPU copies from and to at full speed, while other work goes on. From
/// <see cref="QuantDevice.AllocatePinned"/>.
/// </summary>
/// <remarks>Dispose of it only when no queued work uses it any more: see <see cref="CudaStream.Synchronize"/>.</remarks>
/// <typeparam name="T">What its elements are.</typeparam>
public sealed unsafe class PinnedBuffer<T> : IDisposable
    where T : unmanaged
{
    private readonly BufferHandle _handle;
    private readonly T* _pointer;

    internal PinnedBuffer(BufferHandle handle, long length)
    {
        _handle = handle;
        _pointer = (T*)NativeMethods.qn_buffer_address(handle);
        Length = length;
    }

    /// <summary>The number of elements.</summary>
    public long Length { get; }

    /// <summary>The size in bytes.</summary>
    public nuint ByteLength => (nuint)Length * (nuint)Unsafe.SizeOf<T>();

    /// <summary>Where it begins.</summary>
    /// <exception cref="ObjectDisposedException">The buffer was disposed of.</exception>
    public T* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_handle.IsClosed, this);
            return _pointer;
        }
    }

    /// <summary>Its elements. What queued work reads must not change, and what it writes is not there, before it is done.</summary>
    /// <exception cref="OverflowException">There are more elements than a span can have: use <see cref="Pointer"/>.</exception>
    /// <exception cref="ObjectDisposedException">The buffer was disposed of.</exception>
    public Span<T> Span => new(Pointer, checked((int)Length));

    /// <summary>Frees the memory.</summary>
    public void Dispose() => _handle.Dispose();
}
