using System.Globalization;
using System.Text;

namespace Quant.Net.Tool.Compare;

/// <summary>A drawing with axes. Colours are those of the page, by number; the last is for all that have none of their own.</summary>
internal sealed class Plot
{
    /// <summary>How many colours there are besides the one for all others.</summary>
    public const int Colours = 8;

    private const double Width = 1000, Height = 380, Left = 70, Right = 20, Top = 12, Bottom = 44;

    private readonly StringBuilder _svg = new();

    public Plot(string label)
    {
        _svg.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{label}\">");
    }

    /// <summary>A place across, from 0 to 1.</summary>
    public static double X(double share) => Left + (Math.Clamp(share, 0, 1) * (Width - Left - Right));

    /// <summary>A place up, from 0 to 1.</summary>
    public static double Y(double share) => Height - Bottom - (Math.Clamp(share, 0, 1) * (Height - Top - Bottom));

    /// <summary>A mark of the upright axis, with a line across.</summary>
    public void TickY(double share, string text) => _svg.Append(
        CultureInfo.InvariantCulture,
        $"\n<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(share):0.#}\" y2=\"{Y(share):0.#}\"/><text x=\"{Left - 8}\" y=\"{Y(share) + 4:0.#}\" text-anchor=\"end\">{text}</text>");

    /// <summary>A mark of the level axis.</summary>
    public void TickX(double share, string text) => _svg.Append(
        CultureInfo.InvariantCulture, $"\n<text x=\"{X(share):0.#}\" y=\"{Height - Bottom + 18}\" text-anchor=\"middle\">{text}</text>");

    /// <summary>What the level axis is of.</summary>
    public void TitleX(string text) => _svg.Append(
        CultureInfo.InvariantCulture, $"\n<text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 6}\" text-anchor=\"middle\">{text}</text>");

    /// <summary>A dot that says what it is when it is pointed at.</summary>
    public void Dot(double x, double y, double radius, int colour, string text) => _svg.Append(
        CultureInfo.InvariantCulture,
        $"\n<circle class=\"mark\" cx=\"{X(x):0.#}\" cy=\"{Y(y):0.#}\" r=\"{radius:0.#}\" fill=\"var(--c{colour})\"><title>{text}</title></circle>");

    /// <summary>A line through places.</summary>
    public void Line(IEnumerable<(double X, double Y)> places, int colour) => _svg.Append(
        $"\n<polyline class=\"run\" stroke=\"var(--c{colour})\" points=\"{string.Join(' ', places.Select(place => string.Create(CultureInfo.InvariantCulture, $"{X(place.X):0.#},{Y(place.Y):0.#}")))}\"/>");

    /// <summary>A bar from the bottom up, never so low that it is not seen beside its outline.</summary>
    public void Bar(double from, double to, double y, string text)
    {
        double height = Math.Max(Y(0) - Y(y), 2);
        _svg.Append(
            CultureInfo.InvariantCulture,
            $"\n<rect class=\"mark\" x=\"{X(from):0.#}\" y=\"{Y(0) - height:0.#}\" width=\"{X(to) - X(from):0.#}\" height=\"{height:0.#}\" fill=\"var(--c0)\"><title>{text}</title></rect>");
    }

    /// <summary>The drawing, with its legend above.</summary>
    public string ToSvg(IEnumerable<(int Colour, string Text)> legend) =>
        $"<div class=\"legend\">{string.Concat(legend.Select(entry => $"<span><i style=\"background:var(--c{entry.Colour})\"></i>{entry.Text}</span>"))}</div>{_svg}</svg>";
}
