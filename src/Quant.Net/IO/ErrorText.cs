using System.Globalization;
using System.Text;

namespace Quant.Net.IO;

/// <summary>
/// Text from files and paths, made fit for a one-line message. Names in models come from strangers: they may hold line
/// breaks, terminal escape sequences, characters that reorder their neighbours, or a megabyte of text.
/// </summary>
internal static class ErrorText
{
    private const int LongestQuote = 80;
    private const int LongestPath = 1000;
    private const int LongestList = 250;

    /// <summary>A name in single quotes, escaped and cut to a readable length.</summary>
    public static string Quote(string name) => $"'{Escape(name, LongestQuote)}'";

    /// <summary>A path for the beginning of a message.</summary>
    public static string EscapePath(string path) => Escape(path, LongestPath);

    /// <summary>A list of names, quoted, cut to a readable length with a note of how many more there are.</summary>
    public static string QuoteAll(IReadOnlyCollection<string> names)
    {
        var list = new StringBuilder();
        int shown = 0;
        foreach (string name in names)
        {
            if (list.Length > LongestList)
            {
                return Invariant($"{list} and {names.Count - shown} more");
            }

            list.Append(shown++ == 0 ? "" : ", ").Append(Quote(name));
        }

        return list.ToString();
    }

    /// <summary>A count with the noun it counts: <c>1 tensor</c>, <c>48 tensors</c>.</summary>
    public static string Count(long count, string noun) => count == 1 ? $"1 {noun}" : Invariant($"{count} {noun}s");

    /// <summary>Text with numbers as they are written everywhere, whatever the user's language.</summary>
    public static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>The text on one line: what does not show as itself is written as <c>\n</c> or <c>\u{1B}</c>.</summary>
    public static string Escape(string text, int limit)
    {
        var safe = new StringBuilder(Math.Min(text.Length, limit) + 8);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (safe.Length >= limit)
            {
                return safe.Append('…').ToString();
            }

            _ = rune.Value switch
            {
                '\n' => safe.Append("\\n"),
                '\r' => safe.Append("\\r"),
                '\t' => safe.Append("\\t"),
                '\'' => safe.Append("\\'"),
                _ when IsPlain(rune) => safe.Append(rune.ToString()),
                _ => safe.Append("\\u{").Append(rune.Value.ToString("X", CultureInfo.InvariantCulture)).Append('}'),
            };
        }

        return safe.ToString();
    }

    /// <summary>Whether a text shows as itself: no control characters, nothing that reorders or hides its neighbours.</summary>
    public static bool IsPlain(string text) => IsPlainAscii(text) || text.EnumerateRunes().All(IsPlain);

    /// <summary>Whether a text is made of the characters that every terminal has.</summary>
    public static bool IsPlainAscii(string text) => text.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0;

    private static bool IsPlain(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control
        or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.Surrogate
        or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned);
}
