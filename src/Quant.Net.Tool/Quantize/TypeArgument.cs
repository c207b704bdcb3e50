using System.CommandLine;
using System.CommandLine.Parsing;
using Quant.Net.Tool.CommandLine;

namespace Quant.Net.Tool.Quantize;

/// <summary>The file type that a model gets, such as Q4_K_M.</summary>
internal sealed class TypeArgument : Argument<QuantizationRecipe?>
{
    public TypeArgument()
        : base("TYPE")
    {
        Description = $"The file type, such as Q4_K_M; left out with --target-size and --target-bpw. One of {string.Join(", ", Names)}";
        HelpName = "TYPE";
        Arity = ArgumentArity.ZeroOrOne;
        CustomParser = Parse;
        CompletionSources.Add([.. Names]);
    }

    private static IEnumerable<string> Names => QuantizationRecipe.All.Select(recipe => recipe.Name);

    private static QuantizationRecipe? Parse(ArgumentResult result)
    {
        string text = result.Tokens.Count == 0 ? "" : result.Tokens[0].Value;
        if (QuantizationRecipe.TryParse(text, out QuantizationRecipe? recipe))
        {
            return recipe;
        }

        string typed = text.ToUpperInvariant();
        string? guess = Names.FirstOrDefault(name => LettersOf(name) == LettersOf(typed)) ?? Suggestion.For(typed, Names);
        result.AddError(guess is null
            ? $"TYPE: '{text}' is none of {string.Join(", ", Names)}"
            : $"TYPE: '{text}' is no file type; did you mean '{guess}'?");
        return null;
    }

    /// <summary>Underscores are what people leave out, or type otherwise.</summary>
    private static string LettersOf(string name) => string.Concat(name.Where(char.IsLetterOrDigit));
}
