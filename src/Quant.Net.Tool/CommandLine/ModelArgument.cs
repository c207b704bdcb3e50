using System.CommandLine;

namespace Quant.Net.Tool.CommandLine;

/// <summary>The model that a command reads.</summary>
internal sealed class ModelArgument : Argument<string>
{
    private readonly bool _takesSafetensors;

    public ModelArgument(bool takesSafetensors = false, string name = "MODEL")
        : base(name)
    {
        _takesSafetensors = takesSafetensors;
        Description = takesSafetensors
            ? "A GGUF file (any file of a split model stands for the whole), a .safetensors file or its index, or a folder"
            : "A GGUF file; any file of a split model stands for the whole";
    }

    /// <summary>What to do with a safetensors model, of a command that does not take it.</summary>
    public string? ForSafetensors { get; init; }

    /// <summary>The path that was given, if a file is there, or a folder where one is taken.</summary>
    /// <exception cref="ToolException">There is nothing, or a folder where none is taken.</exception>
    public string PathIn(ParseResult parsed)
    {
        string path = parsed.GetRequiredValue(this);
        return ForSafetensors is { } advice && IsSafetensors(path) && Path.Exists(path)
            ? throw new ToolException($"{path}: is a safetensors model, expected a GGUF file; {advice}")
            : InputFile.Require(path, orFolder: _takesSafetensors);
    }

    /// <summary>Whether a path is to be opened as a safetensors model: its name says so, whatever is in it.</summary>
    public static bool IsSafetensors(string path) =>
        Directory.Exists(path)
        || path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase)
        || path.EndsWith(".safetensors.index.json", StringComparison.OrdinalIgnoreCase);
}
