using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;

namespace Quant.Net.Tool.CommandLine;

/// <summary>Says what is wrong with a command line, and what may have been meant. What the parser itself would say is hardly ever seen.</summary>
internal static class UsageReport
{
    /// <summary>The first fault of a command line, in one line; null if it makes sense.</summary>
    /// <param name="parsed">What the parser made of it.</param>
    /// <param name="words">The words as they were typed.</param>
    public static string? Fault(ParseResult parsed, IReadOnlyList<string> words)
    {
        CommandResult command = parsed.CommandResult;
        bool isCommand = parsed.Action == command.Command.Action || parsed.Action is ParseErrorAction;
        bool isHelp = parsed.Action is HelpWithExamples && command.Parent is null;   // of a command that does not exist, or of all
        if (!isCommand && !isHelp)
        {
            return null;
        }

        string? fault = isHelp
            ? StrangeWord(parsed)
            : OptionFaults.OfFlags(command, words) ?? StrangeWord(parsed) ?? OptionFaults.OfValues(command, words) ?? Incomplete(command) ?? Refused(parsed);
        return fault is null || fault.EndsWith('?') ? fault : $"{fault} (see '{FullName(command)} --help')";
    }

    /// <summary>A word that belongs nowhere.</summary>
    private static string? StrangeWord(ParseResult parsed)
    {
        CommandResult result = parsed.CommandResult;
        var behindDashes = parsed.Tokens
            .SkipWhile(token => token.Type != TokenType.DoubleDash)
            .Select(token => token.Value)
            .ToHashSet(StringComparer.Ordinal);
        string command = FullName(result);
        if ((MistypedOption(result, behindDashes) ?? parsed.UnmatchedTokens.FirstOrDefault()) is not { } word)
        {
            return null;
        }

        if (behindDashes.Contains(word))
        {
            return result.Command.Subcommands.Count > 0
                ? $"'{word}' stands behind '--', expected a command before it"
                : $"'{word}' is one argument too many for {command}; options stand before '--'";
        }

        if (word == "-")
        {
            return "'-' is no file; nothing is read from the standard input";
        }

        string what = word.StartsWith('-') ? $"'{word}' is not an option of {command}"
            : result.Command.Subcommands.Count > 0 ? $"'{word}' is not a command"
            : $"'{word}' is one argument too many for {command}";
        return Suggestion.For(word, Candidates(result, word)) is { } guess ? $"{what}; did you mean '{guess}'?" : what;
    }

    /// <summary>
    /// The parser takes an option that it does not know for an argument, if the command has one. What stands behind <c>--</c> is meant
    /// to be an argument.
    /// </summary>
    private static string? MistypedOption(CommandResult command, HashSet<string> behindDashes) => command.Children
        .OfType<ArgumentResult>()
        .SelectMany(argument => argument.Tokens)
        .Select(token => token.Value)
        .FirstOrDefault(value => value.StartsWith('-') && !behindDashes.Contains(value));

    /// <summary>What is not there, or has no text.</summary>
    private static string? Incomplete(CommandResult result)
    {
        if (result.Command.Subcommands is { Count: > 0 } commands)
        {
            return $"expected a command: {string.Join(", ", commands.Select(command => command.Name))}";
        }

        foreach (Argument argument in result.Command.Arguments)
        {
            IReadOnlyList<Token> tokens = result.GetResult(argument)?.Tokens ?? [];
            if (tokens.Count < argument.Arity.MinimumNumberOfValues)
            {
                return $"{argument.Name} is missing";
            }

            if (tokens.Any(token => token.Value.Length == 0))
            {
                return $"{argument.Name} is empty";
            }
        }

        return null;
    }

    /// <summary>What the command itself has against it.</summary>
    private static string? Refused(ParseResult parsed) => parsed.Errors.Count == 0 ? null : parsed.Errors[0].Message.TrimEnd('.');

    private static IEnumerable<string> Candidates(CommandResult result, string word) => word.StartsWith('-')
        ? OptionFaults.OptionsOf(result).Select(option => option.Name)
        : result.Command.Subcommands.Select(command => command.Name);

    private static string FullName(CommandResult result) =>
        result.Parent is CommandResult parent ? $"{FullName(parent)} {result.Command.Name}" : "quantnet";
}
