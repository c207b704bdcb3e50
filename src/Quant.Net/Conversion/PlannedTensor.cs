using Quant.Net.Gguf;

namespace Quant.Net.Conversion;

/// <summary>What becomes of a tensor.</summary>
/// <param name="Source">The tensor.</param>
/// <param name="Output">What its values become; its own format for those that are copied.</param>
/// <param name="Scales">What its values are multiplied by: one number for all, or one for each slice; null: nothing.</param>
internal sealed record PlannedTensor(GgufTensor Source, QuantFormat Output, float[]? Scales)
{
    /// <summary>Whether its bytes stay as they are.</summary>
    public bool IsCopy => Output == Source.Format && Scales is null;

    /// <summary>Bytes of the result.</summary>
    public long OutputBytes => IsCopy ? Source.ByteLength : QuantFormats.Get(Output).GetByteCount(Source.ElementCount);
}

/// <summary>The part of a tensor that is in work at a time: whole blocks.</summary>
/// <param name="Tensor">The tensor.</param>
/// <param name="FirstValue">Its first value.</param>
/// <param name="Values">The number of its values.</param>
internal readonly record struct TensorChunk(PlannedTensor Tensor, long FirstValue, int Values)
{
    /// <summary>Where its packed bytes begin within the tensor.</summary>
    public long SourceOffset => Tensor.Source.FormatInfo!.GetByteCount(FirstValue);

    /// <summary>The number of its packed bytes.</summary>
    public int SourceBytes => (int)Tensor.Source.FormatInfo!.GetByteCount(Values);

    /// <summary>The number of its bytes when decoded.</summary>
    public int OutputBytes => (int)QuantFormats.Get(Tensor.Output).GetByteCount(Values);

    /// <summary>Whether the tensor ends here.</summary>
    public bool IsLast => FirstValue + Values == Tensor.Source.ElementCount;

    /// <summary>
    /// Cuts a tensor so that neither packed bytes nor float32 values of a chunk are more than so many bytes. An empty tensor
    /// has one chunk without values.
    /// </summary>
    public static IEnumerable<TensorChunk> Cut(PlannedTensor tensor, int chunkBytes)
    {
        QuantFormatInfo format = tensor.Source.FormatInfo!;
        int largest = Math.Max(format.BytesPerBlock, format.ValuesPerBlock * sizeof(float));
        long values = (long)Math.Max(1, chunkBytes / largest) * format.ValuesPerBlock;
        long first = 0;
        do
        {
            yield return new TensorChunk(tensor, first, (int)Math.Min(values, tensor.Source.ElementCount - first));
            first += values;
        }
        while (first < tensor.Source.ElementCount);
    }
}
