using System.Diagnostics;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Bench;

/// <summary>Says every few seconds how far the measuring is. Only between steps: nothing else is to run while it measures.</summary>
internal sealed class BenchProgress(TextWriter output, int steps)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan _next = Interval;
    private int _done;

    /// <summary>Notes that one more step is done; may write a line.</summary>
    public void StepDone()
    {
        _done++;
        TimeSpan elapsed = _clock.Elapsed;
        if (elapsed >= _next)
        {
            _next = elapsed + Interval;
            TimeSpan left = elapsed * (steps - _done) / _done;
            output.WriteLine($"bench: {Quantity.Percent((double)_done / steps)}, {Quantity.Duration(left)} left");
        }
    }
}
