using System.CommandLine;
using System.CommandLine.Parsing;

namespace Quant.Net.Tool.CommandLine;

/// <summary>What can be wrong with any option, whatever it means: too few or too many values, or none that says anything.</summary>
internal static class OptionFaults
{
    private const string Dashes = "--";   // what follows are arguments

    /// <summary>
    /// The first fault of a command's options that take no value; null if there is none. The parser takes what stands behind the equals
    /// sign of one for an argument, if it is neither true nor false: that is looked for before arguments are.
    /// </summary>
    /// <param name="command">What the parser made of the command line.</param>
    /// <param name="words">The words as they were typed.</param>
    public static string? OfFlags(CommandResult command, IReadOnlyList<string> words)
    {
        Option[] flags = [.. OptionsOf(command).Where(IsFlag)];
        return words.TakeWhile(word => word != Dashes)
            .Select(word => word.Split(['=', ':'], 2))
            .Where(parts => parts.Length == 2 && flags.Any(flag => IsNameOf(flag, parts[0])) && !bool.TryParse(parts[1], out _))
            .Select(parts => $"{parts[0]} takes no value, found '{parts[1]}'")
            .FirstOrDefault();
    }

    /// <summary>The first fault of a command's other options; null if there is none.</summary>
    /// <param name="command">What the parser made of the command line.</param>
    /// <param name="words">The words as they were typed.</param>
    public static string? OfValues(CommandResult command, IReadOnlyList<string> words)
    {
        Option[] options = [.. OptionsOf(command)];
        string[] before = [.. words.TakeWhile(word => word != Dashes)];
        return options.Where(option => !IsFlag(option))
            .Select(option => FaultOf(option, command.GetResult(option), options, before))
            .FirstOrDefault(fault => fault is not null);
    }

    /// <summary>The options that a command may have.</summary>
    public static IEnumerable<Option> OptionsOf(CommandResult command) => command.Parent is CommandResult parent
        ? command.Command.Options.Concat(parent.Command.Options.Where(option => option.Recursive))
        : command.Command.Options;

    private static bool IsFlag(Option option) => option.ValueType == typeof(bool);

    private static bool IsNameOf(Option option, string word) => option.Name == word || option.Aliases.Contains(word);

    private static string? FaultOf(Option option, OptionResult? result, Option[] all, string[] words)
    {
        if (result is null or { Implicit: true })
        {
            return option.Required ? $"{option.Name} {option.HelpName} is required" : null;
        }

        string[] values = [.. result.Tokens.Select(token => token.Value)];
        string expected = option.HelpName is { } name ? $", expected {name}" : "";
        return values.Length > option.Arity.MaximumNumberOfValues ? $"{option.Name} is given {values.Length} times, expected once"
            : values.Length < result.IdentifierTokenCount * option.Arity.MinimumNumberOfValues ? $"{option.Name} has no value{expected}"
            : values.Contains("") ? $"{option.Name} is empty{expected}"
            : values.FirstOrDefault(value => IsSwallowed(value, option, all, words)) is { } swallowed
            ? $"{option.Name} has no value{expected}; found the option '{swallowed}'"
            : null;
    }

    /// <summary>Whether a value is an option that the parser took for one, because this option came before it without any.</summary>
    private static bool IsSwallowed(string value, Option option, Option[] all, string[] words) =>
        all.Any(other => IsNameOf(other, value))
        && words.Zip(words.Skip(1)).Any(pair => IsNameOf(option, pair.First) && pair.Second == value);
}
