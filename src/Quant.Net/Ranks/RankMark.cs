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

    /// <summary>Which rank of how many a model is, as all of its files say; null if it is none.</summary>
    public static (int Rank, int Count)? Read(SafetensorsModel model) =>
        Number(model, CountKey) is { } ranks and >= 1 and <= TensorParallelPlan.MostRanks && Number(model, RankKey) is { } rank && rank < ranks
            ? (rank, ranks) : null;

    /// <summary>The mark that a model bears, for what is made of it; empty if it is no rank.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Of(SafetensorsModel model) => model.Files
        .Where(IsMarked).Take(1)
        .SelectMany(file => new[] { RankKey, CountKey }.Select(key => new KeyValuePair<string, string>(key, file.Metadata[key])));

    /// <summary>Which rank a model is, in words; null if it is none.</summary>
    public static string? Find(SafetensorsModel model) => model.Files
        .Where(IsMarked)
        .Select(file => $"rank {file.Metadata[RankKey]} of {file.Metadata[CountKey]}")
        .FirstOrDefault();

    private static int? Number(SafetensorsModel model, string key) =>
        model.Files.Select(file => file.Metadata.GetValueOrDefault(key)).Distinct().ToArray() is [var text]
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;

    private static bool IsMarked(SafetensorsFile file) => file.Metadata.ContainsKey(RankKey) && file.Metadata.ContainsKey(CountKey);
}
