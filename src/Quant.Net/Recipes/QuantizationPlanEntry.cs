namespace Quant.Net;

/// <summary>What becomes of a tensor.</summary>
/// <param name="Tensor">The tensor.</param>
/// <param name="Wanted">The format that was chosen for it.</param>
/// <param name="Target">The format that it gets: another one if its rows are not whole blocks of the chosen one.</param>
/// <param name="Reason">Where the choice comes from.</param>
/// <param name="Note">What there is to say about it: why it stays, which option asks for it, why it gets another format; null: nothing.</param>
/// <param name="RequiresImportanceMatrix">Whether it cannot be quantized so without an importance matrix.</param>
public sealed record QuantizationPlanEntry(
    TensorDescription Tensor, QuantFormat Wanted, QuantFormat Target, QuantizationReason Reason, string? Note, bool RequiresImportanceMatrix)
{
    /// <summary>
    /// The relative error that the format makes, measured on some of the tensor's rows, if that is what it was chosen by; else null. If it
    /// is known how much columns matter, they count by that.
    /// </summary>
    public double? EstimatedError { get; init; }

    /// <summary>Whether its bytes stay as they are.</summary>
    public bool IsCopy => Target == Tensor.Format;

    /// <summary>Whether it gets another format than the chosen one.</summary>
    public bool IsSubstituted => Target != Wanted && Reason != QuantizationReason.Impossible;

    /// <summary>Bytes of the result.</summary>
    public long TargetBytes => IsCopy ? Tensor.ByteLength : QuantFormats.Get(Target).GetByteCount(Tensor.ElementCount);
}
