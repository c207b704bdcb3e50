using System.Globalization;
using Quant.Net.Safetensors;

namespace Quant.Net.Ranks;

/// <summary>
/// What the <c>__metadata__</c> of a rank's files say, so that nobody takes it for a whole model: its settings are those of the whole.
/// </summary>
internal static class RankMark
{
    private const string RankKey = "quantnet.rank", CountKey = "quantnet.ranks";

    /// <summary>The mark of a rank.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Of(int rank, int ranks) =>
        [new(RankKey, rank.ToString(CultureInfo.InvariantCulture)), new(CountKey, ranks.ToString(CultureInfo.InvariantCulture))];

    /// <summary>Of how many ranks a model is one; null if it is none.</summary>
    public static int? CountOf(SafetensorsModel model) => Find(model) is null ? null
        : model.Files.Select(file => file.Metadata.GetValueOrDefault(CountKey)).Distinct().ToArray() is [var count]
            && int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int ranks) && ranks is >= 1 and <= TensorParallelPlan.MostRanks
            ? ranks : null;

    /// <summary>The mark that a model bears, for what is made of it; empty if it is no rank.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Of(SafetensorsModel model) => model.Files
        .Where(IsMarked).Take(1)
        .SelectMany(file => new[] { RankKey, CountKey }.Select(key => new KeyValuePair<string, string>(key, file.Metadata[key])));

    /// <summary>Which rank a model is, in words; null if it is none.</summary>
    public static string? Find(SafetensorsModel model) => model.Files
        .Where(IsMarked)
        .Select(file => $"rank {file.Metadata[RankKey]} of {file.Metadata[CountKey]}")
        .FirstOrDefault();

    private static bool IsMarked(SafetensorsFile file) => file.Metadata.ContainsKey(RankKey) && file.Metadata.ContainsKey(CountKey);
}
