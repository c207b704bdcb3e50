using System.Diagnostics;
using System.Text.Json;

namespace Quant.Net.Tool.Tests.Support;

/// <summary>What a run of the tool left behind.</summary>
internal sealed record ToolResult(int ExitCode, string Out, string Error)
{
    public JsonElement Json => JsonDocument.Parse(Out).RootElement;

    /// <summary>Checks that the run failed as it should: with an exit code, nothing printed, and one line of complaint.</summary>
    public void AssertFails(int exitCode, params string[] words)
    {
        Assert.True(ExitCode == exitCode, $"exit code {ExitCode}, expected {exitCode}; error: {Error}");
        Assert.Equal("", Out);
        string line = Assert.Single(Error.TrimEnd('\n').Split('\n'));
        Assert.StartsWith("quantnet: ", line, StringComparison.Ordinal);
        Assert.DoesNotContain(line, char.IsControl);
        Assert.All(words, word => Assert.Contains(word, line, StringComparison.Ordinal));
    }
}

/// <summary>Runs the tool as its users do, in a process of its own.</summary>
internal static class CommandLineTool
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>The tool's assembly.</summary>
    public static string Assembly { get; } = Path.Combine(AppContext.BaseDirectory, "quantnet.dll");

    /// <summary>How a shell starts the tool.</summary>
    public static string ShellCommand { get; } = $"'{DotNet}' '{Assembly}'";

    /// <summary>The program that runs these tests, unless it is an IDE's own.</summary>
    public static string DotNet =>
        Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet";

    /// <summary>Runs the tool and expects it to succeed in silence.</summary>
    public static ToolResult Succeed(params string[] arguments)
    {
        ToolResult result = Run(arguments);
        Assert.True(result.ExitCode == 0, $"exit code {result.ExitCode}: {result.Error}");
        Assert.Equal("", result.Error);
        return result;
    }

    public static ToolResult Run(params string[] arguments) => Finish(Start(arguments));

    public static Process Start(params string[] arguments) => Start(DotNet, [Assembly, .. arguments]);

    /// <summary>Runs a command line of bash in which <c>quantnet</c> is the tool.</summary>
    public static ToolResult RunInShell(string commandLine, params (string Name, string Value)[] environment) =>
        Finish(Start("bash", ["-c", $"quantnet() {{ {ShellCommand} \"$@\"; }}\n{commandLine}"], environment));

    public static ToolResult Finish(Process process)
    {
        using (process)
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Task<string> error = process.StandardError.ReadToEndAsync();
            if (!process.WaitForExit(Patience))
            {
                process.Kill(entireProcessTree: true);
                Assert.Fail($"still running after {Patience}");
            }

            return new ToolResult(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
        }
    }

    private static Process Start(string program, string[] arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        Process process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }
}
