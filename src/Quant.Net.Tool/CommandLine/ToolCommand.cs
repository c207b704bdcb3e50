using System.CommandLine;

namespace Quant.Net.Tool.CommandLine;

/// <summary>A command line to try, with what it does.</summary>
internal readonly record struct Example(string CommandLine, string Purpose);

/// <summary>A command whose help ends in examples.</summary>
internal abstract class ToolCommand(string name, string description, params Example[] examples) : Command(name, description)
{
    public IReadOnlyList<Example> Examples { get; } = examples;
}
