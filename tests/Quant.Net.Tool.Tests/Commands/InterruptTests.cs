using System.Diagnostics;
using System.Globalization;
using Quant.Net.Tool.Tests.Support;
using static Quant.Net.Tool.Tests.Support.CommandLineTool;

namespace Quant.Net.Tool.Tests.Commands;

/// <summary>What is left when the work ends early.</summary>
public class InterruptTests
{
    private const long Rows = 2048, RowLength = 1 << 20;

    [InterruptFact]
    public void CtrlCLeavesNothing() => EndBy("INT");

    [LinuxFact]
    public void ATerminalThatClosesLeavesNothing() => EndBy("HUP", "HUP", "TERM");

    [InterruptFact]
    public void AnImpatientCtrlCLeavesNothing() => EndBy("INT", "INT");

    [LinuxFact]
    public void TerminationLeavesNothing() => EndBy("TERM");

    [MountFact]
    public void AFullDiskLeavesNothing()
    {
        using var folder = new TemporaryFolder();
        ToolResult result = RunInShell(
            $"""
            mkdir '{folder["small"]}' && mount -t tmpfs -o size=1m tmpfs '{folder["small"]}' || exit 77
            quantnet dequantize '{Repository.WideModel}' -o '{folder["small/out.safetensors"]}'
            code=$?
            ls -A '{folder["small"]}'
            umount '{folder["small"]}'
            exit $code
            """);

        result.AssertFails(1, "out.safetensors");
    }

    [LinuxFact]
    public void AnOutputThatMayNotGrowLeavesNothing()
    {
        // The limit on a file's size (in KiB) is met in the middle of writing, where the check of free space has found enough.
        // The runtime itself keeps code in a large file, if it is not told otherwise.
        using var folder = new TemporaryFolder();
        ToolResult result = RunInShell(
            $"""
            export DOTNET_EnableWriteXorExecute=0
            trap '' XFSZ
            ulimit -f 2000
            quantnet dequantize '{Repository.WideModel}' -o '{folder["out.safetensors"]}'
            """);

        result.AssertFails(1);
        Assert.Empty(folder.Names);
    }

    private static void EndBy(params string[] signals)
    {
        using var folder = new TemporaryFolder();
        string model = new TinyGguf().AddHole("big.weight", 1, [RowLength, Rows], Rows * RowLength * 2).Write(folder["big.gguf"]);
        Process process = Start("dequantize", model, "-o", folder["out.safetensors"], "--type", "f32");
        var patience = Stopwatch.StartNew();
        while (folder.Names.Count < 2)
        {
            Assert.True(patience.Elapsed < TimeSpan.FromSeconds(60) && !process.HasExited, "no output was begun");
            Thread.Sleep(5);
        }

        string id = process.Id.ToString(CultureInfo.InvariantCulture);
        Process.Start("bash", ["-c", string.Join("; ", signals.Select(signal => $"kill -s {signal} {id}"))]).WaitForExit();

        ToolResult result = Finish(process);
        result.AssertFails(130, "interrupted");
        Assert.Equal(["big.gguf"], folder.Names);
    }
}
