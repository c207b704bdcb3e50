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
