using System.Collections.Frozen;
using Quant.Net.IO;
using Rules = System.Collections.Generic.IReadOnlyList<(string Names, Quant.Net.Ranks.RankRule Rule)>;

namespace Quant.Net.Ranks;

/// <summary>
/// How the modules of each architecture are divided, by their names: <c>#</c> is any number, and a name may list parts, as in
/// <c>mlp.{gate,up}_proj</c>.
/// </summary>
/// <param name="setting">Where a model says its architecture, for messages.</param>
/// <param name="families">The rules by architecture.</param>
internal sealed class FamilyTable(string setting, IReadOnlyDictionary<string, Rules> families)
{
    private readonly FrozenDictionary<string, FrozenDictionary<string, RankRule>> _families =
        families.ToFrozenDictionary(family => family.Key, family => Expand(family.Value));

    /// <summary>The rules of an architecture, by the names of modules with <c>#</c> for numbers.</summary>
    /// <exception cref="NotSupportedException">It is not known.</exception>
    public FrozenDictionary<string, RankRule> Of(string path, string? architecture) =>
        Find(architecture) ?? throw new NotSupportedException(
            $"{ErrorText.EscapePath(path)}: the architecture ({setting}) is {(architecture is null ? "not said" : ErrorText.Quote(architecture))}, "
            + $"expected one of {string.Join(", ", _families.Keys.Order(StringComparer.Ordinal))}");

    /// <summary>Those of an architecture; null if it is not known.</summary>
    public FrozenDictionary<string, RankRule>? Find(string? architecture) =>
        architecture is null ? null : _families.GetValueOrDefault(architecture);

    /// <summary>A name with <c>#</c> for its numbers.</summary>
    public static string KeyOf(string name) =>
        string.Join('.', name.Split('.').Select(part => part.Length > 0 && part.All(char.IsAsciiDigit) ? "#" : part));

    private static FrozenDictionary<string, RankRule> Expand(Rules rules) =>
        rules.SelectMany(rule => Expand(rule.Names).Select(name => KeyValuePair.Create(name, rule.Rule))).ToFrozenDictionary();

    private static IEnumerable<string> Expand(string names)
    {
        int open = names.IndexOf('{', StringComparison.Ordinal), close = names.IndexOf('}', StringComparison.Ordinal);
        return open < 0 ? [names]
            : names[(open + 1)..close].Split(',').SelectMany(choice => Expand(names[..open] + choice + names[(close + 1)..]));
    }
}
