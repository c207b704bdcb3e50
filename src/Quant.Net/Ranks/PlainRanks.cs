using Quant.Net.IO;
using Quant.Net.Safetensors;

namespace Quant.Net.Ranks;

/// <summary>A plain tensor divided along one of its dimensions; -1: each rank has all of it.</summary>
internal sealed class PlainRanks(SafetensorsTensor tensor, int dimension, RankRanges ranges)
{
    public SafetensorsTensor Tensor => tensor;

    /// <summary>The shape of each rank's part.</summary>
    public long[] PartShape => [.. tensor.Shape.Select((length, at) => at == dimension ? ranges.PartLength : length)];

    /// <summary>Why a tensor has no such dimension to divide; null if it has.</summary>
    public static string? Problem(SafetensorsTensor tensor, int dimension) =>
        tensor.Shape.Count <= dimension || tensor.BitsPerElement % 8 != 0
            ? ErrorText.Invariant($"{tensor.Type} of the shape [{string.Join(", ", tensor.Shape)}] has no dimension {dimension} of whole bytes")
            : null;

    /// <summary>The bytes of a rank's part, from first to last: where they are in the tensor, or zeros (null).</summary>
    public IEnumerable<(long? Offset, long Count)> Pieces(int rank)
    {
        if (dimension < 0)
        {
            yield return (0, tensor.ByteLength);
            yield break;
        }

        long bytes = tensor.BitsPerElement / 8;
        long inner = tensor.Shape.Skip(dimension + 1).Aggregate(bytes, (product, length) => product * length);
        long outer = inner == 0 ? 0 : tensor.Shape.Take(dimension).Aggregate(1L, (product, length) => product * length);
        long length = tensor.Shape[dimension];
        for (long i = 0; i < outer; i++)
        {
            long filled = 0;
            foreach ((long first, long count) in ranges.Parts[rank])
            {
                filled += count;
                yield return (((i * length) + first) * inner, count * inner);
            }

            if (filled < ranges.PartLength)
            {
                yield return (null, (ranges.PartLength - filled) * inner);
            }
        }
    }
}
