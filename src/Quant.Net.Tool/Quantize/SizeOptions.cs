using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Quant.Net.Tool.CommandLine;

namespace Quant.Net.Tool.Quantize;

/// <summary><c>--target-size</c> and <c>--target-bpw</c>: types are chosen so that the model is not larger.</summary>
internal sealed class SizeOptions
{
    private readonly Option<long?> _size = new("--target-size")
    {
        Description = "Instead of TYPE: choose a type for each tensor so that the files have at most this size, such as 4GiB, at the least error",
        HelpName = "SIZE",
        CustomParser = ByteSize.Parse,
    };

    private readonly Option<double?> _bits = new("--target-bpw")
    {
        Description = "The same for a number of bits per weight, such as 4.5, over all tensors",
        HelpName = "BITS",
        CustomParser = ParseBits,
    };

    private readonly TypeArgument _type;
    private readonly Option _forRecipesOnly;

    public SizeOptions(Command command, TypeArgument type, Option forRecipesOnly)
    {
        (_type, _forRecipesOnly) = (type, forRecipesOnly);
        command.Options.Add(_size);
        command.Options.Add(_bits);
        command.Validators.Add(RequireOneGoal);
    }

    /// <summary>The budget; null: a file type was named.</summary>
    public SizeBudget? BudgetIn(ParseResult parsed) =>
        parsed.GetValue(_size) is { } size ? SizeBudget.OfFiles(size)
        : parsed.GetValue(_bits) is { } bits ? SizeBudget.OfWeights(bits)
        : null;

    private void RequireOneGoal(CommandResult command)
    {
        bool size = command.GetResult(_size) is not null, bits = command.GetResult(_bits) is not null;
        bool type = command.GetResult(_type) is { Tokens.Count: > 0 };
        if (size && bits)
        {
            command.AddError("--target-size and --target-bpw cannot be had together");
        }
        else if (!size && !bits && !type)
        {
            command.AddError("expected TYPE, such as Q4_K_M, or --target-size or --target-bpw");
        }
        else if ((size || bits) && type)
        {
            command.AddError($"{(size ? _size.Name : _bits.Name)} chooses the types, expected no TYPE beside it");
        }
        else if ((size || bits) && command.GetResult(_forRecipesOnly) is { Implicit: false })
        {
            command.AddError($"{_forRecipesOnly.Name} goes with TYPE, not with {(size ? _size.Name : _bits.Name)}");
        }
    }

    private static double? ParseBits(ArgumentResult result)
    {
        string text = result.Tokens.Count == 0 ? "" : result.Tokens[0].Value;
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double bits) && double.IsFinite(bits) && bits > 0)
        {
            return bits;
        }

        result.AddError($"--target-bpw: '{text}' is not a number of bits, such as 4.5");
        return null;
    }
}
