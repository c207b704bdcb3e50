using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Quant.Net.Tool.CommandLine;

/// <summary>The usual help, with the command's examples at its end.</summary>
internal sealed class HelpWithExamples(HelpAction usual) : SynchronousCommandLineAction
{
    // For a terminal that is narrower, the usual help would have to print columns of less than nothing, and fails.
    private const int LeastWidth = 40;

    public override bool Terminating => true;

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        usual.MaxWidth = Math.Max(usual.MaxWidth, LeastWidth);
        TextWriter output = parseResult.InvocationConfiguration.Output;
        usual.Invoke(parseResult);
        if (parseResult.CommandResult.Command is ToolCommand { Examples: { Count: > 0 } examples })
        {
            output.WriteLine("Examples:");
            foreach (Example example in examples)
            {
                output.WriteLine($"  {example.CommandLine}");
                output.WriteLine($"      {example.Purpose}");
            }
        }

        return ExitCode.Done;
    }
}
