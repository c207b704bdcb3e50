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

        string? guess = Suggestion.For(text.ToUpperInvariant(), Names);
        result.AddError(
            $"TYPE: '{text}' is none of {string.Join(", ", Names)}" + (guess is null ? "" : $"; did you mean '{guess}'?"));
        return null;
    }
}
