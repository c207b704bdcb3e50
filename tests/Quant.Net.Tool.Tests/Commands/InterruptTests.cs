using System.Diagnostics;
using System.Globalization;
using System.Text;
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

    [InterruptFact]
    public void CtrlCWhileAModelIsQuantizedLeavesNothing()
    {
        using var folder = new TemporaryFolder();
        string model = Hole(folder);
        End(folder, ["INT"], "quantize", model, "-o", folder["out.gguf"], "Q8_0");
        End(folder, ["INT"], "quantize", model, "-o", folder["parts.gguf"], "Q8_0", "--split-max-size", "1GB");
    }

    [InterruptFact]
    public void CtrlCWhileATensorIsCutLeavesNothing()
    {
        using var folder = new TemporaryFolder();
        string model = Hole(folder);
        End(folder, ["INT"], "slice", model, "--axis", "out", "--parts", "2", "-o", folder["part.gguf"]);
        End(folder, ["INT"], "concat", model, model, "--axis", "out", "-o", folder["whole.gguf"]);
    }

    [InterruptFact]
    public void CtrlCWhileAModelIsDividedLeavesNothingAndWhatIsThereStays()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["model"]);
        File.WriteAllText(folder["model/config.json"], """{"model_type": "llama", "num_attention_heads": 4}""");
        const long Bytes = Rows * RowLength * 2;
        byte[] header = Encoding.UTF8.GetBytes(
            $$$"""{"lm_head.weight":{"dtype":"F16","shape":[{{{Rows}}},{{{RowLength}}}],"data_offsets":[0,{{{Bytes}}}]}}""");
        using (FileStream file = File.Create(folder["model/model.safetensors"]))
        {
            file.Write(BitConverter.GetBytes((long)header.Length));
            file.Write(header);
            file.SetLength(file.Position + Bytes);
        }

        Directory.CreateDirectory(folder["out/rank-0-of-1"]);
        File.WriteAllText(folder["out/rank-0-of-1/config.json"], "earlier");
        End(folder, ["INT"], "slice", folder["model"], "--tensor-parallel", "2", "-o", folder["out"], "--force");
        Assert.Equal("earlier", File.ReadAllText(folder["out/rank-0-of-1/config.json"]));
    }

    private static void EndBy(params string[] signals)
    {
        using var folder = new TemporaryFolder();
        End(folder, signals, "dequantize", Hole(folder), "-o", folder["out.safetensors"], "--type", "f32");
    }

    private static string Hole(TemporaryFolder folder) =>
        new TinyGguf().AddHole("big.weight", 1, [RowLength, Rows], Rows * RowLength * 2).Write(folder["big.gguf"]);

    // Ends a command as soon as it has begun an output, and expects the folder as it was before.
    private static void End(TemporaryFolder folder, string[] signals, params string[] command)
    {
        IReadOnlyList<string> before = folder.Names;
        Process process = Start(command);
        var patience = Stopwatch.StartNew();
        while (folder.Names.Count == before.Count)
        {
            Assert.True(patience.Elapsed < TimeSpan.FromSeconds(60) && !process.HasExited, "no output was begun");
            Thread.Sleep(5);
        }

        string id = process.Id.ToString(CultureInfo.InvariantCulture);
        Process.Start("bash", ["-c", string.Join("; ", signals.Select(signal => $"kill -s {signal} {id}"))]).WaitForExit();

        ToolResult result = Finish(process);
        result.AssertFails(130, "interrupted");
        Assert.Equal(before, folder.Names);
    }
}
