using System.Globalization;
using System.Text;

namespace Quant.Net.Tool.Output;

/// <summary>
/// Makes text from model files fit for a terminal. Names and metadata come from strangers and may carry escape sequences,
/// line breaks, or characters that reorder what stands beside them.
/// </summary>
internal static class SafeText
{
    /// <summary>
    /// The text on one line, with every character that does not simply show as itself written as an escape
    /// (<c>\n</c>, <c>\t</c>, <c>\u{1B}</c>).
    /// </summary>
    public static string Escape(string text)
    {
        if (text.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0)
        {
            return text;
        }

        var safe = new StringBuilder(text.Length + 16);
        foreach (Rune rune in text.EnumerateRunes())
        {
            Append(safe, rune);
        }

        return safe.ToString();
    }

    /// <summary>The text, escaped, and cut to at most <paramref name="limit"/> characters with a note of its full length.</summary>
    public static string Shorten(string text, int limit)
    {
        if (text.Length <= limit)
        {
            return Escape(text);
        }

        int end = char.IsHighSurrogate(text[limit - 1]) ? limit - 1 : limit;
        return $"{Escape(text[..end])}… ({Quantity.Count(text.Length)} characters)";
    }

    private static void Append(StringBuilder safe, Rune rune)
    {
        switch (rune.Value)
        {
            case '\n':
                safe.Append("\\n");
                break;
            case '\r':
                safe.Append("\\r");
                break;
            case '\t':
                safe.Append("\\t");
                break;
            default:
                if (IsPlain(rune))
                {
                    safe.Append(rune.ToString());
                }
                else
                {
                    safe.Append("\\u{").Append(rune.Value.ToString("X", CultureInfo.InvariantCulture)).Append('}');
                }

                break;
        }
    }

    private static bool IsPlain(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control
        or UnicodeCategory.Format             // bidirectional overrides, zero-width joiners
        or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.Surrogate
        or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned);
}
