using System.Globalization;
using System.Text.RegularExpressions;
using Quant.Net.IO;
using Quant.Net.Ranks;

namespace Quant.Net.Verification;

/// <summary>What the names of parts say: those that this library writes end in <c>-1-of-4.safetensors</c>, ranks in <c>rank-0-of-4</c>.</summary>
internal static partial class PartNames
{
    /// <summary>Which part is missing, in a line; none if none is, or if names say nothing of that.</summary>
    public static IEnumerable<string> Missing(IReadOnlyList<string> paths) =>
        Read(paths) is not { } names ? []
            : Enumerable.Range(0, Math.Min(names.Count, names.Numbers.Length + 1)).Where(number => !names.Numbers.Contains(number)).Take(1).Select(missing =>
                ErrorText.Invariant($"{Name(names.Like, missing + names.First)} is missing of {ErrorText.Count(names.Count, "part")}"));

    /// <summary>The parts that are not in their places, a line each.</summary>
    public static IEnumerable<string> Misplaced(IReadOnlyList<string> paths) =>
        Read(paths) is not { } names ? []
            : names.Numbers.Zip(paths).Select((part, at) => (part.First, part.Second, At: at)).Where(part => part.First != part.At).Select(part =>
                ErrorText.Invariant($"{ErrorText.EscapePath(part.Second)}: is given as part {part.At + 1} of {paths.Count}, which is not what its name says"));

    private static Names? Read(IReadOnlyList<string> paths)
    {
        Match[] names = [.. paths.Select(path => Numbered().Match(Path.GetFileName(Path.TrimEndingDirectorySeparator(path))))];
        if (!names.All(name => name.Success) || names.Select(name => (name.Groups["stem"].Value, name.Groups["count"].Value)).Distinct().Count() != 1)
        {
            return null;
        }

        int first = names[0].Groups["stem"].Value == RankNames.Stem ? 0 : 1;
        return new Names(names[0], first, Number(names[0], "count"), [.. names.Select(name => Number(name, "number") - first)]);
    }

    private static int Number(Match name, string group) => int.Parse(name.Groups[group].Value, NumberStyles.None, CultureInfo.InvariantCulture);

    private static string Name(Match like, int number) =>
        ErrorText.Quote(ErrorText.Invariant($"{like.Groups["stem"]}{number}-of-{like.Groups["count"]}{like.Groups["end"]}"));

    [GeneratedRegex(@"^(?<stem>.*?-)(?<number>[0-9]{1,4})-of-(?<count>[0-9]{1,4})(?<end>(\.[a-z]+)?)$", RegexOptions.CultureInvariant)]
    private static partial Regex Numbered();

    private sealed record Names(Match Like, int First, int Count, int[] Numbers);
}
