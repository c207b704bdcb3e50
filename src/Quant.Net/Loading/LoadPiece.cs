using Quant.Net.Conversion;

namespace Quant.Net.Loading;

/// <summary>The part of a tensor that is brought to the GPU at a time: whole blocks, or bytes of one that stays packed.</summary>
/// <param name="Tensor">The tensor's place in the plan.</param>
/// <param name="SourceOffset">Where its packed bytes begin within the tensor.</param>
/// <param name="SourceBytes">How many there are.</param>
/// <param name="OutputOffset">Where it begins within the tensor on the GPU.</param>
/// <param name="OutputBytes">How many bytes it has there.</param>
internal readonly record struct LoadPiece(int Tensor, long SourceOffset, int SourceBytes, long OutputOffset, long OutputBytes)
{
    // Pieces are multiples of so many blocks where they are that long, so that kernels see aligned addresses and whole tiles.
    private const int BlockMultiple = 256;

    /// <summary>Cuts a tensor so that no piece has more than so many packed bytes; none is left of an empty one.</summary>
    public static IEnumerable<LoadPiece> Cut(PlannedTensor tensor, int index, int mostBytes)
    {
        int sourceBlock = tensor.IsCopy ? 1 : tensor.Source.FormatInfo!.BytesPerBlock;
        long outputBlock = tensor.IsCopy ? 1 : QuantFormats.Get(tensor.Output).GetByteCount(tensor.Source.FormatInfo!.ValuesPerBlock);
        int most = mostBytes / sourceBlock;
        int step = most < BlockMultiple ? most : most / BlockMultiple * BlockMultiple;
        long blocks = tensor.Source.ByteLength / sourceBlock;
        for (long block = 0; block < blocks; block += step)
        {
            long count = Math.Min(step, blocks - block);
            yield return new LoadPiece(
                index, block * sourceBlock, (int)(count * sourceBlock), block * outputBlock, count * outputBlock);
        }
    }
}
