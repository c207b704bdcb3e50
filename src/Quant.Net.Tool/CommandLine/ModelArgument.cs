using System.CommandLine;
using System.CommandLine.Parsing;

namespace Quant.Net.Tool.CommandLine;

/// <summary>The model that a command reads.</summary>
internal sealed class ModelArgument : Argument<string>
{
    public ModelArgument()
        : base("MODEL")
    {
        Description = "A GGUF file; any file of a split model stands for the whole";
        Validators.Add(RefuseOption);
    }

    /// <summary>The path that was given, if a file is there.</summary>
    /// <exception cref="ToolException">There is no file, or a directory.</exception>
    public string PathIn(ParseResult parsed) => InputFile.Require(parsed.GetRequiredValue(this));

    // The parser takes an option that it does not know for the model. A file of such a name can be given as ./-name.
    private static void RefuseOption(ArgumentResult result)
    {
        if (result.Tokens is [{ Value: ['-', ..] option }])
        {
            result.AddError($"'{option}' is no option and no model");
        }
        else if (result.Tokens is [{ Value: "" }])
        {
            result.AddError("MODEL: the path is empty");
        }
    }
}
