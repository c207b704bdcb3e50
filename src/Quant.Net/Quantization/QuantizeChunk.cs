using Quant.Net.Comparison;

namespace Quant.Net.Quantization;

/// <summary>The part of a tensor that is in work at a time: whole rows, of one matrix where matrices differ in what matters; of a copy any bytes.</summary>
/// <param name="Task">The tensor.</param>
/// <param name="FirstRow">Its first row; of a copy 0.</param>
/// <param name="Rows">The number of its rows; of a copy 0.</param>
/// <param name="SourceOffset">Where its bytes begin within the tensor.</param>
/// <param name="SourceBytes">The number of its bytes.</param>
/// <param name="OutputBytes">The number of its bytes in the output.</param>
internal readonly record struct QuantizeChunk(
    QuantizeTask Task, long FirstRow, long Rows, long SourceOffset, int SourceBytes, int OutputBytes)
{
    /// <summary>More at a time is no faster: what is read is still in a cache when it is encoded, and so is what is encoded when it is written.</summary>
    private const int MostValues = 1 << 20;

    private const int BytesOfCopy = 4 << 20;

    /// <summary>Buffers for what is read, and for what is written.</summary>
    private const int Sides = 2;

    /// <summary>The number of its values; of a copy 0.</summary>
    public int Values => (int)(Rows * Task.RowLength);

    /// <summary>Whether the tensor ends here.</summary>
    public bool IsLast => SourceOffset + SourceBytes == Task.Plan.Tensor.ByteLength;

    /// <summary>Bytes of buffers for each row of a tensor.</summary>
    public static long MemoryOfRow(QuantizeTask task, bool measure)
    {
        long scratch = (task.IsCopy ? 0 : 1) + (measure ? ErrorMeter.BuffersOfChunk : 0);   // the encoder may need all as floats
        return (Sides * (task.SourceBytesOfRow + task.OutputBytesOfRow)) + (scratch * sizeof(float) * task.RowLength);
    }

    /// <summary>Cuts a tensor so that buffers for a chunk have no more than so many bytes together. An empty tensor has one chunk without bytes.</summary>
    public static IEnumerable<QuantizeChunk> Cut(QuantizeTask task, long memory, bool measure) =>
        IsOfRows(task, measure) ? CutRows(task, memory, measure) : CutBytes(task, memory);

    /// <summary>Whether chunks are whole rows: of what is encoded, and of a copy whose values are looked at.</summary>
    public static bool IsOfRows(QuantizeTask task, bool measure) =>
        !task.IsCopy || (measure && QuantFormats.TryGet(task.Plan.Tensor.Format, out _));

    private static IEnumerable<QuantizeChunk> CutBytes(QuantizeTask task, long memory)
    {
        long most = Math.Clamp(memory / Sides, 1, BytesOfCopy), done = 0;
        do
        {
            int bytes = (int)Math.Min(most, task.Plan.Tensor.ByteLength - done);
            yield return new QuantizeChunk(task, 0, 0, done, bytes, bytes);
            done += bytes;
        }
        while (done < task.Plan.Tensor.ByteLength);
    }

    private static IEnumerable<QuantizeChunk> CutRows(QuantizeTask task, long memory, bool measure)
    {
        long row = 0;
        do
        {
            long most = Math.Min(memory / Math.Max(1, MemoryOfRow(task, measure)), MostValues / Math.Max(1, task.RowLength));
            long left = task.Importance.IsEmpty ? task.RowCount - row : task.RowsOfMatrix - (row % task.RowsOfMatrix);
            long rows = Math.Min(Math.Max(1, most), left);
            yield return new QuantizeChunk(
                task, row, rows, row * task.SourceBytesOfRow, checked((int)(rows * task.SourceBytesOfRow)), checked((int)(rows * task.OutputBytesOfRow)));
            row += rows;
        }
        while (row < task.RowCount);
    }
}
