using System.CommandLine;
using System.CommandLine.Parsing;

namespace Quant.Net.Tool.CommandLine;

/// <summary>Says what is wrong with a command line, and what may have been meant.</summary>
internal static class UsageReport
{
    /// <summary>The first fault of a command line that could not be parsed, in one line.</summary>
    public static string Describe(ParseResult parsed)
    {
        string help = $"see '{FullName(parsed.CommandResult)} --help'";
        if ((MistypedOption(parsed) ?? parsed.UnmatchedTokens.FirstOrDefault()) is { } token)
        {
            string? guess = Suggestion.For(token, Candidates(parsed.CommandResult, token));
            return guess is null
                ? $"{Kind(parsed, token)} ({help})"
                : $"{Kind(parsed, token)}; did you mean '{guess}'?";
        }

        if (parsed.CommandResult.Command.Subcommands is { Count: > 0 } commands)
        {
            return $"expected a command: {string.Join(", ", commands.Select(command => command.Name))} ({help})";
        }

        if (parsed.CommandResult.Command.Arguments.FirstOrDefault(argument =>
            argument.Arity.MinimumNumberOfValues > 0 && (parsed.GetResult(argument) is null or { Tokens.Count: 0 })) is { } missing)
        {
            return $"{missing.Name} is missing ({help})";
        }

        string fault = parsed.Errors[0].Message.TrimEnd('.');
        bool isWord = fault.Length > 1 && char.IsLower(fault[1]);   // else a name in capitals
        return isWord ? $"{char.ToLowerInvariant(fault[0])}{fault[1..]} ({help})" : $"{fault} ({help})";
    }

    /// <summary>
    /// The parser takes an option that it does not know for an argument, if the command has one. What stands behind <c>--</c> is meant
    /// to be an argument.
    /// </summary>
    public static string? MistypedOption(ParseResult parsed)
    {
        var meant = parsed.Tokens
            .SkipWhile(token => token.Type != TokenType.DoubleDash)
            .Select(token => token.Value)
            .ToHashSet(StringComparer.Ordinal);
        return parsed.CommandResult.Children
            .OfType<ArgumentResult>()
            .SelectMany(argument => argument.Tokens)
            .Select(token => token.Value)
            .FirstOrDefault(value => value.StartsWith('-') && !meant.Contains(value));
    }

    private static string Kind(ParseResult parsed, string token)
    {
        Command command = parsed.CommandResult.Command;
        return token.StartsWith('-') ? $"'{token}' is not an option of {FullName(parsed.CommandResult)}"
            : command.Subcommands.Count > 0 ? $"'{token}' is not a command"
            : $"'{token}' is one argument too many for {FullName(parsed.CommandResult)}";
    }

    private static IEnumerable<string> Candidates(CommandResult result, string token)
    {
        if (!token.StartsWith('-'))
        {
            return result.Command.Subcommands.Select(command => command.Name);
        }

        IEnumerable<Option> inherited = result.Parent is CommandResult parent
            ? parent.Command.Options.Where(option => option.Recursive)
            : [];
        return result.Command.Options.Concat(inherited).Select(option => option.Name);
    }

    private static string FullName(CommandResult result) =>
        result.Parent is CommandResult parent ? $"{FullName(parent)} {result.Command.Name}" : "quantnet";
}
