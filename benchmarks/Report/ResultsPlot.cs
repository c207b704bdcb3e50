using Quant.Net.Tool.Bench;

namespace Quant.Net.Benchmarks.Report;

/// <summary>
/// The results as a plot: for each format a bar for each instruction set, as a share of what memory allows; on the left in the
/// cache, on the right out of it. A mark shows the first peer.
/// </summary>
internal sealed class ResultsPlot(Results results)
{
    private const int NameWidth = 76;
    private const int PanelWidth = 400;
    private const int PanelGap = 40;
    private const int Top = 74;
    private const int BarHeight = 5;
    private const int RowGap = 7;

    // The scale goes beyond the limit: what is read from a cache may be faster than the roof's loop.
    private const double MostShare = 1.1;

    // Light to dark, so that they can be told apart without colour.
    private static readonly string[] Colours = ["#c6dbef", "#6baed6", "#2171b5", "#08306b"];

    private readonly Svg _svg = new();

    private int RowHeight => (results.Sets.Count * BarHeight) + RowGap;

    private int Bottom => Top + (results.Formats.Count * RowHeight);

    /// <summary>Draws the plot.</summary>
    /// <returns>The SVG document.</returns>
    public string Draw()
    {
        int second = NameWidth + PanelWidth + PanelGap;
        DrawLegend();
        DrawPanel(NameWidth, "In cache, to f32, one thread: share of memset", CachePlace.PlaceName);
        DrawPanel(second, "Out of cache, to f32, all threads: share of the roof", MemoryPlace.PlaceName);
        for (int row = 0; row < results.Formats.Count; row++)
        {
            _svg.Text(NameWidth - 8, RowTop(row) + ((RowHeight - RowGap) / 2) + 4, results.Formats[row], "end");
        }

        return _svg.Document(second + PanelWidth + PanelGap, Bottom + 40);
    }

    private void DrawLegend()
    {
        int x = NameWidth;
        for (int set = 0; set < results.Sets.Count; set++)
        {
            _svg.Rectangle(x, 14, 12, 12, Colours[set % Colours.Length]);
            _svg.Text(x + 18, 24, results.Sets[set]);
            x += 110;
        }

        if (results.Peers.Count > 0)
        {
            _svg.Line(x, 13, x, 27, "#d62728", 2);
            _svg.Text(x + 10, 24, results.Peers[0].Name);
        }
    }

    private void DrawPanel(int left, string title, string place)
    {
        _svg.Text(left, 52, title, weight: "bold");
        for (int percent = 0; percent <= 100; percent += 25)
        {
            double x = left + X(percent / 100.0);
            bool isLimit = percent == 100;
            _svg.Line(x, Top - 6, x, Bottom, isLimit ? "#000000" : "#dddddd", isLimit ? 1.5 : 1);
            _svg.Text(x, Bottom + 16, $"{percent} %", "middle");
        }

        for (int row = 0; row < results.Formats.Count; row++)
        {
            DrawRow(left, RowTop(row), results.Formats[row], place);
        }
    }

    private void DrawRow(int left, int top, string format, string place)
    {
        for (int set = 0; set < results.Sets.Count; set++)
        {
            if (results.Find(place, format, "f32", results.Sets[set]) is { } measurement)
            {
                _svg.Rectangle(left, top + (set * BarHeight), X(measurement.Share), BarHeight, Colours[set % Colours.Length]);
            }
        }

        if (results.Peers.Count > 0 && results.FindPeer(place, format, "f32", results.Peers[0].Name) is { } peer)
        {
            double x = left + X(peer.Share);
            _svg.Line(x, top - 1, x, top + RowHeight - RowGap + 1, "#d62728", 2);
        }
    }

    private int RowTop(int row) => Top + (row * RowHeight);

    private static double X(double share) => Math.Min(share, MostShare) / MostShare * PanelWidth;
}
