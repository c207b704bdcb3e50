using System.Diagnostics;
using System.Globalization;

namespace Quant.Net.Benchmarks.Matrices;

/// <summary>The usual way to unpack GPTQ with torch or numpy, measured by <c>unpack.py</c> on the same shape.</summary>
/// <param name="With">What it was done with, and how many threads that had.</param>
/// <param name="Seconds">What it took.</param>
internal sealed record Unpack(string With, double Seconds)
{
    /// <summary>Measures it.</summary>
    /// <param name="python">The interpreter; it must have torch or numpy.</param>
    public static Unpack Measure(string python)
    {
        string script = Path.Combine(AppContext.BaseDirectory, "Matrices", "unpack.py");
        var start = new ProcessStartInfo(python, [script, $"{MatrixCase.Rows}", $"{MatrixCase.Columns}"]) { RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        string line = process.StandardOutput.ReadToEnd().Trim();
        process.WaitForExit();
        int space = line.IndexOf(' ', StringComparison.Ordinal);
        return process.ExitCode == 0 && space > 0
            ? new Unpack(line[(space + 1)..], double.Parse(line[..space], CultureInfo.InvariantCulture))
            : throw new InvalidOperationException($"{python} {script}: found '{line}', expected seconds and a name");
    }
}
