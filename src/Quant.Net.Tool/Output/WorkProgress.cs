using System.Diagnostics;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Quant.Net.Tool.Output;

/// <summary>Shows how far a long piece of work has come: a bar on a terminal, a line now and then elsewhere, or nothing.</summary>
internal static class WorkProgress
{
    /// <summary>Does the work with its progress shown.</summary>
    /// <param name="console">Where to; progress goes to the error stream.</param>
    /// <param name="quiet">Whether to show nothing.</param>
    /// <param name="title">What is being made.</param>
    /// <param name="work">The work; it reports bytes done of bytes in all.</param>
    public static Task<T> RunAsync<T>(ToolConsole console, bool quiet, string title, Func<Action<long, long>, Task<T>> work) =>
        quiet ? work((_, _) => { })
        : console.ErrorIsTerminal ? RunWithBarAsync(console, title, work)
        : work(new ProgressLines(console.Error, title).Report);

    private static Task<T> RunWithBarAsync<T>(ToolConsole console, string title, Func<Action<long, long>, Task<T>> work) =>
        console.CreateErrorTerminal().Progress()
            .AutoClear(true)
            .Columns(
                new TaskDescriptionColumn(),
                new ProgressBarColumn { Width = 24 },
                new PercentageColumn(),
                new TextColumn(task => task.Speed is { } speed ? Quantity.Rate(speed) : ""),
                new TextColumn(task => task.RemainingTime is { } time ? $"{Quantity.Duration(time)} left" : ""))
            .StartAsync(context =>
            {
                ProgressTask task = context.AddTask(Markup.Escape(SafeText.Shorten(title, 30)));
                return work((done, total) =>
                {
                    task.MaxValue = Math.Max(total, 1);
                    task.Value = done;
                });
            });

    /// <summary>A column that says something of the work in words.</summary>
    private sealed class TextColumn(Func<ProgressTask, string> text) : ProgressColumn
    {
        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) => new Text(text(task));
    }
}

/// <summary>Progress as lines of text, one every few seconds.</summary>
internal sealed class ProgressLines(TextWriter output, string title)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan _next = Interval;

    /// <summary>Notes how far the work is; may write a line.</summary>
    public void Report(long done, long total)
    {
        TimeSpan elapsed = _clock.Elapsed;
        if (elapsed < _next || total == 0)
        {
            return;
        }

        _next = elapsed + Interval;
        output.WriteLine(Line(done, total, elapsed));
    }

    /// <summary>One line: how much, how fast, how long still.</summary>
    public string Line(long done, long total, TimeSpan elapsed)
    {
        double rate = done / elapsed.TotalSeconds;
        string left = done == 0 ? "" : $", {Quantity.Duration(TimeSpan.FromSeconds((total - done) / rate))} left";
        return $"{SafeText.Escape(title)}: {Quantity.Percent((double)done / total)} " +
            $"of {Quantity.Bytes(total)}, {Quantity.Rate(rate)}{left}";
    }
}
