using System.CommandLine;

namespace Quant.Net.Tool.CommandLine;

/// <summary>The options that every command has.</summary>
internal static class CommonOptions
{
    public static Option<bool> Json { get; } = new("--json")
    {
        Description = "Print the result as one JSON object",
        Recursive = true,
    };

    public static Option<bool> Quiet { get; } = new("--quiet", "-q")
    {
        Description = "No progress and no messages, only results and errors",
        Recursive = true,
    };
}
