using System.Globalization;
using System.Text.RegularExpressions;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Compare;

/// <summary>The plots of a page about errors.</summary>
internal static partial class ErrorPlots
{
    private const string Others = "others";

    /// <summary>The tensors of numbered layers: across by layer, up by error, coloured by kind. Empty if there are no layers.</summary>
    public static string ByLayer(IReadOnlyList<TensorErrors> tensors)
    {
        var layered = tensors
            .Select(tensor => (Tensor: tensor, Match: Layer().Match(tensor.Name)))
            .Where(found => found.Match.Success && int.TryParse(found.Match.Groups["layer"].ValueSpan, CultureInfo.InvariantCulture, out _))
            .Select(found => (
                found.Tensor,
                Layer: int.Parse(found.Match.Groups["layer"].ValueSpan, CultureInfo.InvariantCulture),
                Kind: found.Match.Groups["kind"].Value))
            .Where(found => found.Tensor.Error.ErrorsThereAre())
            .ToList();
        if (layered.Count == 0)
        {
            return "";
        }

        var scale = new LogScale(layered.Select(found => found.Tensor.Error.RelativeError));
        Dictionary<string, int> colours = ColoursOf(layered.GroupBy(found => found.Kind).OrderByDescending(kind => kind.Sum(found => found.Tensor.Bytes)).Select(kind => kind.Key));
        int last = Math.Max(layered.Max(found => found.Layer), 1);
        double Across(int layer) => 0.02 + (0.96 * layer / last);
        var plot = new Plot("Relative error by layer");
        AddErrors(plot, scale);
        int step = Math.Max(1, (last + 15) / 16);
        for (int layer = 0; layer <= last; layer += step)
        {
            plot.TickX(Across(layer), $"{layer}");
        }

        plot.TitleX("layer");
        foreach (var kind in layered.GroupBy(found => found.Kind))
        {
            int colour = colours.GetValueOrDefault(kind.Key, Plot.Colours);
            plot.Line(kind.OrderBy(found => found.Layer).Select(found => (Across(found.Layer), scale.Place(found.Tensor.Error.RelativeError))), colour);
            foreach (var found in kind)
            {
                plot.Dot(Across(found.Layer), scale.Place(found.Tensor.Error.RelativeError), 4.5, colour, Describe(found.Tensor));
            }
        }

        return plot.ToSvg(Legend(colours, layered.Select(found => found.Kind)));
    }

    /// <summary>All tensors: across by bits of a weight, up by error, coloured by type.</summary>
    public static string BySize(IReadOnlyList<TensorErrors> tensors)
    {
        if (tensors.Count == 0)
        {
            return "";
        }

        var scale = new LogScale(tensors.Select(tensor => tensor.Error.RelativeError));
        Dictionary<string, int> colours = ColoursOf(tensors.GroupBy(tensor => tensor.Type).OrderByDescending(type => type.Sum(tensor => tensor.Bytes)).Select(type => type.Key));
        double most = Math.Max(tensors.Max(tensor => tensor.BitsPerWeight), 1), largest = Math.Max(tensors.Max(tensor => tensor.Error.Parameters), 1);
        var plot = new Plot("Relative error by bits per weight");
        AddErrors(plot, scale);
        double step = most > 20 ? 4 : most > 10 ? 2 : 1;
        for (double bits = 0; bits <= most; bits += step)
        {
            plot.TickX(0.98 * bits / most, Quantity.Bits(bits));
        }

        plot.TitleX("bits per weight");
        foreach (TensorErrors tensor in tensors.OrderByDescending(tensor => tensor.Error.Parameters))
        {
            plot.Dot(
                0.98 * tensor.BitsPerWeight / most, scale.Place(tensor.Error.RelativeError), 3 + (13 * Math.Sqrt(tensor.Error.Parameters / largest)),
                colours.GetValueOrDefault(tensor.Type, Plot.Colours), Describe(tensor));
        }

        return plot.ToSvg(Legend(colours, tensors.Select(tensor => tensor.Type)));
    }

    /// <summary>How many errors there are of which size. Empty if there are none.</summary>
    public static string Histogram(ErrorFacts error)
    {
        // Errors that are much smaller than the others are few, and would push those to the edge.
        const int MostBins = 40;
        BinFacts[] bins = [.. error.Histogram.Where(bin => bin.From > 0).TakeLast(MostBins)];
        if (bins.Length == 0)
        {
            return "";
        }

        int low = Power(bins[0]), high = Math.Max(Power(bins[^1]), low + 7), first = Math.Max(low, high - MostBins + 1);
        long most = bins.Max(bin => bin.Count);
        double width = 1.0 / (high - first + 1);
        var plot = new Plot("How many errors there are of each size");
        foreach (double share in new[] { 0, 0.25, 0.5, 0.75, 1 })
        {
            plot.TickY(share * 0.95, CompareText.Share(share * most / Math.Max(error.Parameters, 1)));
        }

        for (int power = first; power <= high + 1; power += 4)
        {
            plot.TickX((power - first) * width, CompareText.Number(Math.ScaleB(1, power)));
        }

        plot.TitleX("size of the error");
        foreach (BinFacts bin in bins.Where(bin => Power(bin) >= first))
        {
            double from = (Power(bin) - first) * width;
            plot.Bar(from, from + width, 0.95 * bin.Count / most, $"{CompareText.Number(bin.From)} to {CompareText.Number(2 * bin.From)}: {Quantity.Count(bin.Count, "weight")}");
        }

        return plot.ToSvg([]);
    }

    private static int Power(BinFacts bin) => Math.ILogB(bin.From);

    private static bool ErrorsThereAre(this ErrorFacts error) => error.Parameters > error.Identical;

    private static void AddErrors(Plot plot, LogScale scale)
    {
        foreach ((double place, string text) in scale.Percents)
        {
            plot.TickY(place, text);
        }
    }

    private static Dictionary<string, int> ColoursOf(IEnumerable<string> names) =>
        names.Take(Plot.Colours).Select((name, colour) => (name, colour)).ToDictionary(entry => entry.name, entry => entry.colour, StringComparer.Ordinal);

    private static IEnumerable<(int Colour, string Text)> Legend(Dictionary<string, int> colours, IEnumerable<string> names) =>
        colours.Select(entry => (entry.Value, ErrorPage.Text(entry.Key))).Concat(names.All(colours.ContainsKey) ? [] : [(Plot.Colours, Others)]);

    private static string Describe(TensorErrors tensor) => ErrorPage.Text(
        $"{tensor.Name}, {tensor.Type}: {CompareText.Share(tensor.Error.RelativeError)}, {CompareText.Decibels(tensor.Error.Sqnr)}, {Quantity.Count(tensor.Error.Parameters, "weight")}");

    // blk.3.attn_q.weight, model.layers.3.self_attn.q_proj.weight
    [GeneratedRegex(@"(^|\.)(blk|layers|layer|blocks|block|h)\.(?<layer>[0-9]{1,6})\.(?<kind>.+?)(\.weight)?$", RegexOptions.NonBacktracking)]
    private static partial Regex Layer();
}
