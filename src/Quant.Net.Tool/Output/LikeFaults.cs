using System.Text.RegularExpressions;

namespace Quant.Net.Tool.Output;

/// <summary>
/// Gathers faults that differ in nothing but the module or tensor that has them: where one setting is the cause, all modules have
/// the same one, and a line for each would hide it.
/// </summary>
internal static partial class LikeFaults
{
    // Two are shown: a line that tells of one more is no shorter.
    private const int Fewest = 3;

    /// <summary>Texts for people: the first of those that are alike, and a line that counts the others.</summary>
    public static IEnumerable<string> Gather(IEnumerable<string> faults) => Gather(faults, fault => fault, note => note);

    /// <summary>The first of those that are alike, and one that counts the others.</summary>
    /// <param name="items">What is to be shown.</param>
    /// <param name="faultOf">The text of an item; null if it is to be shown in any case.</param>
    /// <param name="noteOf">Makes what is shown after an item out of a line.</param>
    public static IEnumerable<T> Gather<T>(IEnumerable<T> items, Func<T, string?> faultOf, Func<string, T> noteOf) =>
        items.Select((item, place) => (Item: item, Kind: faultOf(item) is { } fault ? KindOf(fault) : null, Place: place))
            .GroupBy(found => found.Kind is { } kind ? (kind, -1) : ("", found.Place), found => found.Item)
            .SelectMany(alike => Shown([.. alike], alike.Key.Item1, noteOf));

    private static IEnumerable<T> Shown<T>(T[] alike, string kind, Func<string, T> noteOf)
    {
        if (alike.Length < Fewest)
        {
            return alike;
        }

        string what = kind.StartsWith("module", StringComparison.Ordinal) ? " modules" : kind.StartsWith("tensor", StringComparison.Ordinal) ? " tensors" : "";
        return [alike[0], noteOf($"... and {Quantity.Count(alike.Length - 1)} more{what} with the same fault (--json names all)")];
    }

    // "FILE: module 'M': tensor 'M.scales' is missing" without the file and the names of modules; null for lines of another form.
    private static string? KindOf(string fault) => Subject().Match(fault) is { Success: true } subject
        ? TensorName().Replace(ModuleName().Replace(fault[subject.Groups["what"].Index..], "module *"), "'*.$1'")
        : null;

    [GeneratedRegex(@": (?<what>(?:module |tensor )?'.*)$")]
    private static partial Regex Subject();

    [GeneratedRegex(@"module '(?:[^'\\]|\\.)*'")]
    private static partial Regex ModuleName();

    // With a dot in it, and so no word of a setting.
    [GeneratedRegex(@"'(?:[^'\\]|\\.)*\.([^'.]*)'")]
    private static partial Regex TensorName();
}
