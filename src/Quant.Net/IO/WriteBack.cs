using Microsoft.Win32.SafeHandles;

namespace Quant.Net.IO;

/// <summary>
/// Sends what is written of a file to the disk while more is being written: at the end there is little left to wait for, and meanwhile the
/// system's memory does not fill with what the disk is slow to take.
/// </summary>
internal sealed class WriteBack(SafeFileHandle file)
{
    /// <summary>So much that what each flush costs a disk does not count, so little that the last one is short.</summary>
    internal const int BytesBetween = 16 << 20;

    private Task _flush = Task.CompletedTask;
    private long _bytes;

    /// <summary>Takes note of bytes that were written. Throws what the system has refused meanwhile.</summary>
    public void Add(int bytes)
    {
        _bytes += bytes;
        if (_bytes < BytesBetween || !_flush.IsCompleted)
        {
            return;
        }

        Wait();
        _bytes = 0;

        // A thread of its own, because those of the pool read and encode.
        _flush = Task.Factory.StartNew(
            () => RandomAccess.FlushToDisk(file), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Waits for what is on its way. Throws what the system has refused: it says so once, and a later flush succeeds.</summary>
    public void Wait() => _flush.GetAwaiter().GetResult();
}
