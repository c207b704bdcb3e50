using System.Diagnostics;
using Quant.Net.Tool.Bench;

namespace Quant.Net.Benchmarks;

/// <summary>How long the tool takes to look into a small model, beside a program that does nothing.</summary>
/// <param name="ToolSeconds">The median time of <c>quantnet inspect</c>.</param>
/// <param name="HelloSeconds">The median time of a program that writes a line, published in the same way.</param>
/// <param name="Difference">The median of the differences within a round.</param>
internal sealed record ToolStart(double ToolSeconds, double HelloSeconds, double Difference)
{
    /// <summary>Runs both in turn for some seconds.</summary>
    /// <param name="tool">The tool's assembly.</param>
    /// <param name="hello">The other program's.</param>
    /// <param name="model">The model to look into.</param>
    /// <param name="seconds">About how long to measure.</param>
    public static ToolStart Measure(string tool, string hello, string model, double seconds)
    {
        double[][] times = Interleaved.Time(
            [() => Run(tool, "inspect", model), () => Run(hello)], settle: null, seconds, CancellationToken.None);
        return new ToolStart(
            Median.Of(times[0]),
            Median.Of(times[1]),
            Median.Of(times[0].Zip(times[1], (toolSeconds, helloSeconds) => toolSeconds - helloSeconds)));
    }

    private static void Run(params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true })!;
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"dotnet {string.Join(' ', arguments)}: exit code {process.ExitCode}, expected 0");
        }
    }
}
