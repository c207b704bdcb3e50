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

        Assert.Equal(["'inspect'", "'--tensor'", "'bf16'", "'model one.gguf'"], Lines(result));
    }

    [ShellFact("zsh")]
    public void ZshCompletesCommandsOptionsValuesAndFiles()
    {
        // Lines are typed at a terminal, with a tab at the end; then quantnet is a function that tells what became of them.
        using TemporaryFolder folder = FolderWithTool();
        File.WriteAllText(
            folder[".zshrc"],
            """
            autoload -U compinit; compinit -u -D
            source <(quantnet completion zsh)
            quantnet() { if [[ $1 == "[suggest:"* ]]; then command quantnet "$@"; else print -r -- "${(j:|:)@}" >>ran; fi }
            """);
        File.WriteAllText(
            folder["type.zsh"],
            """
            zmodload zsh/zpty
            zpty shell "ZDOTDIR='$PWD' TERM=xterm exec zsh -i"
            for line in 'quantnet ins' 'quantnet inspect --ten' 'quantnet dequantize m.gguf --type bf' 'quantnet inspect mod'; do
              zpty -w -n shell "$line"$'\t\n'
            done
            zpty -w shell exit
            while zpty -r shell text; do done
            cat ran
            """);

        ToolResult result = RunInShell($"cd '{folder.Path}'; PATH=$PWD/bin:$PATH zsh -f type.zsh");
        Assert.Equal(["inspect", "inspect|--tensor", "dequantize|m.gguf|--type|bf16", "inspect|model one.gguf"], Lines(result));
    }

    [ShellFact("fish")]
    public void FishCompletesCommandsOptionsValuesAndFiles()
    {
        using TemporaryFolder folder = FolderWithTool();
        ToolResult result = RunInShell(
            $$"""
            cd '{{folder.Path}}'
            PATH=$PWD/bin:$PATH HOME=$PWD fish -c '
              quantnet completion fish | source
              complete -C "quantnet ins"
              complete -C "quantnet inspect --ten"
              complete -C "quantnet dequantize m.gguf --type bf"
              complete -C "quantnet inspect mod"'
            """);

        Assert.Equal(["inspect", "--tensor", "bf16", "model one.gguf"], Lines(result));
    }

    [ShellFact("pwsh")]
    public void PowerShellCompletesCommandsOptionsValuesAndFiles()
    {
        using TemporaryFolder folder = FolderWithTool();
        File.WriteAllText(
            folder["complete.ps1"],
            """
            Invoke-Expression (& quantnet completion pwsh | Out-String)
            foreach ($line in 'quantnet ins', 'quantnet inspect --ten', 'quantnet dequantize m.gguf --type b', 'quantnet inspect mod') {
              (TabExpansion2 $line $line.Length).CompletionMatches | ForEach-Object CompletionText
            }
            """);

        ToolResult result = RunInShell($"cd '{folder.Path}'; PATH=$PWD/bin:$PATH HOME=$PWD pwsh -NoProfile -NonInteractive -File complete.ps1");
        Assert.Equal(["inspect", "--tensor", "bf16", "'./model one.gguf'"], Lines(result));
    }

    [Theory]
    [InlineData("bash", "complete -o filenames -F _quantnet quantnet")]
    [InlineData("zsh", "compdef _quantnet quantnet")]
    [InlineData("fish", "complete -c quantnet")]
    [InlineData("pwsh", "Register-ArgumentCompleter")]
    public void EachShellHasItsScript(string shell, string line) =>
        Assert.Contains(line, Succeed("completion", shell).Out, StringComparison.Ordinal);

    /// <summary>A folder with a file to complete, and a program <c>quantnet</c> in <c>bin</c>.</summary>
    private static TemporaryFolder FolderWithTool()
    {
        var folder = new TemporaryFolder();
        File.WriteAllText(folder["model one.gguf"], "");
        Directory.CreateDirectory(folder["bin"]);
        File.WriteAllText(folder["bin/quantnet"], $"#!/bin/sh\nexec {ShellCommand} \"$@\"\n");
        RunInShell($"chmod +x '{folder["bin/quantnet"]}'");
        return folder;
    }

    private static string[] Lines(ToolResult result)
    {
        Assert.Equal("", result.Error);
        return result.Out.TrimEnd().Split('\n');
    }
}
