namespace Quant.Net.Tool.CommandLine;

/// <summary>
/// Patterns for names: <c>*</c> is any text, <c>?</c> one character, <c>[a-c]</c> one of a set, <c>[!a-c]</c> one outside it.
/// A <c>]</c> right after the opening belongs to the set; a <c>[</c> that is never closed is an ordinary character.
/// </summary>
internal static class Glob
{
    /// <summary>Whether a pattern fits the whole of a name.</summary>
    public static bool Matches(ReadOnlySpan<char> pattern, ReadOnlySpan<char> name)
    {
        // Only the last star seen can still take more text; going back to earlier ones would find nothing new.
        int p = 0, n = 0, afterStar = -1, starEnd = 0;
        while (n < name.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                afterStar = ++p;
                starEnd = n;
            }
            else if (p < pattern.Length && MatchesOne(pattern[p..], name[n], out int length))
            {
                p += length;
                n++;
            }
            else if (afterStar >= 0)
            {
                p = afterStar;
                n = ++starEnd;
            }
            else
            {
                return false;
            }
        }

        return pattern[p..].TrimStart('*').IsEmpty;
    }

    private static bool MatchesOne(ReadOnlySpan<char> pattern, char character, out int length)
    {
        length = 1;
        if (pattern[0] == '[' && FindEndOfSet(pattern) is > 0 and int end)
        {
            length = end + 1;
            return MatchesSet(pattern[1..end], character);
        }

        return pattern[0] == '?' || pattern[0] == character;
    }

    private static int FindEndOfSet(ReadOnlySpan<char> pattern)
    {
        int first = IsNegated(pattern[1..]) ? 3 : 2;
        return first > pattern.Length ? -1 : pattern[first..].IndexOf(']') is >= 0 and int end ? end + first : -1;
    }

    private static bool MatchesSet(ReadOnlySpan<char> set, char character)
    {
        bool negated = IsNegated(set);
        set = negated ? set[1..] : set;
        for (int i = 0; i < set.Length; i++)
        {
            bool isRange = i + 2 < set.Length && set[i + 1] == '-';
            char last = isRange ? set[i + 2] : set[i];
            if (character >= set[i] && character <= last)
            {
                return !negated;
            }

            i += isRange ? 2 : 0;
        }

        return negated;
    }

    private static bool IsNegated(ReadOnlySpan<char> set) => set is ['!' or '^', ..];
}
