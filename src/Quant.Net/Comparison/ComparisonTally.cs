namespace Quant.Net.Comparison;

/// <summary>Gathers the errors of tensors, of each format and of all.</summary>
internal sealed class ComparisonTally
{
    private readonly ErrorSums _total = new();
    private readonly SortedDictionary<string, (int Tensors, long Bytes, ErrorSums Sums)> _formats = new(StringComparer.Ordinal);
    private readonly List<TensorComparison> _tensors = [];

    /// <summary>The tensors, in the order in which they came.</summary>
    public IReadOnlyList<TensorComparison> Tensors => _tensors;

    /// <summary>Sums over the tensors of each format.</summary>
    public IReadOnlyList<FormatComparison> Formats => [.. _formats.Select(format => new FormatComparison(
        format.Key, format.Value.Tensors, format.Value.Bytes, new ErrorStatistics(format.Value.Sums)))];

    /// <summary>Sums over all tensors.</summary>
    public ErrorStatistics Total => new(_total);

    /// <summary>Adds a tensor.</summary>
    /// <param name="tensor">The tensor, with the statistics that the sums give.</param>
    /// <param name="sums">Its errors.</param>
    public void Add(TensorComparison tensor, ErrorSums sums)
    {
        _tensors.Add(tensor);
        (int before, long bytesBefore, ErrorSums formatSums) = _formats.GetValueOrDefault(tensor.OtherFormat, (0, 0, new ErrorSums()));
        formatSums.Add(sums, sameTensor: false);
        _formats[tensor.OtherFormat] = (before + 1, bytesBefore + tensor.OtherBytes, formatSums);
        _total.Add(sums, sameTensor: false);
    }
}
