using System.CommandLine;
using System.CommandLine.Invocation;
using System.Reflection;

namespace Quant.Net.Tool.CommandLine;

/// <summary><c>--version</c>: the tool's name and version.</summary>
internal sealed class PrintVersion : SynchronousCommandLineAction
{
    /// <summary>The version of this tool, such as <c>0.1.0</c>.</summary>
    public static string ToolVersion { get; } =
        typeof(PrintVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    public override bool Terminating => true;

    public override int Invoke(ParseResult parseResult)
    {
        parseResult.InvocationConfiguration.Output.WriteLine($"quantnet {ToolVersion}");
        return ExitCode.Done;
    }
}
