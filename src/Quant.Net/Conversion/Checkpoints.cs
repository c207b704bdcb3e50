using System.Diagnostics;
using Quant.Net.IO;

namespace Quant.Net.Conversion;

/// <summary>Counts the chunks of work that can be resumed: passes over those that are done, and says now and then how many are.</summary>
/// <param name="log">Says what an earlier run has done; null if the work cannot be resumed.</param>
/// <param name="writer">Writes the output.</param>
/// <param name="spacing">How much work at most is done anew.</param>
internal sealed class Checkpoints(ResumeLog? log, IModelWriter writer, CheckpointSpacing spacing)
{
    private int _chunksDone;
    private long _bytesSince;
    private long _last = Stopwatch.GetTimestamp();

    /// <summary>Bytes that an earlier run has written.</summary>
    public long BytesResumed { get; private set; }

    /// <summary>Passes over a chunk if an earlier run has done it.</summary>
    public bool Skip(string tensor, int bytes)
    {
        if (_chunksDone == (log?.Chunks ?? 0))
        {
            return false;
        }

        writer.Skip(tensor, bytes);
        BytesResumed += bytes;
        _chunksDone++;
        return true;
    }

    /// <summary>Takes note that a chunk is done.</summary>
    /// <param name="bytes">Its bytes in the output.</param>
    /// <param name="overflows">How many values of each tensor have become infinite so far.</param>
    /// <returns>What is to be done when it is written: now and then, say that it is on the disk.</returns>
    public Action Pass(int bytes, IReadOnlyDictionary<string, long> overflows)
    {
        _chunksDone++;
        _bytesSince += bytes;
        if (log is null || (_bytesSince < spacing.Bytes && Stopwatch.GetElapsedTime(_last) < spacing.Time))
        {
            return () => { };
        }

        // Copied, because the next chunk is worked on meanwhile.
        int chunks = _chunksDone;
        var counted = new Dictionary<string, long>(overflows);
        (_bytesSince, _last) = (0, Stopwatch.GetTimestamp());
        return () => log.Save(chunks, counted);
    }
}
