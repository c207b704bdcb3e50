using Quant.Net.Comparison;
using Quant.Net.IO;
using Quant.Net.Verification;

namespace Quant.Net.Budgets;

/// <summary>Some rows of a tensor, evenly apart: the same ones whenever it is asked.</summary>
internal sealed class TensorSample
{
    private readonly long[] _rows;
    private readonly ReadOnlyMemory<float> _importance;
    private readonly long _rowsOfMatrix;

    private TensorSample(long[] rows, float[] values, int columns, ReadOnlyMemory<float> importance, long rowsOfMatrix) =>
        (_rows, Values, Columns, _importance, _rowsOfMatrix) = (rows, values, columns, importance, rowsOfMatrix);

    /// <summary>The rows behind each other.</summary>
    public float[] Values { get; }

    /// <summary>Values of a row.</summary>
    public int Columns { get; }

    /// <summary>Bytes of memory for a value: as it is, as it becomes, and between, where no format has more than a float.</summary>
    public const int BytesOfValue = 3 * sizeof(float);

    /// <summary>Reads rows.</summary>
    /// <param name="weight">The tensor.</param>
    /// <param name="mostValues">About how many values.</param>
    /// <param name="matrices">The matrices in it that have an importance of their own.</param>
    /// <param name="importance">How much the columns of each count; empty: all alike.</param>
    /// <param name="allowNonFinite">Whether values may be NaN or infinite.</param>
    /// <param name="device">Decodes.</param>
    /// <exception cref="NotFiniteNumberException">A value is NaN or infinite.</exception>
    public static TensorSample Read(
        ComparedWeight weight, int mostValues, long matrices, ReadOnlyMemory<float> importance, bool allowNonFinite, QuantDevice device)
    {
        long count = Math.Min(weight.Rows, Math.Max(1, mostValues / Math.Max(1, weight.Columns)));
        int columns = checked((int)weight.Columns);
        long[] rows = [.. Enumerable.Range(0, checked((int)count)).Select(i => (long)(((2 * (Int128)i) + 1) * weight.Rows / (2 * count)))];
        float[] values = new float[checked(rows.Length * columns)];
        for (int i = 0; i < rows.Length; i++)
        {
            Span<float> row = values.AsSpan(i * columns, columns);
            if (!row.IsEmpty)
            {
                weight.Decode!(device, rows[i], 1, row);
            }

            int fault = allowNonFinite ? -1 : NonFinite.Count(row).First;
            if (fault >= 0)
            {
                throw new NotFiniteNumberException(ErrorText.Invariant(
                    $"{ErrorText.EscapePath(weight.Path)}: tensor {ErrorText.Quote(weight.Name)}: row {rows[i]}, column {fault} is {WordOf(row[fault], weight)}, expected a finite number"));
            }
        }

        return new TensorSample(rows, values, columns, importance, Math.Max(1, weight.Rows / matrices));
    }

    private static string WordOf(float value, ComparedWeight weight) =>
        float.IsNaN(value) ? "NaN" : weight.Format == nameof(QuantFormat.F64) ? "infinite or beyond float32" : "infinite";

    /// <summary>The rows in groups that share how much their columns count.</summary>
    public IEnumerable<(Range Values, ReadOnlyMemory<float> Importance)> Groups()
    {
        for (int first = 0, end; first < _rows.Length; first = end)
        {
            long matrix = _importance.IsEmpty ? 0 : _rows[first] / _rowsOfMatrix;
            for (end = first + 1; end < _rows.Length && (_importance.IsEmpty || _rows[end] / _rowsOfMatrix == matrix); end++)
            {
            }

            yield return (
                (first * Columns)..(end * Columns),
                _importance.IsEmpty ? default : _importance.Slice(checked((int)matrix * Columns), Columns));
        }
    }
}
