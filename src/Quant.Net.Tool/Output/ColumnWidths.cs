using Spectre.Console;

namespace Quant.Net.Tool.Output;

/// <summary>
/// Which columns of a table a terminal has room for, and how wide they are. What names the rows, in the first column, stays, and so does what
/// can be broken into lines; of the others the last ones are left out where all would be shortened to nothing.
/// </summary>
internal sealed class ColumnWidths(ReportTable table)
{
    // What can be broken into lines keeps so much, and names so many hundredths of the terminal.
    private const int LeastWrapped = 20, MostOfNames = 60;

    // What the border takes beside each column, and beside all.
    private const int ColumnPadding = 3, TablePadding = 1;

    private readonly int[] _widest =
    [
        .. table.Columns.Select((column, i) => table.Rows.Select(row => SafeText.Escape(row[i].Text)).Append(column.Title).Max(text => text.GetCellWidth())),
    ];

    /// <summary>The least terminal on which all columns are shown.</summary>
    public int ForAll
    {
        get
        {
            int others = Sum([.. Enumerable.Range(0, table.Columns.Count)], width: 0) - LeastOf(0, width: 0);
            int names = others + _widest[0], shared = (others * 100 / (100 - MostOfNames)) + 1;
            return Math.Max(table.Columns.Max(column => column.ShownFromWidth), table.Columns[0].Wraps ? Math.Min(names, shared) : names);
        }
    }

    /// <summary>The columns that a terminal has room for.</summary>
    public IReadOnlyList<int> ShownWithin(int width)
    {
        List<int> shown = [.. Enumerable.Range(0, table.Columns.Count).Where(i => table.Columns[i].ShownFromWidth <= width)];
        while (Sum(shown, width) > width && shown.FindLastIndex(i => i > 0 && !table.Columns[i].Wraps) is >= 0 and var last)
        {
            shown.RemoveAt(last);
        }

        return shown;
    }

    /// <summary>How wide these columns are: names take what they need first, then others from left to right.</summary>
    public IReadOnlyList<int> Of(IReadOnlyList<int> shown, int width)
    {
        int[] widths = [.. shown.Select(i => LeastOf(i, width))];
        int left = Math.Max(width - Sum(shown, width), 0);
        for (int at = 0; at < widths.Length; at++)
        {
            int more = Math.Min(_widest[shown[at]] - widths[at], left);
            widths[at] += more;
            left -= more;
        }

        return widths;
    }

    private int Sum(IReadOnlyList<int> columns, int width) => columns.Sum(i => LeastOf(i, width) + ColumnPadding) + TablePadding;

    private int LeastOf(int column, int width) =>
        table.Columns[column].Wraps ? Math.Min(_widest[column], column == 0 ? Math.Max(width * MostOfNames / 100, LeastWrapped) : LeastWrapped)
            : _widest[column];
}
