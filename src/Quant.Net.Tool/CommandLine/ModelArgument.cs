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
        Validators.Add(RefuseEmpty);
    }

    /// <summary>The path that was given, if a file is there.</summary>
    /// <exception cref="ToolException">There is no file, or a directory.</exception>
    public string PathIn(ParseResult parsed) => InputFile.Require(parsed.GetRequiredValue(this));

    private static void RefuseEmpty(ArgumentResult result)
    {
        if (result.Tokens is [{ Value: "" }])
        {
            result.AddError("MODEL is empty, expected a path");
        }
    }
}
