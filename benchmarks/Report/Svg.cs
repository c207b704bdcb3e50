using System.Globalization;
using System.Security;
using System.Text;

namespace Quant.Net.Benchmarks.Report;

/// <summary>The few shapes that a plot needs.</summary>
internal sealed class Svg
{
    private readonly StringBuilder _shapes = new();

    public void Rectangle(double x, double y, double width, double height, string fill) => _shapes.AppendLine(
        CultureInfo.InvariantCulture, $"""<rect x="{x:0.#}" y="{y:0.#}" width="{width:0.#}" height="{height:0.#}" fill="{fill}"/>""");

    public void Line(double x1, double y1, double x2, double y2, string stroke, double width) => _shapes.AppendLine(
        CultureInfo.InvariantCulture,
        $"""<line x1="{x1:0.#}" y1="{y1:0.#}" x2="{x2:0.#}" y2="{y2:0.#}" stroke="{stroke}" stroke-width="{width:0.#}"/>""");

    public void Text(double x, double y, string text, string anchor = "start", string weight = "normal") => _shapes.AppendLine(
        CultureInfo.InvariantCulture,
        $"""<text x="{x:0.#}" y="{y:0.#}" text-anchor="{anchor}" font-weight="{weight}">{SecurityElement.Escape(text)}</text>""");

    /// <summary>The document: all shapes on white.</summary>
    public string Document(int width, int height) =>
        $"""
        <svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">
        <style>text {"{"} font: 12px sans-serif; fill: #222222; {"}"}</style>
        <rect width="{width}" height="{height}" fill="#ffffff"/>
        {_shapes.ToString().TrimEnd()}
        </svg>

        """;
}
