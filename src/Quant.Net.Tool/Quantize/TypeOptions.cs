using System.CommandLine;
using System.CommandLine.Parsing;
using Quant.Net.Tool.CommandLine;

namespace Quant.Net.Tool.Quantize;

/// <summary>What is asked for of single tensors, besides the file type.</summary>
internal sealed class TypeOptions
{
    private readonly Option<TensorTypeRule[]> _tensorTypes = new("--tensor-type")
    {
        Description = "The type of tensors whose names the regular expression matches, such as ffn_down=Q6_K; the first that matches counts; may be repeated",
        HelpName = "PATTERN=TYPE",
        CustomParser = ParseRules,
    };

    private readonly Option<QuantFormat?> _outputType = TensorType(
        "--output-tensor-type", "The type of output.weight, or of the token embeddings that stand in for it");

    private readonly Option<QuantFormat?> _embeddingType = TensorType("--token-embedding-type", "The type of the token embeddings");

    private readonly Option<bool> _leaveOutput = new("--leave-output-tensor")
    {
        Description = "Leave output.weight as it is",
    };

    private readonly TensorOption _include = new("Quantize only tensors whose name matches; may be repeated", "--include");
    private readonly TensorOption _exclude = new("Leave tensors whose name matches as they are; may be repeated", "--exclude");

    private readonly Option<bool> _pure = new("--pure")
    {
        Description = "Give all tensors the file type's own type, without its rules for single ones",
    };

    private readonly Option<bool> _strict = new("--strict")
    {
        Description = "Fail where a tensor's rows are not whole blocks of its type, instead of giving it another",
    };

    private readonly Option<bool> _allowRequantize = new("--allow-requantize")
    {
        Description = "Also quantize what is quantized already, which loses more than from the original",
    };

    public TypeOptions(Command command)
    {
        Option[] all = [_tensorTypes, _outputType, _embeddingType, _leaveOutput, _include, _exclude, _pure, _strict, _allowRequantize];
        foreach (Option option in all)
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The option that makes no sense without a file type.</summary>
    public Option Pure => _pure;

    /// <summary>What was asked for.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="hasImportance">Whether there is an importance matrix.</param>
    /// <param name="keepSplit">Whether files are divided as those of the model.</param>
    /// <param name="allowFaults">Whether a plan is to say what it would be refused for.</param>
    public QuantizationOptions Read(ParseResult parsed, bool hasImportance, bool keepSplit, bool allowFaults) => new()
    {
        TensorTypes = parsed.GetValue(_tensorTypes) ?? [],
        OutputTensorType = parsed.GetValue(_outputType),
        TokenEmbeddingType = parsed.GetValue(_embeddingType),
        LeaveOutputTensor = parsed.GetValue(_leaveOutput),
        Include = [.. _include.PatternsIn(parsed).Select(pattern => pattern.ToString())],
        Exclude = [.. _exclude.PatternsIn(parsed).Select(pattern => pattern.ToString())],
        Pure = parsed.GetValue(_pure),
        Strict = parsed.GetValue(_strict),
        AllowRequantize = parsed.GetValue(_allowRequantize),
        HasImportanceMatrix = hasImportance,
        KeepSplit = keepSplit,
        AllowFaults = allowFaults,
    };

    private static Option<QuantFormat?> TensorType(string name, string description)
    {
        var option = new Option<QuantFormat?>(name)
        {
            Description = description,
            HelpName = "TYPE",
            CustomParser = ParseType,
        };
        option.CompletionSources.Add(
            [.. QuantizationRecipe.All.Select(recipe => recipe.Format).OfType<QuantFormat>().Distinct().Select(format => $"{format}")]);
        return option;
    }

    private static QuantFormat? ParseType(ArgumentResult result) => Parse(result, token => TensorTypeRule.Parse($".={token}")) is [var only] ? only.Format : null;

    private static TensorTypeRule[]? ParseRules(ArgumentResult result) => Parse(result, TensorTypeRule.Parse);

    private static TensorTypeRule[]? Parse(ArgumentResult result, Func<string, TensorTypeRule> parse)
    {
        try
        {
            return [.. result.Tokens.Select(token => parse(token.Value))];
        }
        catch (FormatException malformed)
        {
            result.AddError($"{((OptionResult)result.Parent!).Option.Name}: {malformed.Message}");
            return null;
        }
    }
}
