using System.Globalization;

namespace Quant.Net.Tool.Compare;

/// <summary>Powers of ten from bottom to top, for positive numbers; zero is at the bottom, what is infinite at the top.</summary>
internal sealed class LogScale
{
    // A tensor copied as it is has no error; an axis that went down to the smallest ones of all others would show only these.
    private const int MostDecades = 8;
    private const int FewDecades = 2;

    private readonly int _low;
    private readonly int _high;

    public LogScale(IEnumerable<double> numbers)
    {
        double[] logarithms = [.. numbers.Where(number => number > 0 && double.IsFinite(number)).Select(Math.Log10)];
        _high = logarithms.Length == 0 ? 0 : (int)Math.Ceiling(logarithms.Max());
        _low = logarithms.Length == 0 ? -1 : Math.Max(Math.Min((int)Math.Floor(logarithms.Min()), _high - 1), _high - MostDecades);
    }

    /// <summary>Where a number is, from 0 to 1. The lowest tenth is for zero.</summary>
    public double Place(double number) => number <= 0 ? 0 : double.IsFinite(number) ? Place(Math.Log10(number), _low, _high) : 1;

    /// <summary>The powers of ten, and round numbers between them, as shares in per cent, with their places.</summary>
    public IEnumerable<(double Place, string Text)> Percents => Enumerable.Range(_low, _high - _low + 1)
        .SelectMany(power => Steps.Select(step => step * Math.Pow(10, power)))
        .Where(number => number < 1.5 * Math.Pow(10, _high))
        .Select(number => (Place(number), $"{(100 * number).ToString("G3", CultureInfo.InvariantCulture)} %"))
        .Prepend((0, "0"));

    // With few powers of ten there is room for marks between them.
    private double[] Steps => _high - _low <= FewDecades ? [1, 2, 5] : [1];

    private static double Place(double logarithm, int low, int high) => 0.1 + (0.9 * Math.Clamp((logarithm - low) / (high - low), 0, 1));
}
