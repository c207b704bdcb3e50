using System.Text;
using System.Text.RegularExpressions;
using Quant.Net.Tool.Tests.Support;
using static Quant.Net.Tool.Tests.Support.CommandLineTool;

namespace Quant.Net.Tool.Tests.Commands;

/// <summary>What becomes of the output: pipes that close, disks that are full, terminals.</summary>
public class StreamTests
{
    [LinuxFact]
    public void AReaderThatGoesAwayIsNoError()
    {
        ToolResult result = RunInShell($"quantnet inspect '{Repository.WideModel}' --all --json | head -n 1; echo ${{PIPESTATUS[0]}}");

        Assert.Equal("{\n0\n", result.Out);
        Assert.Equal("", result.Error);
    }

    [LinuxFact]
    public void AFullDiskBehindTheResultsIsAnError() =>
        RunInShell("quantnet formats > /dev/full").AssertFails(1, "standard output: No space left on device");

    [LinuxFact]
    public void WithoutResultsTheCommandHasFailed() =>
        RunInShell("quantnet formats >&-").AssertFails(1, "standard output: is closed");

    /// <summary>Messages that nobody can read change nothing, and are not written into whatever has taken the place of the stream.</summary>
    [LinuxFact]
    public void MessagesThatCannotBeWrittenAreLost()
    {
        using var folder = new TemporaryFolder();
        string warned = new TinyGguf().AddTensor("x", 0, [1], BitConverter.GetBytes(1e30f)).Write(folder["m.gguf"]);
        (string Command, int ExitCode)[] commands =
        [
            ($"dequantize '{warned}' -o '{folder["x.safetensors"]}' --force", 0),
            ("bench --format Q4_0 --cache l2 --seconds 0.01 --threads 1", 0),
            ("inspect /nowhere.gguf", 1),
            ("inspcet", 2),
        ];
        string[] silence = ["2>&-", "2>/dev/full", "<&- 2>&-"];
        var expected = new StringBuilder();
        var script = new StringBuilder();
        foreach (string streams in silence)
        {
            foreach ((string command, int exitCode) in commands)
            {
                script.AppendLine($"quantnet {command} {streams} >/dev/null; echo $?");
                expected.AppendLine($"{exitCode}");
            }
        }

        ToolResult result = RunInShell(script.ToString());
        Assert.Equal((expected.ToString(), ""), (result.Out, result.Error));
        Assert.Contains("warning", Run("dequantize", warned, "-o", folder["x.safetensors"], "--force").Error, StringComparison.Ordinal);
    }

    [LinuxTheory]
    [InlineData(">&- 2>&-")]
    [InlineData("<&- >&- 2>&-")]
    [InlineData(">/dev/full 2>/dev/full")]
    public void WithoutAnyStreamTheExitCodeIsLeft(string streams)
    {
        ToolResult result = RunInShell($"quantnet inspect '{Repository.WideModel}' {streams}; echo $?; quantnet inspcet {streams}; echo $?");

        Assert.Equal(("1\n2\n", ""), (result.Out, result.Error));
    }

    [LinuxFact]
    public void ATerminalGetsColourUnlessItDoesNotWantIt()
    {
        const string Colour = "\u001b\\[([0-9;]*;)?[39][0-8]";
        Assert.Matches(Colour, OnTerminal(120, "quantnet doctor"));
        Assert.DoesNotMatch(Colour, OnTerminal(120, "NO_COLOR=1 quantnet doctor"));
        Assert.DoesNotContain('\u001b', OnTerminal(120, "TERM=dumb quantnet doctor"));
    }

    [LinuxFact]
    public void HelpIsThereHoweverNarrowTheTerminalIs() =>
        Assert.Contains("--quiet", OnTerminal(1, "quantnet inspect --help"), StringComparison.Ordinal);

    [LinuxFact]
    public void TablesFitTheTerminal()
    {
        foreach (int width in new[] { 80, 120 })
        {
            foreach (string command in new[] { $"inspect '{Repository.WideModel}'", "formats", "doctor" })
            {
                string text = OnTerminal(width, $"TERM=xterm NO_COLOR=1 quantnet {command}");
                Assert.All(text.Split('\n'), line => Assert.InRange(WithoutEscapes(line).Length, 0, width));
            }
        }
    }

    private static string OnTerminal(int width, string command)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["run.sh"], $"quantnet() {{ {ShellCommand} \"$@\"; }}\nstty cols {width} rows 50\n{command}\n");
        ToolResult result = RunInShell($"TERM=xterm-256color script --quiet --return --command \"bash '{folder["run.sh"]}'\" /dev/null");
        Assert.Equal(0, result.ExitCode);
        return result.Out.Replace("\r", "", StringComparison.Ordinal);
    }

    private static string WithoutEscapes(string line) => Regex.Replace(line, "\u001b\\[[0-9;?]*[a-zA-Z]", "");
}
