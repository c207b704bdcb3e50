namespace Quant.Net.Comparison;

/// <summary>Keeps the rows with the largest errors; of equal ones the first.</summary>
internal sealed class WorstRowList(int most)
{
    private readonly List<(long Row, double Errors, double Originals)> _rows = [];

    /// <summary>Considers a row: the squares of its errors and of its values. Rows come in their order.</summary>
    public void Consider(long row, double errors, double originals)
    {
        if (errors == 0 || most == 0 || (_rows.Count == most && errors <= _rows[^1].Errors))
        {
            return;
        }

        int place = _rows.FindIndex(kept => kept.Errors < errors);
        _rows.Insert(place < 0 ? _rows.Count : place, (row, errors, originals));
        if (_rows.Count > most)
        {
            _rows.RemoveAt(most);
        }
    }

    /// <summary>Considers rows of later chunks.</summary>
    public void Consider(WorstRowList rows) => rows._rows.ForEach(row => Consider(row.Row, row.Errors, row.Originals));

    /// <summary>The rows, the worst first.</summary>
    public IReadOnlyList<RowError> ToList(long columns) =>
        [.. _rows.Select(row => new RowError(row.Row, Math.Sqrt(row.Errors / columns), ErrorStatistics.Ratio(row.Errors, row.Originals)))];
}
