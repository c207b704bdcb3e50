using System.Text.RegularExpressions;
using Quant.Net.IO;
using Quant.Net.Recipes;

namespace Quant.Net;

/// <summary>A format for tensors whose names match a regular expression.</summary>
public sealed partial class TensorTypeRule
{
    // A pattern comes from the user, but the names that it is tried on come from strangers.
    private static readonly TimeSpan LongestMatch = TimeSpan.FromSeconds(1);

    private readonly Regex _regex;

    /// <summary>Makes a rule.</summary>
    /// <param name="pattern">The regular expression; it may match any part of a name, and upper and lower case are the same.</param>
    /// <param name="format">The format.</param>
    /// <exception cref="FormatException">The expression is malformed.</exception>
    /// <exception cref="ArgumentException">Nothing is quantized to <paramref name="format"/>.</exception>
    public TensorTypeRule(string pattern, QuantFormat format)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        (Pattern, Format) = (pattern, TargetFormats.Require(format, nameof(format)));
        try
        {
            _regex = new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.IgnoreCase, LongestMatch);
        }
        catch (RegexParseException malformed)
        {
            // The framework's sentence repeats the expression, and is in a language of its own choice.
            string fault = WordStart().Replace($"{malformed.Error}", " $0").ToLowerInvariant();
            throw new FormatException(
                ErrorText.Invariant($"Regular expression {ErrorText.Quote(pattern)} is malformed at character {malformed.Offset}:{fault}"), malformed);
        }
    }

    /// <summary>The regular expression.</summary>
    public string Pattern { get; }

    /// <summary>The format.</summary>
    public QuantFormat Format { get; }

    /// <summary>Reads a rule such as <c>ffn_down=Q6_K</c>.</summary>
    /// <param name="text">The expression, an equals sign and the name of the format. The first equals sign counts.</param>
    /// <returns>The rule.</returns>
    /// <exception cref="FormatException">It is malformed, or the format is unknown or nothing is quantized to it.</exception>
    public static TensorTypeRule Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Split('=', 2);
        return parts is [{ Length: > 0 } pattern, { Length: > 0 } name]
            ? new TensorTypeRule(pattern, TargetFormats.Parse(name))
            : throw new FormatException($"{ErrorText.Quote(text)} is no rule, expected PATTERN=TYPE such as ffn_down=Q6_K.");
    }

    /// <summary>Whether it speaks of a tensor.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <exception cref="RegexMatchTimeoutException">The expression takes too long on this name.</exception>
    public bool IsMatch(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _regex.IsMatch(name);
    }

    /// <summary>The rule as it is written.</summary>
    /// <returns><c>PATTERN=TYPE</c>.</returns>
    public override string ToString() => $"{Pattern}={Format}";

    [GeneratedRegex("[A-Z]")]
    private static partial Regex WordStart();
}
