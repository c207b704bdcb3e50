using System.Globalization;

namespace Quant.Net.Tool.Output;

/// <summary>Numbers as people read them, the same in every culture.</summary>
internal static class Quantity
{
    private static readonly string[] ByteUnits = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>A count with thousands apart: <c>2,231,040</c>.</summary>
    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A count with the noun it counts: <c>1 tensor</c>, <c>48 tensors</c>.</summary>
    public static string Count(long count, string noun) => count == 1 ? $"1 {noun}" : $"{Count(count)} {noun}s";

    /// <summary>A size in three digits: <c>1.30 MiB</c>.</summary>
    public static string Bytes(double bytes)
    {
        int unit = 0;
        while (bytes >= 999.5 && unit < ByteUnits.Length - 1)
        {
            bytes /= 1024;
            unit++;
        }

        return unit == 0 ? $"{bytes.ToString("0", CultureInfo.InvariantCulture)} B" : $"{ThreeDigits(bytes)} {ByteUnits[unit]}";
    }

    /// <summary>A rate: <c>1.30 GiB/s</c>.</summary>
    public static string Rate(double bytesPerSecond) => $"{Bytes(bytesPerSecond)}/s";

    /// <summary>How long something took, and how fast that was: <c>1.8 s, 1.30 GiB/s written</c>.</summary>
    public static string Took(double seconds, long bytes, string done) =>
        $"{Duration(TimeSpan.FromSeconds(seconds))}, {Rate(bytes / seconds)} {done}";

    /// <summary>The one of some files that stands for all, which is an index or the first, and how many others there are.</summary>
    public static string Files(IReadOnlyList<string> paths)
    {
        string main = paths[^1].EndsWith(".index.json", StringComparison.Ordinal) ? paths[^1] : paths[0];
        return paths.Count == 1 ? main : $"{main} and {Count(paths.Count - 1, "more file")}";
    }

    /// <summary>A share of one in per cent: <c>71.2 %</c>.</summary>
    public static string Percent(double share) => $"{(share * 100).ToString("0.0", CultureInfo.InvariantCulture)} %";

    /// <summary>Dimensions: <c>4096 × 11008</c>.</summary>
    public static string Shape(IReadOnlyList<long> shape) =>
        shape.Count == 0 ? "scalar" : string.Join(" × ", shape.Select(length => length.ToString(CultureInfo.InvariantCulture)));

    /// <summary>Bits per weight: <c>4.5</c>, <c>6.5625</c>.</summary>
    public static string Bits(double bits) => bits.ToString("0.####", CultureInfo.InvariantCulture);

    /// <summary>A span of time: <c>34 ms</c>, <c>1.8 s</c>, <c>12 s</c>, <c>3:05</c>, <c>1:03:05</c>.</summary>
    public static string Duration(TimeSpan time) => time switch
    {
        { TotalSeconds: < 0.9995 } => $"{time.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture)} ms",
        { TotalSeconds: < 9.95 } => $"{time.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s",
        { TotalSeconds: < 60 } => $"{time.TotalSeconds.ToString("0", CultureInfo.InvariantCulture)} s",
        { TotalHours: < 1 } => time.ToString(@"m\:ss", CultureInfo.InvariantCulture),
        { TotalDays: < 1 } => time.ToString(@"h\:mm\:ss", CultureInfo.InvariantCulture),
        _ => $"{time.TotalHours.ToString("0", CultureInfo.InvariantCulture)} h",
    };

    /// <summary>A forecast, in whole seconds because nobody knows better: <c>1 s</c>, <c>3:05</c>.</summary>
    public static string Forecast(TimeSpan time) => time.TotalSeconds < 60
        ? $"{Math.Ceiling(time.TotalSeconds).ToString("0", CultureInfo.InvariantCulture)} s"
        : Duration(time);

    private static string ThreeDigits(double value) =>
        value.ToString(value < 9.995 ? "0.00" : value < 99.95 ? "0.0" : "0", CultureInfo.InvariantCulture);
}
