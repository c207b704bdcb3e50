using System.CommandLine;

namespace Quant.Net.Tool.CommandLine;

/// <summary>Options that take one of some words.</summary>
internal static class ChoiceOption
{
    /// <summary>Lets an option take only these, and shells complete them.</summary>
    public static Option<string> TakeOneOf(this Option<string> option, params string[] choices)
    {
        option.CompletionSources.Add(choices);
        option.Validators.Add(result =>
        {
            string choice = result.GetValueOrDefault<string>() ?? "";
            if (!choices.Contains(choice))
            {
                result.AddError($"{option.Name}: '{choice}' is none of {string.Join(", ", choices)}");
            }
        });
        return option;
    }
}
