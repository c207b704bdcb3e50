using System.Runtime.CompilerServices;
using Quant.Net.Cuda;
using Quant.Net.Native;

namespace Quant.Net;

// What only GPUs have.
public sealed unsafe partial class QuantDevice
{
    /// <summary>GPU: its memory, now.</summary>
    /// <returns>Free and all bytes.</returns>
    /// <exception cref="NotSupportedException">The device is the CPU.</exception>
    /// <exception cref="QuantNetException">The driver reports an error.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed of.</exception>
    public (long Free, long Total) GetMemory()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ulong free, total;
        Status.ThrowIfFailed(NativeMethods.qn_device_memory(_handle, &free, &total));
        return ((long)free, (long)total);
    }

    /// <summary>GPU: makes a stream. It does not wait for the default stream.</summary>
    /// <returns>The stream; dispose of it after use.</returns>
    /// <exception cref="NotSupportedException">The device is the CPU.</exception>
    /// <exception cref="QuantNetException">The driver reports an error.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed of.</exception>
    public CudaStream CreateStream()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Status.ThrowIfFailed(NativeMethods.qn_stream_create(_handle, out StreamHandle stream));
        return new CudaStream(stream);
    }

    /// <summary>GPU: queues work in a stream of another engine, which stays that engine's.</summary>
    /// <param name="handle">A <c>CUstream</c> or <c>cudaStream_t</c>; 0 is the default stream.</param>
    /// <returns>The stream. Disposing of it leaves the engine's alone.</returns>
    /// <exception cref="ArgumentException">The stream is of another device or context.</exception>
    /// <exception cref="NotSupportedException">The device is the CPU.</exception>
    /// <exception cref="QuantNetException">The driver reports an error.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed of.</exception>
    public CudaStream UseStream(ulong handle)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Status.ThrowIfFailed(NativeMethods.qn_stream_from_native(_handle, handle, out StreamHandle stream), nameof(handle));
        return new CudaStream(stream);
    }

    /// <summary>GPU: makes an event.</summary>
    /// <returns>The event; dispose of it after use.</returns>
    /// <exception cref="NotSupportedException">The device is the CPU.</exception>
    /// <exception cref="QuantNetException">The driver reports an error.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed of.</exception>
    public CudaEvent CreateEvent()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Status.ThrowIfFailed(NativeMethods.qn_event_create(_handle, out EventHandle point));
        return new CudaEvent(point);
    }

    /// <summary>GPU: allocates memory of the GPU. Its content is undefined.</summary>
    /// <typeparam name="T">What the elements are.</typeparam>
    /// <param name="length">How many there are.</param>
    /// <returns>The memory; dispose of it after use.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is not positive, or more than can be counted.</exception>
    /// <exception cref="NotSupportedException">The device is the CPU.</exception>
    /// <exception cref="OutOfMemoryException">There is not so much; the message tells what was asked for and what is free.</exception>
    /// <exception cref="QuantNetException">The driver reports another error.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed of.</exception>
    public DeviceBuffer<T> Allocate<T>(long length)
        where T : unmanaged =>
        new(AllocateBuffer<T>(NativeMemoryKind.Device, length), length);

    /// <summary>GPU: allocates pinned memory of the host. Its content is undefined.</summary>
    /// <inheritdoc cref="Allocate{T}(long)"/>
    public PinnedBuffer<T> AllocatePinned<T>(long length)
        where T : unmanaged =>
        new(AllocateBuffer<T>(NativeMemoryKind.Host, length), length);

    /// <summary>
    /// GPU: decodes whole blocks from memory of the host to <see cref="float"/> in the GPU's memory, the way to load a model. Returns when
    /// that is done.
    /// </summary>
    /// <param name="format">The format of the source.</param>
    /// <param name="source">Packed blocks.</param>
    /// <param name="destination">Receives the values, in order. What is beyond them is left alone.</param>
    /// <exception cref="ArgumentException"><paramref name="format"/> is unknown.</exception>
    /// <exception cref="ArgumentException"><paramref name="source"/> is not whole blocks.</exception>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is too short.</exception>
    /// <exception cref="NotSupportedException">The device is the CPU.</exception>
    /// <exception cref="OutOfMemoryException">There is no memory for staging; see <see cref="QuantDeviceOptions.MemoryLimit"/>.</exception>
    /// <exception cref="QuantNetException">The driver reports another error.</exception>
    /// <exception cref="ObjectDisposedException">The device or the buffer was disposed of.</exception>
    public void Dequantize(QuantFormat format, ReadOnlySpan<byte> source, DeviceBuffer<float> destination) =>
        DequantizeToDevice(format, source, QuantFormat.F32, destination);

    /// <summary>GPU: decodes whole blocks from memory of the host to <see cref="Half"/> in the GPU's memory.</summary>
    /// <inheritdoc cref="Dequantize(QuantFormat, ReadOnlySpan{byte}, DeviceBuffer{float})"/>
    public void Dequantize(QuantFormat format, ReadOnlySpan<byte> source, DeviceBuffer<Half> destination) =>
        DequantizeToDevice(format, source, QuantFormat.F16, destination);

    /// <summary>GPU: decodes whole blocks from memory of the host to <see cref="BFloat16"/> in the GPU's memory.</summary>
    /// <inheritdoc cref="Dequantize(QuantFormat, ReadOnlySpan{byte}, DeviceBuffer{float})"/>
    public void Dequantize(QuantFormat format, ReadOnlySpan<byte> source, DeviceBuffer<BFloat16> destination) =>
        DequantizeToDevice(format, source, QuantFormat.BF16, destination);

    /// <summary>GPU: decodes whole blocks from memory of the host to an address of the GPU. Returns when that is done.</summary>
    /// <remarks>Addresses of the GPU cannot be checked: a wrong one loses the device for the whole process.</remarks>
    /// <param name="format">The format of the source.</param>
    /// <param name="source">Packed blocks, at any address, such as a tensor's in a mapped file.</param>
    /// <param name="sourceBytes">Their size in bytes.</param>
    /// <param name="output"><see cref="QuantFormat.F32"/>, <see cref="QuantFormat.F16"/> or <see cref="QuantFormat.BF16"/>.</param>
    /// <param name="destination">The address of the GPU that receives the values.</param>
    /// <param name="destinationBytes">The room there in bytes.</param>
    /// <exception cref="ArgumentException">A format is unknown, the source is not whole blocks, or the destination is too short.</exception>
    /// <exception cref="NotSupportedException">The device is the CPU.</exception>
    /// <exception cref="OutOfMemoryException">There is no memory for staging; see <see cref="QuantDeviceOptions.MemoryLimit"/>.</exception>
    /// <exception cref="QuantNetException">The driver reports another error.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed of.</exception>
    public void DequantizeToDevice(
        QuantFormat format, void* source, nuint sourceBytes, QuantFormat output, ulong destination, nuint destinationBytes)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Status.ThrowIfFailed(
            NativeMethods.qn_dequantize_to_device(_handle, format, source, sourceBytes, output, destination, destinationBytes));
    }

    private void DequantizeToDevice<T>(QuantFormat format, ReadOnlySpan<byte> source, QuantFormat output, DeviceBuffer<T> destination)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(destination);
        fixed (byte* from = source)
        {
            DequantizeToDevice(format, from, (nuint)source.Length, output, destination.Address, destination.ByteLength);
        }
    }

    private BufferHandle AllocateBuffer<T>(NativeMemoryKind memory, long length)
        where T : unmanaged
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, long.MaxValue / Unsafe.SizeOf<T>());
        nuint bytes = (nuint)length * (nuint)Unsafe.SizeOf<T>();
        Status.ThrowIfFailed(NativeMethods.qn_buffer_create(_handle, memory, bytes, out BufferHandle buffer));
        return buffer;
    }
}
