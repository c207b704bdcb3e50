namespace Quant.Net.Tool.Output;

/// <summary>A column of a table.</summary>
/// <param name="Title">What stands above it.</param>
internal sealed record Column(string Title)
{
    /// <summary>Whether its cells are numbers, which stand at the right.</summary>
    public bool IsNumber { get; init; }

    /// <summary>Whether its cells may be broken into lines where the terminal is too narrow.</summary>
    public bool Wraps { get; init; }

    /// <summary>How much it matters. Where a terminal has no room for all columns, those with the lowest numbers are left out first; of equal
    /// ones, those at the right.</summary>
    public int Priority { get; init; }

    /// <summary>The least width of a terminal that has room for this column. Output that is no terminal has it always.</summary>
    public int ShownFromWidth { get; init; }
}

/// <summary>Rows under columns.</summary>
internal sealed class ReportTable(params Column[] columns)
{
    private readonly List<Cell[]> _rows = [];

    public IReadOnlyList<Column> Columns { get; } = columns;

    public IReadOnlyList<Cell[]> Rows => _rows;

    /// <summary>Adds a row: one cell for each column.</summary>
    public void Add(params Cell[] cells)
    {
        if (cells.Length != Columns.Count)
        {
            throw new ArgumentException($"a row of {cells.Length} cells in a table of {Columns.Count} columns", nameof(cells));
        }

        _rows.Add(cells);
    }
}
