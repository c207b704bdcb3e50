using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Tests.Output;

public class ProgressTests
{
    [Fact]
    public void ALineSaysHowMuchHowFastAndHowLongStill() =>
        Assert.Equal(
            "out.gguf: 25.0 % of 8.00 GiB read, 205 MiB/s, 30 s left",
            new ProgressLines(TextWriter.Null, "out.gguf").Line(2L << 30, 8L << 30, TimeSpan.FromSeconds(10)));

    [Fact]
    public void NothingDoneYetGivesNoForecast() =>
        Assert.Equal(
            "out.gguf: 0.0 % of 1.00 KiB read, 0 B/s",
            new ProgressLines(TextWriter.Null, "out.gguf").Line(0, 1024, TimeSpan.FromSeconds(6)));

    // A title and a percentage, each with a blank behind it, the bar and the rest are one line.
    [Theory]
    [InlineData(40, "the-mode…", "")]
    [InlineData(60, "the-model-to-measur…", "30 s left")]
    [InlineData(80, "the-model-to-measure.gguf", "30 s left")]
    [InlineData(120, "the-model-to-measure.gguf", "30 s left, 205 MiB/s measured, 1.00 GiB so far")]
    public void WordsBesideABarAreCutToTheWidth(int width, string title, string rest)
    {
        const string Model = "the-model-to-measure.gguf";
        Assert.Equal((title, rest), (ProgressWords.Title(Model, width), ProgressWords.Rest(Model, width, ["30 s left", "205 MiB/s measured", "1.00 GiB so far"])));
        Assert.InRange($"{title} {new string('-', ProgressWords.BarWidth)} 100% {rest}".Length, 0, width);
        Assert.True(ProgressWords.Title("模型模型模型模型模型模型模型模型模型.gguf", width).Length < width / 3);   // two columns each
    }

    [Fact]
    public void QuickWorkPassesWithoutALine()
    {
        var output = new StringWriter();
        var lines = new ProgressLines(output, "out.gguf");
        for (int done = 0; done <= 100; done++)
        {
            lines.Report(done, 100);
        }

        Assert.Equal("", output.ToString());
    }
}
