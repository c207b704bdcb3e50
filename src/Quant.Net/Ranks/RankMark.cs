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

    /// <summary>Which rank a model is, in words; null if it is none.</summary>
    public static string? Find(SafetensorsModel model) => model.Files
        .Where(file => file.Metadata.ContainsKey(RankKey) && file.Metadata.ContainsKey(CountKey))
        .Select(file => $"rank {file.Metadata[RankKey]} of {file.Metadata[CountKey]}")
        .FirstOrDefault();
}
