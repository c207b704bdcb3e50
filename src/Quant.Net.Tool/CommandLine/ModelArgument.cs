using System.CommandLine;
using Quant.Net.Safetensors;

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
        if (ForSafetensors is { } advice && IsSafetensors(path) && Path.Exists(path))
        {
            RequireModelIn(path);
            throw new ToolException($"{path}: is a safetensors model, expected a GGUF file; {advice}");
        }

        return InputFile.Require(path, orFolder: _takesSafetensors);
    }

    /// <summary>Refuses a folder that holds no safetensors model, before it is called one.</summary>
    /// <param name="path">The folder; nothing is asked of a file.</param>
    /// <exception cref="ModelFormatException">There is none, or nobody can say which.</exception>
    public static void RequireModelIn(string path)
    {
        if (Directory.Exists(path))
        {
            SafetensorsModel.Open(path, new SafetensorsOpenOptions { AllowPartial = true }).Dispose();
        }
    }

    /// <summary>Whether a path is to be opened as a safetensors model: its name says so, whatever is in it.</summary>
    public static bool IsSafetensors(string path) =>
        Directory.Exists(path)
        || path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase)
        || path.EndsWith(".safetensors.index.json", StringComparison.OrdinalIgnoreCase);
}
