using Quant.Net.Gguf;

namespace Quant.Net.Quantization;

/// <summary>What becomes of a tensor, with all that is needed for it.</summary>
/// <param name="Source">The tensor.</param>
/// <param name="Plan">What the plan says.</param>
/// <param name="Importance">How much each column of each of its matrices matters; empty: nothing is known.</param>
internal sealed record QuantizeTask(SourceTensor Source, QuantizationPlanEntry Plan, ReadOnlyMemory<float> Importance)
{
    /// <summary>Its name.</summary>
    public string Name => Source.Stored.Name;

    /// <summary>Whether its bytes stay as they are.</summary>
    public bool IsCopy => Plan.IsCopy;

    /// <summary>Values of a row.</summary>
    public long RowLength => Plan.Tensor.RowLength;

    /// <summary>Rows, over all outer dimensions.</summary>
    public long RowCount => Plan.Tensor.ElementCount == 0 ? 0 : Plan.Tensor.ElementCount / RowLength;

    /// <summary>Rows of a matrix: those that share an importance.</summary>
    public long RowsOfMatrix => Plan.Tensor.Shape is [.., var rows, _] ? rows : 1;

    /// <summary>Bytes of a row as it is.</summary>
    public long SourceBytesOfRow => QuantFormats.Get(Plan.Tensor.Format).GetByteCount(RowLength);

    /// <summary>Bytes of a row as it will be.</summary>
    public long OutputBytesOfRow => QuantFormats.Get(Plan.Target).GetByteCount(RowLength);

    /// <summary>The tensor as the output declares it.</summary>
    public GgufEntry Entry => new(Name, IsCopy ? Source.Type : (uint)Plan.Target, Source.Dimensions, Plan.TargetBytes);

    /// <summary>How much each column of the matrix of a row matters; empty: nothing is known.</summary>
    public ReadOnlySpan<float> ImportanceOf(long row) => Importance.IsEmpty
        ? []
        : Importance.Span.Slice((int)(row / RowsOfMatrix % Plan.Tensor.MatrixCount * RowLength), (int)RowLength);
}
