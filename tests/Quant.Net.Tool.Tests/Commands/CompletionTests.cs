using Quant.Net.Tool.Tests.Support;
using static Quant.Net.Tool.Tests.Support.CommandLineTool;

namespace Quant.Net.Tool.Tests.Commands;

public class CompletionTests
{
    [LinuxFact]
    public void BashCompletesCommandsOptionsValuesAndFiles()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["model one.gguf"], "");
        ToolResult result = RunInShell(
            $$"""
            cd '{{folder.Path}}'
            source <(quantnet completion bash)
            try() { # words
              COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*"
              COMP_POINT=${#COMP_LINE}
              _quantnet
              echo "${COMPREPLY[*]@Q}"
            }
            try quantnet ins
            try quantnet inspect --ten
            try quantnet dequantize m.gguf --type b
            try quantnet inspect mod
            """);

        Assert.Equal("", result.Error);
        Assert.Equal(["'inspect'", "'--tensor'", "'bf16'", "'model one.gguf'"], result.Out.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData("bash", "complete -o filenames -F _quantnet quantnet")]
    [InlineData("zsh", "compdef _quantnet quantnet")]
    [InlineData("fish", "complete -c quantnet")]
    [InlineData("pwsh", "Register-ArgumentCompleter")]
    public void EachShellHasItsScript(string shell, string line) =>
        Assert.Contains(line, Succeed("completion", shell).Out, StringComparison.Ordinal);
}
