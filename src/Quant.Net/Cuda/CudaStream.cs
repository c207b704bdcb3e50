using Quant.Net.Native;

namespace Quant.Net.Cuda;

/// <summary>
/// Work of a GPU that is done in order. Calls queue work and return; <see cref="Synchronize"/> waits for it. From
/// <see cref="QuantDevice.CreateStream"/>, or <see cref="QuantDevice.UseStream"/> for another engine's.
/// </summary>
/// <remarks>
/// What queued work reads and writes must stay as it is until it is done. An error of queued work shows in a later call. Several threads
/// may use one stream, but a stream for each is better.
/// </remarks>
/// <example>
/// <code>
/// using QuantDevice gpu = QuantDevice.Open("cuda:0");
/// using CudaStream stream = gpu.CreateStream();
/// using DeviceBuffer&lt;Half&gt; weights = gpu.Allocate&lt;Half&gt;(count);
/// stream.Dequantize(QuantFormat.Q4_K, packed, weights);
/// stream.Synchronize();
/// </code>
/// </example>
public sealed unsafe partial class CudaStream : IDisposable
{
    private readonly StreamHandle _handle;

    internal CudaStream(StreamHandle handle) => _handle = handle;

    /// <summary>The stream as a <c>CUstream</c> or <c>cudaStream_t</c>, for other engines.</summary>
    /// <exception cref="ObjectDisposedException">The stream was disposed of.</exception>
    public ulong NativeHandle => NativeMethods.qn_stream_native(_handle);

    /// <summary>Whether all queued work is done.</summary>
    /// <exception cref="QuantNetException">The driver reports an error, perhaps of earlier work.</exception>
    /// <exception cref="ObjectDisposedException">The stream was disposed of.</exception>
    public bool IsIdle
    {
        get
        {
            uint done;
            Status.ThrowIfFailed(NativeMethods.qn_stream_query(_handle, &done));
            return done != 0;
        }
    }

    /// <summary>Waits until all queued work is done.</summary>
    /// <exception cref="QuantNetException">The driver reports an error, perhaps of earlier work.</exception>
    /// <exception cref="ObjectDisposedException">The stream was disposed of.</exception>
    public void Synchronize() => Status.ThrowIfFailed(NativeMethods.qn_stream_synchronize(_handle));

    /// <summary>Puts an event behind the work that is queued so far.</summary>
    /// <param name="point">The event; recording it again moves it.</param>
    /// <exception cref="ArgumentException">The event is another device's.</exception>
    /// <exception cref="QuantNetException">The driver reports an error, perhaps of earlier work.</exception>
    /// <exception cref="ObjectDisposedException">The stream or the event was disposed of.</exception>
    public void Record(CudaEvent point)
    {
        ArgumentNullException.ThrowIfNull(point);
        Status.ThrowIfFailed(NativeMethods.qn_event_record(point.Handle, _handle), nameof(point));
    }

    /// <summary>Makes what is queued from now on wait for an event, which may be another stream's.</summary>
    /// <param name="point">The event.</param>
    /// <exception cref="QuantNetException">The driver reports an error, perhaps of earlier work.</exception>
    /// <exception cref="ObjectDisposedException">The stream or the event was disposed of.</exception>
    public void Wait(CudaEvent point)
    {
        ArgumentNullException.ThrowIfNull(point);
        Status.ThrowIfFailed(NativeMethods.qn_stream_wait(_handle, point.Handle));
    }

