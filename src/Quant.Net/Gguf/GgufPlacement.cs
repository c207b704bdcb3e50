using Quant.Net.IO;

namespace Quant.Net.Gguf;

/// <summary>
/// Where the tensors of a file lie. Their data follow each other in the order of the list, each padded to the alignment,
/// without gaps or overlaps, and end within the file.
/// </summary>
internal static class GgufPlacement
{
    /// <summary>Makes the tensors of a part, or throws if their data are not where they must be.</summary>
    public static IEnumerable<GgufTensor> Place(GgufPart part, GgufHead head)
    {
        ulong expected = 0;
        for (int i = 0; i < head.Tensors.Count; i++)
        {
            GgufTensorEntry entry = head.Tensors[i];
            if (entry.Offset != expected)
            {
                throw Fault(part, entry,
                    $"data offset is {entry.Offset}, expected {expected}: data follow each other, padded to {head.Alignment}");
            }

            long start = checked(head.DataOffset + (long)entry.Offset);
            long? known = ByteLength(part, entry);
            long length = known ?? UnknownByteLength(part, head, i, start);
            long end = length > long.MaxValue - start ? long.MaxValue : start + length;
            if (end > part.Length)
            {
                throw Fault(part, entry, $"data end at byte {end}, but the file has {part.Length} bytes (truncated download?)");
            }

            expected = known is null ? entry.Offset + (ulong)length : GgufLayout.Pad(entry.Offset + (ulong)length, head.Alignment);
            yield return new GgufTensor(part, entry.Name, entry.Type, entry.Dimensions, start, length);
        }
    }

    /// <summary>Bytes of a tensor whose type is known; null if it is not.</summary>
    private static long? ByteLength(GgufPart part, GgufTensorEntry entry)
    {
        if (GgufLayout.Format(entry.Type) is not { } format)
        {
            return null;
        }

        long row = entry.Dimensions.Length == 0 ? 1 : entry.Dimensions[0];
        if (row % format.ValuesPerBlock != 0)
        {
            throw Fault(part, entry, $"rows have {row} values, but blocks of {format.Name} have {format.ValuesPerBlock}");
        }

        UInt128 bytes = (UInt128)(entry.Elements / format.ValuesPerBlock) * (uint)format.BytesPerBlock;
        return bytes <= long.MaxValue ? (long)bytes : throw Fault(part, entry, $"data have {bytes} bytes, more than any file holds");
    }

    /// <summary>A tensor of unknown type reaches to the next one's data, the last to the end of the file.</summary>
    private static long UnknownByteLength(GgufPart part, GgufHead head, int index, long start)
    {
        GgufTensorEntry entry = head.Tensors[index];
        if (index + 1 == head.Tensors.Count)
        {
            return start <= part.Length
                ? part.Length - start
                : throw Fault(part, entry, $"data begin at byte {start}, but the file has {part.Length} bytes (truncated download?)");
        }

        GgufTensorEntry next = head.Tensors[index + 1];
        ulong longest = (ulong)Math.Max(0, part.Length - head.DataOffset);
        return next.Offset >= entry.Offset && next.Offset <= longest && next.Offset % head.Alignment == 0
            ? (long)(next.Offset - entry.Offset)
            : throw Fault(part, next,
                $"data offset is {next.Offset}, expected a multiple of {head.Alignment} from {entry.Offset} to {longest}");
    }

    private static ModelFormatException Fault(GgufPart part, GgufTensorEntry entry, FormattableString what) =>
        ModelFormatException.In(part.Path, $"tensor {ErrorText.Quote(entry.Name)}: {ErrorText.Invariant(what)}");
}
