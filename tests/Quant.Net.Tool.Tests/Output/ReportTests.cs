using Quant.Net.Tool.Output;
using Quant.Net.Tool.Tests.Support;

namespace Quant.Net.Tool.Tests.Output;

public class ReportTests
{
    [Fact]
    public void PlainTablesAreAlignedAndEndWithoutBlanks()
    {
        var output = new StringWriter { NewLine = "\n" };
        IReport report = new PlainReport(output);
        report.Heading("Tensors");
        report.Table(Sample());
        report.Heading("Then");
        report.Facts([("a", "1"), ("long", "2")]);
        report.Line("end");

        Assert.Equal(
            "Tensors\nName     Bytes  Note\nshort       12  first\nlonger  12,345\n\nThen\na     1\nlong  2\nend\n",
            output.ToString());
    }

    [Theory]
    [InlineData(40)]
    [InlineData(80)]
    [InlineData(120)]
    public void TerminalTablesKeepToTheWidth(int width)
    {
        string text = TerminalText.Of(width, report => report.Table(Sample(new string('x', 200))));

        Assert.All(text.Split('\n'), line => Assert.InRange(line.TrimEnd().Length, 0, width));
        Assert.Equal(200, text.Count(character => character == 'x'));
        Assert.Equal(width >= 100, text.Contains("first", StringComparison.Ordinal));
        Assert.Equal(width < 100, text.Contains("A terminal of 100 columns", StringComparison.Ordinal));
        Assert.Contains("Note", text, StringComparison.Ordinal);
    }

    // Rather less than everything in dots.
    [Theory]
    [InlineData(40)]
    [InlineData(60)]
    [InlineData(90)]
    [InlineData(200)]
    public void ColumnsThatDoNotFitAreLeftOutAndNamesStay(int width)
    {
        var table = new ReportTable(
            new Column("Module") { Wraps = true }, new Column("Count") { IsNumber = true }, new Column("Kind"), new Column("Shape") { IsNumber = true },
            new Column("Each rank") { IsNumber = true }, new Column("Remark") { Wraps = true });
        table.Add("model.layers.*.self_attn.q_proj", "32", "column, packed", "[4096, 4096]", "[1024, 4096]", "some words that may be broken");
        string text = TerminalText.Of(width, report => report.Table(table));
        Assert.DoesNotContain('…', text);
        Assert.All(text.Split('\n'), line => Assert.InRange(line.TrimEnd().Length, 0, width));
        Assert.Contains("Remark", text, StringComparison.Ordinal);
        Assert.Equal(width >= 90, text.Contains("column, packed", StringComparison.Ordinal));
        Assert.Equal(width == 200, text.Contains("[1024, 4096]", StringComparison.Ordinal));
        Assert.Equal(width < 200, text.Contains("columns shows also", StringComparison.Ordinal));
        Assert.Equal(width >= 60, text.Contains("model.layers.*.self_attn.q_proj", StringComparison.Ordinal));
    }

    // What matters most stays, and names are broken before it goes; what matters least goes where it is not shown in comfort.
    [Theory]
    [InlineData(30, "Kind")]
    [InlineData(60, "Kind", "Each rank")]
    [InlineData(80, "Kind", "Shape", "Each rank", "Remark")]
    [InlineData(120, "Count", "Kind", "Shape", "Each rank", "Remark")]
    public void ColumnsThatMatterLeastAreLeftOutFirst(int width, params string[] expected)
    {
        var table = new ReportTable(
            new Column("Module") { Wraps = true }, new Column("Count") { IsNumber = true }, new Column("Kind") { Priority = 3 },
            new Column("Shape") { IsNumber = true, Priority = 1 }, new Column("Each rank") { IsNumber = true, Priority = 2 },
            new Column("Remark") { Wraps = true, Priority = 1 });
        table.Add("model.layers.*.self_attn.q_proj", "32", "column", "4096 × 4096", "1024 × 4096", "some words that may be broken");
        string text = TerminalText.Of(width, report => report.Table(table));

        Assert.Equal(expected, TerminalText.Titles(text, "Count", "Kind", "Shape", "Each rank", "Remark"));
        Assert.All(text.Split('\n'), line => Assert.InRange(line.TrimEnd().Length, 0, width));
        Assert.DoesNotContain('…', text);
        int all = new ColumnWidths(table).ForAll;
        Assert.DoesNotContain("shows also", TerminalText.Of(all, report => report.Table(table)), StringComparison.Ordinal);
        Assert.Contains($"A terminal of {all} columns", TerminalText.Of(all - 1, report => report.Table(table)).ReplaceLineEndings(" "), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model.layers.*.self_attn.q_proj", 40, "model.layers.*.self_attn.q_proj")]
    [InlineData("model.layers.*.self_attn.q_proj", 20, "model.layers.*.self_", "attn.q_proj")]
    [InlineData("abcdefghij.k", 4, "abcd", "efgh", "ij.k")]
    [InlineData(".abcdef", 3, ".ab", "cde", "f")]
    [InlineData("größe.größe", 6, "größe.größe")]
    public void NamesAreBrokenBehindTheirParts(string name, int width, params string[] lines) =>
        Assert.Equal(string.Join('\n', lines), NameLines.Break(name, width));

    [Fact]
    public void TextFromFilesIsNeitherMarkupNorEscapeSequence()
    {
        string text = TerminalText.Of(100, report =>
        {
            report.Heading("[red]");
            report.Facts([("[bold]", "\u001b[2J[/]")]);
            report.Line("[link=x]");
            report.Table(Sample("[blue]\u001b[31m"));
        });

        Assert.Contains("[red]", text, StringComparison.Ordinal);
        Assert.Contains("[bold]", text, StringComparison.Ordinal);
        Assert.Contains("\\u{1B}[2J[/]", text, StringComparison.Ordinal);
        Assert.Contains("[link=x]", text, StringComparison.Ordinal);
        Assert.Contains("[blue]\\u{1B}[31m", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', text);
    }

    [Fact]
    public void ARowHasACellForEachColumn() =>
        Assert.Throws<ArgumentException>(() => new ReportTable(new Column("A"), new Column("B")).Add("only one"));

    private static ReportTable Sample(string name = "short")
    {
        var table = new ReportTable(
            new Column("Name") { Wraps = true },
            new Column("Bytes") { IsNumber = true },
            new Column("Note") { ShownFromWidth = 100 });
        table.Add(name, "12", new Cell("first", Tone.Good));
        table.Add("longer", "12,345", "");
        return table;
    }
}
