namespace Quant.Net.Tool.Output;

/// <summary>Where a command shows its results to people. All text may come from files; the report makes it safe.</summary>
internal interface IReport
{
    /// <summary>The title of what follows.</summary>
    void Heading(string title);

    /// <summary>Labels with their values.</summary>
    void Facts(IReadOnlyList<(string Label, Cell Value)> facts);

    /// <summary>A table.</summary>
    void Table(ReportTable table);

    /// <summary>A line of text.</summary>
    void Line(Cell text);
}
