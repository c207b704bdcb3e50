using System.CommandLine;

namespace Quant.Net.Tool.CommandLine;

/// <summary>The options of commands that write files.</summary>
internal static class OutputOptions
{
    /// <summary><c>--output</c>: where to.</summary>
    public static Option<string> Output(string name, string description) => new("--output", "-o")
    {
        Description = description,
        HelpName = name,
        Required = true,
    };

    /// <summary><c>--force</c>: over existing files.</summary>
    public static Option<bool> Force() => new("--force")
    {
        Description = "Replace an existing output",
    };

    /// <summary>Throws if an output is there already and may not be replaced.</summary>
    public static void RefuseExisting(string path, bool force)
    {
        if (!force && File.Exists(path))
        {
            throw new ToolException($"{path}: exists already (--force replaces it)");
        }
    }

    /// <summary>Throws if a folder is where a file is to be written, which no <c>--force</c> replaces.</summary>
    public static void RefuseFolder(string path)
    {
        if (Directory.Exists(path))
        {
            throw new ToolException($"{path}: is a directory, expected a file");
        }
    }

    /// <summary>Refuses an output whose name does not end as it must.</summary>
    public static void RequireExtension(Option<string> output, string extension) => output.Validators.Add(result =>
    {
        string path = result.GetValueOrDefault<string>() ?? "";
        if (!path.EndsWith(extension, StringComparison.OrdinalIgnoreCase))
        {
            result.AddError($"--output: '{path}' does not end in {extension}");
        }
    });
}
