using Quant.Net.Tool.Output;
using Spectre.Console;

namespace Quant.Net.Tool.Tests.Support;

/// <summary>What a terminal of some width shows.</summary>
internal static class TerminalText
{
    public static string Of(int width, Action<IReport> write)
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

    /// <summary>The titles of a table's columns that are shown, of a text that begins with it.</summary>
    public static string[] Titles(string text, params string[] titles) =>
        [.. titles.Where(title => text.TrimStart('\n').Split('\n').Take(3).Any(line => line.Contains(title, StringComparison.Ordinal)))];
}
