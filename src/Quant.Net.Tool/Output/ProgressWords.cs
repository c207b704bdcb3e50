using Spectre.Console.Rendering;

namespace Quant.Net.Tool.Output;

/// <summary>
/// The words beside a progress bar, cut so that all stay on one line: title, bar, percentage and the rest, with a blank between them.
/// </summary>
internal static class ProgressWords
{
    /// <summary>The width of the bar, which is never cut.</summary>
    public const int BarWidth = 24;

    private const int LongestTitle = 30;
    private const int WidthOfPercentage = 4;   // "100%"

    /// <summary>What is being made: at most a third of the line, for the rest tells more.</summary>
    public static string Title(string title, int width)
    {
        int limit = Math.Clamp(Math.Min(width / 3, RoomBesideBar(width)), 1, LongestTitle);
        var text = new Segment(SafeText.Escape(title));
        return text.CellCount() <= limit ? text.Text : $"{Segment.Truncate(text, limit - 1)?.Text}…";
    }

    /// <summary>As many of the texts as have room, the first ones first.</summary>
    public static string Rest(string title, int width, IEnumerable<string> texts)
    {
        int room = RoomBesideBar(width) - new Segment(Title(title, width)).CellCount();
        string rest = "";
        foreach (string text in texts.Where(text => text.Length > 0))
        {
            string longer = rest.Length == 0 ? text : $"{rest}, {text}";
            if (longer.Length > room)
            {
                break;
            }

            rest = longer;
        }

        return rest;
    }

    private static int RoomBesideBar(int width) => width - BarWidth - WidthOfPercentage - 3;
}
