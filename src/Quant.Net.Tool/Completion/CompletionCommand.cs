using System.CommandLine;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Completion;

/// <summary><c>quantnet completion</c>: what makes a shell complete commands, options and their values.</summary>
internal sealed class CompletionCommand : ToolCommand
{
    private static readonly string[] Shells = ["bash", "zsh", "fish", "pwsh"];

    private readonly Argument<string> _shell = new("SHELL")
    {
        Description = "The shell: bash, zsh, fish or pwsh",
    };

    private readonly ToolConsole _console;

    public CompletionCommand(ToolConsole console)
        : base(
            "completion",
            "Prints a script that makes a shell complete commands, options and their values",
            new Example("quantnet completion bash >> ~/.bashrc", "For bash; it works in new shells"),
            new Example("quantnet completion zsh >> ~/.zshrc", "For zsh, behind the line that has compinit"),
            new Example("quantnet completion fish > ~/.config/fish/completions/quantnet.fish", "For fish"),
            new Example("quantnet completion pwsh >> $PROFILE", "For PowerShell"))
    {
        _console = console;
        _shell.CompletionSources.Add(Shells);
        _shell.Validators.Add(result =>
        {
            string shell = result.GetValueOrDefault<string>() ?? "";
            if (!Shells.Contains(shell))
            {
                result.AddError($"'{shell}' is none of the shells {string.Join(", ", Shells)}");
            }
        });
        Arguments.Add(_shell);
        SetAction(Run);
    }

    private int Run(ParseResult parsed)
    {
        using Stream script = typeof(CompletionCommand).Assembly.GetManifestResourceStream($"completion.{parsed.GetRequiredValue(_shell)}")!;
        using var reader = new StreamReader(script);
        _console.Out.Write(reader.ReadToEnd());
        return ExitCode.Done;
    }
}