    /// <summary>Queues a copy of a whole pinned buffer to the GPU.</summary>
    /// <typeparam name="T">What the elements are.</typeparam>
    /// <param name="source">What is copied.</param>
    /// <param name="destination">Receives it. What is beyond is left alone.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is too short.</exception>
    /// <exception cref="QuantNetException">The driver reports an error, perhaps of earlier work.</exception>
    /// <exception cref="ObjectDisposedException">The stream or a buffer was disposed of.</exception>
    public void Copy<T>(PinnedBuffer<T> source, DeviceBuffer<T> destination)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(destination);
        ThrowIfTooShort(source.Length, destination.Length);
        Status.ThrowIfFailed(
            NativeMethods.qn_copy_to_device(_handle, source.Pointer, destination.Address, source.ByteLength));
    }

    /// <summary>Queues a copy of a whole buffer of the GPU to pinned memory.</summary>
    /// <inheritdoc cref="Copy{T}(PinnedBuffer{T}, DeviceBuffer{T})"/>
    public void Copy<T>(DeviceBuffer<T> source, PinnedBuffer<T> destination)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(destination);
        ThrowIfTooShort(source.Length, destination.Length);
        Status.ThrowIfFailed(
            NativeMethods.qn_copy_to_host(_handle, source.Address, destination.Pointer, source.ByteLength));
    }

    /// <summary>Queues a copy of a whole buffer within the GPU.</summary>
    /// <inheritdoc cref="Copy{T}(PinnedBuffer{T}, DeviceBuffer{T})"/>
    public void Copy<T>(DeviceBuffer<T> source, DeviceBuffer<T> destination)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(destination);
        ThrowIfTooShort(source.Length, destination.Length);
        Status.ThrowIfFailed(
            NativeMethods.qn_copy_on_device(_handle, source.Address, destination.Address, source.ByteLength));
    }

    /// <summary>Copies memory of the host to the GPU, after the work that is queued, and waits until that is done.</summary>
    /// <typeparam name="T">What the elements are.</typeparam>
    /// <param name="source">What is copied.</param>
    /// <param name="destination">Receives it. What is beyond is left alone.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is too short.</exception>
    /// <exception cref="QuantNetException">The driver reports an error, perhaps of earlier work.</exception>
    /// <exception cref="ObjectDisposedException">The stream or the buffer was disposed of.</exception>
    public void CopyAndWait<T>(ReadOnlySpan<T> source, DeviceBuffer<T> destination)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(destination);
        ThrowIfTooShort(source.Length, destination.Length);
        fixed (T* from = source)
        {
            Status.ThrowIfFailed(
                NativeMethods.qn_copy_to_device(_handle, from, destination.Address, (nuint)source.Length * (nuint)sizeof(T)));
            Synchronize();
        }
    }

    /// <summary>Copies a whole buffer of the GPU to memory of the host, after the work that is queued, and waits until that is done.</summary>
    /// <inheritdoc cref="CopyAndWait{T}(ReadOnlySpan{T}, DeviceBuffer{T})"/>
    public void CopyAndWait<T>(DeviceBuffer<T> source, Span<T> destination)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(source);
        ThrowIfTooShort(source.Length, destination.Length);
        fixed (T* to = destination)
        {
            Status.ThrowIfFailed(NativeMethods.qn_copy_to_host(_handle, source.Address, to, source.ByteLength));
            Synchronize();
        }
    }

    /// <summary>Queues a copy from memory of the host to an address of the GPU, which may be another engine's.</summary>
    /// <remarks>
    /// Memory that is not pinned makes the call wait for most of the copy. Addresses cannot be checked: a wrong one loses the device for
    /// the whole process.
    /// </remarks>
    /// <param name="source">What is copied.</param>
    /// <param name="destination">The address that receives it.</param>
    /// <param name="bytes">How many bytes.</param>
    /// <exception cref="ArgumentException">A null pointer, with bytes to copy.</exception>
    /// <exception cref="QuantNetException">The driver reports an error, perhaps of earlier work.</exception>
    /// <exception cref="ObjectDisposedException">The stream was disposed of.</exception>
    public void CopyToDevice(void* source, ulong destination, nuint bytes) =>
        Status.ThrowIfFailed(NativeMethods.qn_copy_to_device(_handle, source, destination, bytes));

    /// <summary>Queues a copy from an address of the GPU, which may be another engine's, to memory of the host.</summary>
    /// <param name="source">The address of what is copied.</param>
    /// <param name="destination">Receives it.</param>
    /// <param name="bytes">How many bytes.</param>
    /// <inheritdoc cref="CopyToDevice(void*, ulong, nuint)"/>
    public void CopyToHost(ulong source, void* destination, nuint bytes) =>
        Status.ThrowIfFailed(NativeMethods.qn_copy_to_host(_handle, source, destination, bytes));

    /// <summary>Queues a copy between two addresses of the GPU, which may be other engines'.</summary>
    /// <param name="source">The address of what is copied.</param>
    /// <param name="destination">The address that receives it; the two must not overlap.</param>
    /// <param name="bytes">How many bytes.</param>
    /// <inheritdoc cref="CopyToDevice(void*, ulong, nuint)"/>
    public void CopyOnDevice(ulong source, ulong destination, nuint bytes) =>
        Status.ThrowIfFailed(NativeMethods.qn_copy_on_device(_handle, source, destination, bytes));

    /// <summary>Ends the stream. Work that is queued in it is still done; another engine's stream is left alone.</summary>
    public void Dispose() => _handle.Dispose();

    private static void ThrowIfTooShort(long source, long destination)
    {
        if (destination < source)
        {
            throw new ArgumentException(
                $"Destination is too short: found {destination} elements, expected at least {source}.", nameof(destination));
        }
    }
}
