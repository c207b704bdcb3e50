using System.CommandLine;
using System.CommandLine.Parsing;

namespace Quant.Net.Tool.CommandLine;

/// <summary><c>--tensor GLOB</c>, or by another name: the tensors that a command deals with.</summary>
internal sealed class TensorOption : Option<NamePattern[]>
{
    public TensorOption(string description, string name = "--tensor")
        : base(name)
    {
        Description = description;
        HelpName = "GLOB";
        CustomParser = Parse;
    }

    /// <summary>The patterns that were given.</summary>
    public IReadOnlyList<NamePattern> PatternsIn(ParseResult parsed) => parsed.GetValue(this) ?? [];

    /// <summary>The tensors that match any of the patterns, in the model's order; all of them if there is no pattern.</summary>
    /// <param name="path">The model, for messages.</param>
    /// <param name="tensors">Its tensors.</param>
    /// <param name="nameOf">What a tensor is called.</param>
    /// <param name="patterns">The patterns.</param>
    /// <exception cref="ToolException">A pattern matches no tensor.</exception>
    public static IReadOnlyList<T> Select<T>(
        string path, IReadOnlyList<T> tensors, Func<T, string> nameOf, IReadOnlyList<NamePattern> patterns)
    {
        NamePattern? idle = patterns.FirstOrDefault(pattern => !tensors.Any(tensor => pattern.IsMatch(nameOf(tensor))));
        return idle is not null ? throw new ToolException($"{path}: no tensor matches '{idle}'")
            : patterns.Count == 0 ? tensors
            : [.. tensors.Where(tensor => patterns.Any(pattern => pattern.IsMatch(nameOf(tensor))))];
    }

    private NamePattern[]? Parse(ArgumentResult result)
    {
        try
        {
            return [.. result.Tokens.Select(token => new NamePattern(token.Value))];
        }
        catch (FormatException malformed)
        {
            result.AddError($"{Name}: {malformed.Message}");
            return null;
        }
    }
}
