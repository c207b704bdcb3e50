using Spectre.Console;
using Spectre.Console.Rendering;

namespace Quant.Net.Tool.Output;

/// <summary>Tables and a little colour for a person at a terminal.</summary>
internal sealed class TerminalReport(IAnsiConsole console) : IReport
{
    // Where columns have to go, one that can be broken into lines keeps so much: a name, or some words.
    private const int LeastWrapped = 20;

    // What the border of tables takes beside each column, and beside all.
    private const int ColumnPadding = 3, TablePadding = 1;

    private bool _needsGap;

    public void Heading(string title)
    {
        StartBlock();
        console.Write(Render(new Cell(title, Tone.Strong)));
        console.WriteLine();
        _needsGap = false;
    }

    public void Facts(IReadOnlyList<(string Label, Cell Value)> facts)
    {
        StartBlock();
        var grid = new Grid();
        grid.AddColumn(new GridColumn { NoWrap = true, Padding = new Padding(2, 0, 2, 0) });
        grid.AddColumn(new GridColumn { Padding = new Padding(0) });
        foreach ((string label, Cell value) in facts)
        {
            grid.AddRow(Render(new Cell(label, Tone.Dim)), Render(value));
        }

        console.Write(grid);
    }

    public void Table(ReportTable table)
    {
        StartBlock();
        int width = console.Profile.Width;
        IReadOnlyList<int> all = [.. Enumerable.Range(0, table.Columns.Count)], shown = ColumnsWithin(width, table);
        Column[] hidden = [.. all.Except(shown).Select(i => table.Columns[i])];

        var view = new Table { Border = TableBorder.Simple, BorderStyle = new Style(decoration: Decoration.Dim) };
        foreach (int i in shown)
        {
            Column column = table.Columns[i];
            view.AddColumn(new TableColumn(Render(new Cell(column.Title, Tone.Dim)))
            {
                Alignment = column.IsNumber ? Justify.Right : Justify.Left,
                NoWrap = !column.Wraps,
            });
        }

        foreach (Cell[] row in table.Rows)
        {
            view.AddRow(shown.Select(i => Render(row[i])));
        }

        console.Write(view);
        _needsGap = false;
        if (hidden.Length > 0)
        {
            string titles = string.Join(", ", hidden.Select(column => column.Title));
            int needed = Math.Max(hidden.Max(column => column.ShownFromWidth), WidthOf(table, all));
            Line(new Cell($"A terminal of {needed} columns shows also: {titles}", Tone.Dim));
        }
    }

    /// <summary>The columns that fit. What names the rows stays, and what can be broken into lines; of the others the last ones go first.</summary>
    private static List<int> ColumnsWithin(int width, ReportTable table)
    {
        List<int> shown = [.. Enumerable.Range(0, table.Columns.Count).Where(i => table.Columns[i].ShownFromWidth <= width)];
        while (WidthOf(table, shown) > width && shown.FindLastIndex(i => i > 0 && !table.Columns[i].Wraps) is >= 0 and var last)
        {
            shown.RemoveAt(last);
        }

        return shown;
    }

    private static int WidthOf(ReportTable table, IReadOnlyList<int> columns) =>
        columns.Sum(i => WidthOf(table, i) + ColumnPadding) + TablePadding;

    private static int WidthOf(ReportTable table, int column)
    {
        int widest = table.Rows.Select(row => SafeText.Escape(row[column].Text)).Append(table.Columns[column].Title).Max(text => text.GetCellWidth());
        return table.Columns[column].Wraps ? Math.Min(widest, LeastWrapped) : widest;
    }

    public void Line(Cell text)
    {
        console.Write(new Padder(Render(text), new Padding(2, 0, 0, 0)));
        _needsGap = true;
    }

    private void StartBlock()
    {
        if (_needsGap)
        {
            console.WriteLine();
        }

        _needsGap = true;
    }

    // Text, not Markup: what comes from a file is never read as markup.
    private static Text Render(Cell cell) => new(SafeText.Escape(cell.Text), StyleOf(cell.Tone));

    private static Style StyleOf(Tone tone) => tone switch
    {
        Tone.Strong => new Style(decoration: Decoration.Bold),
        Tone.Dim => new Style(decoration: Decoration.Dim),
        Tone.Good => new Style(Color.Green),
        Tone.Warning => new Style(Color.Yellow),
        Tone.Bad => new Style(Color.Red),
        _ => Style.Plain,
    };
}
