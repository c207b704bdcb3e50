using System.Text;
using Quant.Net.IO;

namespace Quant.Net;

/// <summary>
/// A pattern for names as shells have it: <c>*</c> stands for any characters (dots too), <c>?</c> for one, <c>[abc]</c>,
/// <c>[a-z]</c> and <c>[!a-z]</c> for one of a set. A pattern matches whole names; upper and lower case differ.
/// </summary>
public sealed class NamePattern
{
    private readonly string _text;
    private readonly List<Element> _elements = [];

    /// <summary>Reads a pattern.</summary>
    /// <param name="text">The pattern.</param>
    /// <exception cref="FormatException">A set is not closed.</exception>
    public NamePattern(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        _text = text;
        Rune[] runes = text.EnumerateRunes().ToArray();
        for (int i = 0; i < runes.Length; i++)
        {
            _elements.Add(runes[i].Value switch
            {
                '*' => new Element(null, AnyNumber: true),
                '?' => new Element(null, AnyNumber: false),
                '[' => new Element(ReadSet(runes, ref i), AnyNumber: false),
                int value => new Element(new Set([(value, value)], Negated: false), AnyNumber: false),
            });
        }
    }

    /// <summary>Whether a name matches. Takes time in proportion to the lengths of both at most.</summary>
    /// <param name="name">The name.</param>
    public bool IsMatch(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        Rune[] runes = name.EnumerateRunes().ToArray();
        int element = 0, star = -1, resume = 0;
        for (int i = 0; i < runes.Length;)
        {
            if (element < _elements.Count && _elements[element].AnyNumber)
            {
                star = element++;   // first try: it stands for nothing
                resume = i;
            }
            else if (element < _elements.Count && _elements[element].Matches(runes[i]))
            {
                element++;
                i++;
            }
            else if (star >= 0)
            {
                element = star + 1;   // the last star takes one more; earlier ones need not be tried again
                i = ++resume;
            }
            else
            {
                return false;
            }
        }

        return _elements.Skip(element).All(rest => rest.AnyNumber);
    }

    /// <summary>The pattern as it was written.</summary>
    public override string ToString() => _text;

    private Set ReadSet(Rune[] runes, ref int i)
    {
        bool negated = i + 1 < runes.Length && runes[i + 1].Value is '!' or '^';
        int first = negated ? i + 2 : i + 1;
        int end = Array.FindIndex(runes, Math.Min(first + 1, runes.Length), rune => rune.Value == ']');   // the first may be ']' itself
        if (end < 0)
        {
            throw new FormatException($"Pattern {ErrorText.Quote(_text)} has '[' without ']'.");
        }

        var ranges = new List<(int, int)>();
        for (int at = first; at < end; at++)
        {
            bool isRange = at + 2 < end && runes[at + 1].Value == '-';
            ranges.Add((runes[at].Value, runes[isRange ? at + 2 : at].Value));
            at += isRange ? 2 : 0;
        }

        i = end;
        return new Set(ranges, negated);
    }

    private readonly record struct Element(Set? Set, bool AnyNumber)
    {
        public bool Matches(Rune rune) => Set is null || Set.Contains(rune.Value);
    }

    private sealed record Set(List<(int First, int Last)> Ranges, bool Negated)
    {
        public bool Contains(int value) => Ranges.Exists(range => range.First <= value && value <= range.Last) != Negated;
    }
}
