using Spectre.Console;
using Spectre.Console.Rendering;

namespace Quant.Net.Tool.Output;

/// <summary>Tables and a little colour for a person at a terminal.</summary>
internal sealed class TerminalReport(IAnsiConsole console) : IReport
{
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
        var widths = new ColumnWidths(table);
        IReadOnlyList<int> shown = widths.ShownWithin(width);
        Column[] hidden = [.. table.Columns.Where((_, i) => !shown.Contains(i))];

        var view = new Table { Border = TableBorder.Simple, BorderStyle = new Style(decoration: Decoration.Dim) };
        IReadOnlyList<int> columnWidths = widths.Of(shown, width);
        foreach ((int i, int columnWidth) in shown.Zip(columnWidths))
        {
            Column column = table.Columns[i];
            view.AddColumn(new TableColumn(Render(new Cell(column.Title, Tone.Dim)))
            {
                Alignment = column.IsNumber ? Justify.Right : Justify.Left,
                NoWrap = !column.Wraps,
                Width = column.Wraps ? columnWidth : null,
            });
        }

        foreach (Cell[] row in table.Rows)
        {
            view.AddRow(shown.Select(i => i == 0 && table.Columns[0].Wraps ? RenderName(row[0], columnWidths[0]) : Render(row[i])));
        }

        console.Write(view);
        _needsGap = false;
        if (hidden.Length > 0)
        {
            string titles = string.Join(", ", hidden.Select(column => column.Title));
            Line(new Cell($"A terminal of {widths.ForAll} columns shows also: {titles}", Tone.Dim));
        }
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
    private static Text RenderName(Cell cell, int width) => new(NameLines.Break(SafeText.Escape(cell.Text), width), StyleOf(cell.Tone));

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
