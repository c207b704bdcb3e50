using System.Globalization;
using Quant.Net.Tool.Bench;

namespace Quant.Net.Benchmarks.Report;

/// <summary>A bar that the formats have to clear.</summary>
/// <param name="Name">What it asks.</param>
/// <param name="Asked">How many formats it asks it of.</param>
/// <param name="Missing">Those that miss it, with their figures.</param>
internal sealed record Bar(string Name, int Asked, IReadOnlyList<string> Missing);

/// <summary>The bars that this project sets itself; docs/performance.md gives the reasons for what misses them.</summary>
internal static class Bars
{
    private const string F32 = "f32";
    private const string Cache = CachePlace.PlaceName;
    private const string Memory = MemoryPlace.PlaceName;

    private static readonly string[] CodebookFormats =
        ["IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ3_XXS", "IQ3_S", "Q1_0", "Q2_0"];

    // No format of models' weights: results, indices, and what other decoders only pass through.
    private static readonly string[] OtherFormats = ["F32", "F64", "I8", "I16", "I32", "I64", "Q8_1", "Q8_K"];

    /// <summary>Compares the results with all bars.</summary>
    public static IReadOnlyList<Bar> Check(Results results)
    {
        string best = results.BestSet;
        string[] weights = [.. results.Formats.Except(OtherFormats)];
        string[] plain = [.. weights.Except(CodebookFormats)];
        string[] codebook = [.. weights.Intersect(CodebookFormats)];
        List<Bar> bars =
        [
            ShareBar(results, $"in cache, f32, {best}: 65 % of memset", plain, Cache, F32, best, 0.65),
            ShareBar(results, $"in cache, f32, {best}: 45 % of memset (IQ1-IQ3, Q1_0, Q2_0)", codebook, Cache, F32, best, 0.45),
        ];
        foreach (string output in new[] { "f16", "bf16" })
        {
            bars.Add(RatioBar($"in cache, {output}, {best}: 80 % of the weights/s to f32", weights, 0.8, format =>
                Rate(results.Find(Cache, format, output, best)) / Rate(results.Find(Cache, format, F32, best))));
        }

        if (results.Sets.Contains("avx2"))
        {
            bars.Add(ShareBar(results, "in cache, f32, avx2: 45 % of memset", plain, Cache, F32, "avx2", 0.45));
            bars.Add(ShareBar(results, "in cache, f32, avx2: 25 % of memset (IQ1-IQ3, Q1_0, Q2_0)", codebook, Cache, F32, "avx2", 0.25));
            bars.Add(RatioBar("in cache, f32: avx2 2 times scalar", weights, 2, format =>
                Rate(results.Find(Cache, format, F32, "avx2")) / Rate(results.Find(Cache, format, F32, "scalar"))));
            bars.Add(RatioBar($"in cache, f32: {best} 1.2 times avx2", weights, 1.2, format =>
                Rate(results.Find(Cache, format, F32, best)) / Rate(results.Find(Cache, format, F32, "avx2"))));
        }

        bars.AddRange(results.Peers.Select(peer => RatioBar(
            $"in cache, f32, {best}: never below {peer.Name}",
            [.. weights.Where(format => results.FindPeer(Cache, format, F32, peer.Name) is not null)],
            1,
            format => Rate(results.Find(Cache, format, F32, best)) / Rate(results.FindPeer(Cache, format, F32, peer.Name)))));
        bars.AddRange(new[] { F32, "f16", "bf16" }.Select(output => ShareBar(
            results, $"out of cache, {output}, {best}: 90 % of the roof", results.Formats, Memory, output, best, 0.9)));
        return bars;
    }

    private static Bar ShareBar(
        Results results, string name, IReadOnlyList<string> formats, string place, string output, string set, double least) =>
        new(name, formats.Count,
        [
            .. formats.Select(format => (Format: format, Share: results.Find(place, format, output, set)?.Share ?? 0))
                .Where(one => one.Share < least)
                .Select(one => $"{one.Format} {(one.Share * 100).ToString("0", CultureInfo.InvariantCulture)} %"),
        ]);

    private static Bar RatioBar(string name, IReadOnlyList<string> formats, double least, Func<string, double> ratio) =>
        new(name, formats.Count,
        [
            .. formats.Select(format => (Format: format, Ratio: ratio(format)))
                .Where(one => one.Ratio < least)
                .Select(one => $"{one.Format} {one.Ratio.ToString("0.00", CultureInfo.InvariantCulture)}"),
        ]);

    private static double Rate(BenchMeasurement? measurement) => measurement?.WeightsPerSecond ?? 0;
}
