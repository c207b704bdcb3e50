using Quant.Net.Native;

namespace Quant.Net.Cuda;

/// <summary>A point in the work of a stream. From <see cref="QuantDevice.CreateEvent"/>.</summary>
public sealed unsafe class CudaEvent : IDisposable
{
    internal CudaEvent(EventHandle handle) => Handle = handle;

    /// <summary>Whether the point has passed; true before the event is recorded.</summary>
    /// <exception cref="QuantNetException">The driver reports an error, perhaps of earlier work.</exception>
    /// <exception cref="ObjectDisposedException">The event was disposed of.</exception>
    public bool IsPassed
    {
        get
        {
            uint done;
            Status.ThrowIfFailed(NativeMethods.qn_event_query(Handle, &done));
            return done != 0;
        }
    }

    internal EventHandle Handle { get; }

    /// <summary>Waits until the point has passed.</summary>
    /// <exception cref="QuantNetException">The driver reports an error, perhaps of earlier work.</exception>
    /// <exception cref="ObjectDisposedException">The event was disposed of.</exception>
    public void Synchronize() => Status.ThrowIfFailed(NativeMethods.qn_event_synchronize(Handle));

    /// <summary>The time since an earlier event of the same device, both recorded and passed.</summary>
    /// <param name="start">The earlier event.</param>
    /// <returns>The time, to about half a microsecond.</returns>
    /// <exception cref="QuantNetException">One of the events was not recorded or has not passed.</exception>
    /// <exception cref="ObjectDisposedException">An event was disposed of.</exception>
    public TimeSpan ElapsedSince(CudaEvent start)
    {
        ArgumentNullException.ThrowIfNull(start);
        float milliseconds;
        Status.ThrowIfFailed(NativeMethods.qn_event_elapsed(start.Handle, Handle, &milliseconds));
        return TimeSpan.FromMilliseconds(milliseconds);
    }

    /// <summary>Ends the event.</summary>
    public void Dispose() => Handle.Dispose();
}
