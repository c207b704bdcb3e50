using System.Diagnostics;

namespace Quant.Net.Tool.Output;

/// <summary>Progress as lines of text, one every few seconds.</summary>
internal sealed class ProgressLines(TextWriter output, string title, string verb = "read")
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan _next = Interval;

    /// <summary>Notes how far the work is; may write a line.</summary>
    public void Report(long done, long total, long written = 0)
    {
        TimeSpan elapsed = _clock.Elapsed;
        if (elapsed < _next || total == 0)
        {
            return;
        }

        _next = elapsed + Interval;
        output.WriteLine(Line(done, total, elapsed, written));
    }

    /// <summary>One line: how much, how fast, how long still, and how large the output is so far, where it counts.</summary>
    public string Line(long done, long total, TimeSpan elapsed, long written = 0)
    {
        double rate = done / elapsed.TotalSeconds;
        string left = done == 0 ? "" : $", {Quantity.Forecast(TimeSpan.FromSeconds((total - done) / rate))} left";
        string soFar = written == 0 ? "" : $", {Quantity.Bytes(written)} so far";
        return $"{SafeText.Escape(title)}: {Quantity.Percent((double)done / total)} " +
            $"of {Quantity.Bytes(total)} {verb}, {Quantity.Rate(rate)}{left}{soFar}";
    }
}
