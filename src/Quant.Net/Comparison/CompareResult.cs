namespace Quant.Net;

/// <summary>How the weights of two models differ.</summary>
public sealed class CompareResult
{
    /// <summary>The tensors that were compared, in the order of the original.</summary>
    public required IReadOnlyList<TensorComparison> Tensors { get; init; }

    /// <summary>Sums over the tensors that have one format in the other model, in the order of their names.</summary>
    public required IReadOnlyList<FormatComparison> Formats { get; init; }

    /// <summary>The errors of all tensors together.</summary>
    public required ErrorStatistics Total { get; init; }

    /// <summary>Tensors that only the original has.</summary>
    public required IReadOnlyList<string> OnlyInOriginal { get; init; }

    /// <summary>Tensors that only the other model has.</summary>
    public required IReadOnlyList<string> OnlyInOther { get; init; }

    /// <summary>Why tensors that both have could not be compared, each in one line.</summary>
    public required IReadOnlyList<string> Faults { get; init; }

    /// <summary>What is odd about the models, each in one line.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>Bytes of both models that were read.</summary>
    public required long BytesRead { get; init; }

    /// <summary>The kernels that decoded.</summary>
    public required IReadOnlyList<string> Kernels { get; init; }

    /// <summary>How long it took.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>Whether each model has every tensor of the other, and all could be compared.</summary>
    public bool IsComplete => OnlyInOriginal.Count == 0 && OnlyInOther.Count == 0 && Faults.Count == 0;
}

/// <summary>How a tensor differs.</summary>
/// <param name="Name">Its name.</param>
/// <param name="OriginalFormat">Its format in the original.</param>
/// <param name="OtherFormat">Its format in the other model.</param>
/// <param name="Shape">Its dimensions, outermost first.</param>
/// <param name="OriginalBytes">What it takes in the original.</param>
/// <param name="OtherBytes">What it takes in the other model.</param>
/// <param name="Error">Its errors.</param>
/// <param name="WorstRows">Its rows with the largest errors, the worst first; rows without any are not listed.</param>
public sealed record TensorComparison(
    string Name, string OriginalFormat, string OtherFormat, IReadOnlyList<long> Shape, long OriginalBytes, long OtherBytes,
    ErrorStatistics Error, IReadOnlyList<RowError> WorstRows);

/// <summary>A row with its error.</summary>
/// <param name="Row">The row, over all outer dimensions, from 0.</param>
/// <param name="Rmse">The root of the mean square of its errors.</param>
/// <param name="RelativeError">The same, divided by that of the original's values.</param>
public sealed record RowError(long Row, double Rmse, double RelativeError);

/// <summary>How the tensors of a format differ.</summary>
/// <param name="Format">The format in the other model.</param>
/// <param name="TensorCount">How many tensors have it.</param>
/// <param name="OtherBytes">What they take.</param>
/// <param name="Error">Their errors.</param>
public sealed record FormatComparison(string Format, int TensorCount, long OtherBytes, ErrorStatistics Error);
