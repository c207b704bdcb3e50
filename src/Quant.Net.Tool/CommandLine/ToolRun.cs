using System.CommandLine;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.CommandLine;

/// <summary>One run of the tool, from its arguments to its exit code.</summary>
internal static class ToolRun
{
    public static async Task<int> RunAsync(string[] typed)
    {
        using var console = new ToolConsole();
        using var signals = new ShutdownSignals();
        try
        {
            string[] arguments = AskForHelp(typed);

            // A model may be called @something: that is a name here, not a file of arguments.
            ParseResult parsed = QuantNetCommand.Create(console)
                .Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
            if (UsageReport.Fault(parsed, arguments) is { } fault)
            {
                throw new UsageException(fault);
            }

            int exitCode = await parsed.InvokeAsync(
                new InvocationConfiguration
                {
                    Output = console.Out,
                    Error = console.Error,
                    EnableDefaultExceptionHandler = false,
                    ProcessTerminationTimeout = null,
                },
                signals.Token);
            console.Flush();
            return exitCode;
        }
        catch (OperationCanceledException) when (signals.Token.IsCancellationRequested)
        {
            console.Complain("interrupted");
            return ExitCode.Interrupted;
        }
        catch (UsageException wrong)
        {
            console.Complain(wrong.Message);
            return ExitCode.WrongUsage;
        }
        catch (Exception failure)
        {
            // The last resort of the process: whatever it is becomes one line and an exit code.
            console.Complain(ErrorText.Describe(failure));
            if (Environment.GetEnvironmentVariable("QUANTNET_DEBUG") == "1")
            {
                console.Error.WriteLine(failure);
            }

            return ExitCode.Failed;
        }
    }

    /// <summary><c>help COMMAND</c> is <c>COMMAND --help</c>, as in git and dotnet.</summary>
    private static string[] AskForHelp(string[] typed) => typed switch
    {
        ["help", "help"] => ["--help"],
        ["help", .. var command] => [.. command, "--help"],
        _ => typed,
    };
}
