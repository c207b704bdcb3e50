using Spectre.Console;

namespace Quant.Net.Tool.Output;

/// <summary>
/// Which columns of a table a terminal has room for, and how wide they are. What names the rows, in the first column, stays. Where there is
/// no room for all others, those that matter least are left out first; before one that matters is, names and texts are broken into more
/// lines than is comfortable.
/// </summary>
internal sealed class ColumnWidths(ReportTable table)
{
    // What can be broken into lines keeps so much in comfort and at least; names have so many hundredths of the terminal.
    private const int ComfortableText = 20, LeastText = 16, MostOfNames = 60;

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
            int[] all = [.. Enumerable.Range(0, table.Columns.Count)];
            int width = Math.Max(table.Columns.Max(column => column.ShownFromWidth), Sum(all, width: 0, isTight: true));
            while (ShownWithin(width).Count < all.Length)
            {
                width++;
            }

            return width;
        }
    }

    /// <summary>The columns that a terminal has room for.</summary>
    public IReadOnlyList<int> ShownWithin(int width)
    {
        List<int> shown = [.. Enumerable.Range(0, table.Columns.Count).Where(i => table.Columns[i].ShownFromWidth <= width)];
        bool isTight = false;
        while (shown.Count > 1 && Sum(shown, width, isTight) > width)
        {
            int least = shown.Skip(1).OrderBy(i => table.Columns[i].Priority).ThenBy(i => table.Columns[i].Wraps).ThenByDescending(i => i).First();
            if (!isTight && (table.Columns[least].Priority > 0 || table.Columns[least].Wraps))
            {
                isTight = true;
            }
            else
            {
                shown.Remove(least);
            }
        }

        return shown;
    }

    /// <summary>How wide these columns are: names take what they need first, then others from left to right.</summary>
    public IReadOnlyList<int> Of(IReadOnlyList<int> shown, int width)
    {
        bool isTight = Sum(shown, width, isTight: false) > width;
        int[] widths = [.. shown.Select(i => LeastOf(i, width, isTight))];
        int left = Math.Max(width - Sum(shown, width, isTight), 0);
        for (int at = 0; at < widths.Length; at++)
        {
            int more = Math.Min(_widest[shown[at]] - widths[at], left);
            widths[at] += more;
            left -= more;
        }

        return widths;
    }

    private int Sum(IReadOnlyList<int> columns, int width, bool isTight) => columns.Sum(i => LeastOf(i, width, isTight) + ColumnPadding) + TablePadding;

    private int LeastOf(int column, int width, bool isTight) => !table.Columns[column].Wraps ? _widest[column]
        : Math.Min(_widest[column], isTight ? LeastText : column == 0 ? Math.Max(width * MostOfNames / 100, ComfortableText) : ComfortableText);
}
