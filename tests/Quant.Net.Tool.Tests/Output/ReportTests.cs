using Quant.Net.Tool.Output;
using Spectre.Console;

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
        string text = Render(width, report => report.Table(Sample(new string('x', 200))));

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
        string text = Render(width, report => report.Table(table));
        Assert.DoesNotContain('…', text);
        Assert.All(text.Split('\n'), line => Assert.InRange(line.TrimEnd().Length, 0, width));
        Assert.Contains("Remark", text, StringComparison.Ordinal);
        Assert.Equal(width >= 90, text.Contains("column, packed", StringComparison.Ordinal));
        Assert.Equal(width == 200, text.Contains("[1024, 4096]", StringComparison.Ordinal));
        Assert.Equal(width < 200, text.Contains("columns shows also", StringComparison.Ordinal));
        Assert.Equal(width >= 60, text.Contains("model.layers.*.self_attn.q_proj", StringComparison.Ordinal));
    }

    [Fact]
    public void TextFromFilesIsNeitherMarkupNorEscapeSequence()
    {
        string text = Render(100, report =>
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

    private static string Render(int width, Action<IReport> write)
    {
        var output = new StringWriter { NewLine = "\n" };
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(output),
        });
        console.Profile.Width = width;
        write(new TerminalReport(console));
        return output.ToString();
    }
}
