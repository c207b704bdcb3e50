using System.Text;
using Spectre.Console;

namespace Quant.Net.Tool.Output;

/// <summary>
/// The two streams of the process. Results go to <see cref="Out"/>, everything else to <see cref="Error"/>; each is shown
/// with tables and colour on a terminal and as plain text elsewhere.
/// </summary>
internal sealed class ToolConsole : IDisposable
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    public ToolConsole()
    {
        Out = new StreamWriter(StandardStream.ForResults(), Utf8, bufferSize: 1 << 16);
        Error = new StreamWriter(StandardStream.ForMessages(), Utf8) { AutoFlush = true };
        bool isDumb = Environment.GetEnvironmentVariable("TERM") is "dumb";
        OutIsTerminal = !Console.IsOutputRedirected && !isDumb;
        ErrorIsTerminal = !Console.IsErrorRedirected && !isDumb;
    }

    /// <summary>Results, buffered; <see cref="Flush"/> when the command is done.</summary>
    public StreamWriter Out { get; }

    /// <summary>Messages and progress; what cannot be written is lost.</summary>
    public TextWriter Error { get; }

    public bool OutIsTerminal { get; }

    public bool ErrorIsTerminal { get; }

    /// <summary>Where results for people go.</summary>
    public IReport CreateReport() => OutIsTerminal ? new TerminalReport(CreateAnsi(Out)) : new PlainReport(Out);

    /// <summary>The terminal behind <see cref="Error"/>, for a progress bar.</summary>
    public IAnsiConsole CreateErrorTerminal() => CreateAnsi(Error);

    /// <summary>Writes a result that is no text of this tool's, such as one from a file, as it is.</summary>
    public void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        Out.Flush();
        Out.BaseStream.Write(bytes);
    }

    /// <summary>A message for people, on one line whatever it quotes.</summary>
    public void Complain(string message) => Error.WriteLine($"quantnet: {SafeText.Escape(message)}");

    /// <summary>Warnings, each on a line.</summary>
    public void Warn(IEnumerable<string> warnings)
    {
        foreach (string warning in warnings)
        {
            Complain($"warning: {warning}");
        }
    }

    /// <summary>Hands all results on, so that a full disk behind them is noticed while it can still be reported.</summary>
    public void Flush() => Out.Flush();

    public void Dispose()
    {
        Error.Dispose();

        // Not Out: disposing it would try once more to write what Flush has failed to write.
    }

    private static IAnsiConsole CreateAnsi(TextWriter writer) => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Out = new AnsiConsoleOutput(writer),
        Ansi = AnsiSupport.Yes,
        Interactive = InteractionSupport.Yes,
    });
}
