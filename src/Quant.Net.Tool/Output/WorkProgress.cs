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
    /// <param name="work">The work; it reports how far it is.</param>
    /// <param name="done">What is done with the bytes that are counted.</param>
    public static Task<T> RunAsync<T>(
        ToolConsole console, bool quiet, string title, Func<IProgress<ConversionProgress>?, Task<T>> work, string done = "read") =>
        quiet ? work(null)
        : console.ErrorIsTerminal ? RunWithBarAsync(console, title, work, done)
        : work(new Forward(new ProgressLines(console.Error, title, done).Report));

    private static Task<T> RunWithBarAsync<T>(
        ToolConsole console, string title, Func<IProgress<ConversionProgress>?, Task<T>> work, string done)
    {
        long written = 0;
        return console.CreateErrorTerminal().Progress()
            .AutoClear(true)
            .Columns(
                new TextColumn((_, width) => ProgressWords.Title(title, width)),
                new ProgressBarColumn { Width = ProgressWords.BarWidth },
                new PercentageColumn(),
                new TextColumn((task, width) => ProgressWords.Rest(title, width, [
                    task.RemainingTime is { } time ? $"{Quantity.Forecast(time)} left" : "",
                    task.Speed is { } speed ? $"{Quantity.Rate(speed)} {done}" : "",
                    written > 0 ? $"{Quantity.Bytes(written)} so far" : ""])))
            .StartAsync(context =>
            {
                ProgressTask task = context.AddTask("the work");   // no column shows that
                return work(new Forward((bytes, total, output) =>
                {
                    task.MaxValue = Math.Max(total, 1);
                    task.Value = bytes;
                    written = output;
                }));
            });
    }

    /// <summary>Hands progress on in the thread that reports it, unlike <see cref="Progress{T}"/>.</summary>
    private sealed class Forward(Action<long, long, long> report) : IProgress<ConversionProgress>
    {
        public void Report(ConversionProgress value) => report(value.BytesDone, value.BytesTotal, value.OutputBytesDone);
    }

    /// <summary>A column that says something of the work in words, in a terminal of some width.</summary>
    private sealed class TextColumn(Func<ProgressTask, int, string> text) : ProgressColumn
    {
        protected override bool NoWrap => true;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
            new Text(text(task, options.ConsoleSize.Width));
    }
}
