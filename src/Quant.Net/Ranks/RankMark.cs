using System.Globalization;
using Quant.Net.Gguf;
using Quant.Net.Safetensors;

namespace Quant.Net.Ranks;

/// <summary>
/// What the metadata of a rank's files say, <c>__metadata__</c> of safetensors and those of GGUF, so that nobody takes it for a whole model:
/// its settings are those of the whole.
/// </summary>
internal static class RankMark
{
    private const string RankKey = "quantnet.rank", CountKey = "quantnet.ranks";

    /// <summary>The mark of a rank.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Of(int rank, int ranks) =>
        [new(RankKey, rank.ToString(CultureInfo.InvariantCulture)), new(CountKey, ranks.ToString(CultureInfo.InvariantCulture))];

    /// <summary>The mark that a model bears, for what is made of it; empty if it is no rank.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Of(SafetensorsModel model) =>
        model.Files.Select(file => Of(file.Metadata.GetValueOrDefault)).FirstOrDefault(mark => mark.Any(), []);

    /// <inheritdoc cref="Of(SafetensorsModel)"/>
    public static IEnumerable<KeyValuePair<string, string>> Of(GgufFile model) => Of(Texts(model));

    /// <summary>Which rank of how many a model is, as all of its files say; null if it is none.</summary>
    public static (int Rank, int Count)? Read(SafetensorsModel model) =>
        Read(key => model.Files.Select(file => file.Metadata.GetValueOrDefault(key)).Distinct().ToArray() is [var text] ? text : null);

    /// <summary>Which rank of how many a model is; null if it is none.</summary>
    public static (int Rank, int Count)? Read(GgufFile model) => Read(Texts(model));

    /// <summary>Which rank a model is, in words; null if it is none.</summary>
    public static string? Find(SafetensorsModel model) => model.Files.Select(Text).FirstOrDefault(text => text is not null);

    /// <inheritdoc cref="Find(SafetensorsModel)"/>
    public static string? Find(GgufFile model) => Text(Texts(model));

    private static Func<string, string?> Texts(GgufFile model) => key => model.Metadata.TryGetString(key, out string? text) ? text : null;

    private static IEnumerable<KeyValuePair<string, string>> Of(Func<string, string?> metadata) =>
        metadata(RankKey) is { } rank && metadata(CountKey) is { } ranks ? [new(RankKey, rank), new(CountKey, ranks)] : [];

    private static string? Text(SafetensorsFile file) => Text(file.Metadata.GetValueOrDefault);

    private static string? Text(Func<string, string?> metadata) =>
        metadata(RankKey) is { } rank && metadata(CountKey) is { } ranks ? $"rank {rank} of {ranks}" : null;

    private static (int Rank, int Count)? Read(Func<string, string?> metadata) =>
        Number(metadata(CountKey)) is { } ranks and >= 1 and <= TensorParallelPlan.MostRanks && Number(metadata(RankKey)) is { } rank && rank < ranks
            ? (rank, ranks) : null;

    private static int? Number(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
}
