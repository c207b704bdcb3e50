using System.Runtime.CompilerServices;
using Quant.Net.Native;

namespace Quant.Net.Cuda;

/// <summary>Memory of a GPU, which the CPU cannot read. From <see cref="QuantDevice.Allocate"/>.</summary>
/// <remarks>Dispose of it only when no queued work uses it any more: see <see cref="CudaStream.Synchronize"/>.</remarks>
/// <typeparam name="T">What its elements are.</typeparam>
public sealed class DeviceBuffer<T> : IDisposable
    where T : unmanaged
{
    private readonly BufferHandle _handle;
    private readonly ulong _address;

    internal DeviceBuffer(BufferHandle handle, long length)
    {
        _handle = handle;
        _address = NativeMethods.qn_buffer_address(handle);
        Length = length;
    }

    /// <summary>The number of elements.</summary>
    public long Length { get; }

    /// <summary>The size in bytes.</summary>
    public nuint ByteLength => (nuint)Length * (nuint)Unsafe.SizeOf<T>();

    /// <summary>Where it begins: a <c>CUdeviceptr</c>, for other engines too.</summary>
    /// <exception cref="ObjectDisposedException">The buffer was disposed of.</exception>
    public ulong Address
    {
        get
        {
            ObjectDisposedException.ThrowIf(_handle.IsClosed, this);
            return _address;
        }
    }

    /// <summary>Frees the memory.</summary>
    public void Dispose() => _handle.Dispose();
}
