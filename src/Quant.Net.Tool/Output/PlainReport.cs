using System.Text;

namespace Quant.Net.Tool.Output;

/// <summary>Aligned text without colour or limits of width: what pipes and files get.</summary>
internal sealed class PlainReport(TextWriter output) : IReport
{
    private const string Gap = "  ";

    // A block is set off by an empty line, except where it follows its heading or nothing at all.
    private bool _needsGap;

    public void Heading(string title)
    {
        StartBlock();
        output.WriteLine(SafeText.Escape(title));
        _needsGap = false;
    }

    public void Facts(IReadOnlyList<(string Label, Cell Value)> facts)
    {
        StartBlock();
        int width = facts.Count == 0 ? 0 : facts.Max(fact => fact.Label.Length);
        foreach ((string label, Cell value) in facts)
        {
            output.WriteLine($"{label.PadRight(width)}{Gap}{SafeText.Escape(value.Text)}");
        }
    }

    public void Table(ReportTable table)
    {
        StartBlock();
        List<string[]> lines = [[.. table.Columns.Select(column => column.Title)]];
        lines.AddRange(table.Rows.Select(row => row.Select(cell => SafeText.Escape(cell.Text)).ToArray()));
        int[] widths = [.. Enumerable.Range(0, table.Columns.Count).Select(i => lines.Max(line => line[i].Length))];

        var text = new StringBuilder();
        foreach (string[] line in lines)
        {
            text.Clear();
            for (int i = 0; i < line.Length; i++)
            {
                text.Append(i == 0 ? "" : Gap);
                text.Append(table.Columns[i].IsNumber ? line[i].PadLeft(widths[i]) : line[i].PadRight(widths[i]));
            }

            output.WriteLine(text.ToString().TrimEnd());
        }
    }

    public void Line(Cell text)
    {
        output.WriteLine(SafeText.Escape(text.Text));
        _needsGap = true;
    }

    private void StartBlock()
    {
        if (_needsGap)
        {
            output.WriteLine();
        }

        _needsGap = true;
    }
}
