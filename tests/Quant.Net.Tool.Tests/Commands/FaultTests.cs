using System.Diagnostics;
using System.Security.Cryptography;
using Quant.Net.Tool.Tests.Support;
using static Quant.Net.Tool.Tests.Support.CommandLineTool;

namespace Quant.Net.Tool.Tests.Commands;

/// <summary>Whatever happens, the output is whole or absent, and the message is one line.</summary>
public class FaultTests
{
    private const int F16 = 1;

    /// <summary>Long enough to be caught at work: 256 MiB of output.</summary>
    private const long RowLength = 4096, Rows = 1 << 14;

    [LinuxFact]
    public void KilledAtAnyMomentThereIsAWholeOutputOrNone()
    {
        using var folder = new TemporaryFolder();
        Succeed("dequantize", Repository.WideModel, "-o", folder["whole.safetensors"], "-q");
        byte[] expected = File.ReadAllBytes(folder["whole.safetensors"]);
        var random = new Random(2);
        for (int i = 0; i < 6; i++)
        {
            Process process = Start("dequantize", Repository.WideModel, "-o", folder["out.safetensors"], "-q", "--force");
            Thread.Sleep(random.Next(900));
            process.Kill();
            Finish(process);
            Assert.True(!File.Exists(folder["out.safetensors"]) || File.ReadAllBytes(folder["out.safetensors"]).AsSpan().SequenceEqual(expected));
        }

        Succeed("dequantize", Repository.WideModel, "-o", folder["out.safetensors"], "-q", "--force");
        Assert.Equal(expected, File.ReadAllBytes(folder["out.safetensors"]));
    }

    [LinuxFact]
    public void KilledWorkIsResumed()
    {
        using var folder = new TemporaryFolder();
        string model = Large(folder);
        string[] command = ["dequantize", model, "--type", "f32", "-o"];
        Process process = Start([.. command, folder["out.safetensors"], "--resume", "-q"]);
        WaitUntil(process, () => File.Exists(folder[".out.safetensors.resume"]) && new FileInfo(folder[".out.safetensors.resume"]).Length > 200);
        process.Kill();
        Finish(process);
        Assert.Equal([".out.safetensors.partial", ".out.safetensors.resume", "m.gguf"], folder.Names);

        Assert.InRange(Succeed([.. command, folder["out.safetensors"], "--resume", "-q", "--json"]).Json.Number("bytesResumed"), 1 << 20, long.MaxValue);
        Succeed([.. command, folder["plain.safetensors"], "-q"]);
        Assert.Equal(["m.gguf", "out.safetensors", "plain.safetensors"], folder.Names);
        Assert.Equal(Hash(folder["plain.safetensors"]), Hash(folder["out.safetensors"]));
    }

    [LinuxFact]
    public void AModelThatIsCutShortWhileItIsReadIsAnError()
    {
        using var folder = new TemporaryFolder();
        string model = Large(folder);
        Process process = Start("dequantize", model, "--type", "f32", "-o", folder["out.safetensors"], "-q");
        WaitUntil(process, () => folder.Names.Count > 1);
        using (FileStream file = File.Open(model, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            file.SetLength(1 << 20);
        }

        Finish(process).AssertFails(1, "m.gguf: ends at byte", "when it was opened");
        Assert.Equal(["m.gguf"], folder.Names);
    }

    [LinuxFact]
    public void OfTwoWritersOneWins()
    {
        using var folder = new TemporaryFolder();
        string[] command = ["dequantize", Large(folder), "--type", "f32", "-o", folder["out.safetensors"], "-q"];
        Process first = Start(command);
        WaitUntil(first, () => folder.Names.Count > 1);
        Process second = Start(command);
        ToolResult[] results = [Finish(first), Finish(second)];

        Assert.Equal([0, 1], results.Select(result => result.ExitCode).Order());
        results.Single(result => result.ExitCode == 1).AssertFails(1, "out.safetensors", "exist");
        Assert.Equal(["m.gguf", "out.safetensors"], folder.Names);
        Assert.Equal(0, Run("dequantize", folder["m.gguf"], "--type", "f32", "-o", folder["plain.safetensors"], "-q").ExitCode);
        Assert.Equal(Hash(folder["plain.safetensors"]), Hash(folder["out.safetensors"]));
    }

    [LinuxFact]
    public void OfTwoThatResumeTheSecondIsRefused()
    {
        using var folder = new TemporaryFolder();
        string[] command = ["dequantize", Large(folder), "--type", "f32", "-o", folder["out.safetensors"], "-q", "--resume"];
        Process first = Start(command);
        WaitUntil(first, () => folder.Names.Count > 1);

        Run(command).AssertFails(1, "out.safetensors", "another process");
        Assert.Equal(0, Finish(first).ExitCode);
        Assert.Equal(["m.gguf", "out.safetensors"], folder.Names);
    }

    [LinuxFact]
    public void ClosedStreamsDoNotGetIntoTheOutput()
    {
        using var folder = new TemporaryFolder();
        Succeed("dequantize", Repository.WideModel, "-o", folder["plain.safetensors"], "-q");
        ToolResult result = RunInShell($"quantnet dequantize '{Repository.WideModel}' -o '{folder["out.safetensors"]}' --json >&- 2>&-; echo $?");

        Assert.Matches(@"^[01]\n$", result.Out);
        Assert.Equal(File.ReadAllBytes(folder["plain.safetensors"]), File.ReadAllBytes(folder["out.safetensors"]));
    }

    [LinuxTheory]
    [InlineData("dequantize MODEL -o x.gguf")]
    [InlineData("dequantize FOLDER -o x")]
    [InlineData("slice FOLDER --tensor-parallel 2 -o x")]
    [InlineData("compare MODEL MODEL --html x.html")]
    public void ADeletedCurrentDirectoryIsNamed(string command)
    {
        using var folder = new TemporaryFolder();
        string line = command.Replace("MODEL", Repository.WideModel, StringComparison.Ordinal).Replace("FOLDER", Repository.GptqModel, StringComparison.Ordinal);
        RunInShell($"mkdir '{folder["gone"]}' && cd '{folder["gone"]}' && rmdir '{folder["gone"]}' && quantnet {line} -q")
            .AssertFails(1, ".: the current directory has been deleted, expected full paths");
    }

    [LinuxTheory]
    [InlineData("dequantize MODEL -o /proc/x.gguf", "/proc/x.gguf: no file can be made in '/proc'")]
    [InlineData("dequantize MODEL -o /proc/x.safetensors", "/proc/x.safetensors: no file can be made in '/proc'")]
    [InlineData("dequantize FOLDER -o /proc/x", "/proc/x: no file can be made in '/proc'")]
    [InlineData("split MODEL --max-tensors 20 -o /proc/x", "/proc/x-00001-of-00003.gguf: no file can be made in '/proc'")]
    [InlineData("quantize MODEL -o /proc/x.gguf COPY", "/proc/x.gguf: no file can be made in '/proc'")]
    [InlineData("slice FOLDER --tensor-parallel 2 --dry-run -o /proc/x", "/proc/x: no file can be made in '/proc'")]
    [InlineData("dequantize MODEL -o /dev/null/x.gguf", "/dev/null/x.gguf: '/dev/null' is no directory")]
    public void NoFileIsMadeWhereTheSystemMakesNone(string command, string complaint)
    {
        string line = command.Replace("MODEL", Repository.WideModel, StringComparison.Ordinal).Replace("FOLDER", Repository.GptqModel, StringComparison.Ordinal);
        RunInShell($"quantnet {line} -q").AssertFails(1, Environment.IsPrivilegedProcess ? complaint : complaint[..complaint.IndexOf(':', StringComparison.Ordinal)]);
    }

    [MountFact]
    public void AFullDiskIsToldFromOneWithoutALimit()
    {
        // Of both the system says that 0 bytes are free.
        using var folder = new TemporaryFolder();
        string Onto(string kind, string command) =>
            $"""
            mkdir -p '{folder["disk"]}' && mount -t tmpfs -o {kind} tmpfs '{folder["disk"]}' || exit 77
            head -c 1M /dev/zero > '{folder["disk/full"]}'
            {command}
            code=$?
            rm '{folder["disk/full"]}' && ls -A '{folder["disk"]}'
            umount '{folder["disk"]}'
            exit $code
            """;
        string write = $"quantnet dequantize '{Repository.WideModel}' -o '{folder["disk/out.safetensors"]}' -q";
        RunInShell(Onto("size=1m", write)).AssertFails(1, "out.safetensors: needs ", " bytes, but only 0 are free there");
        ToolResult result = RunInShell(Onto("size=0", write));
        Assert.Equal((0, "out.safetensors\n", ""), (result.ExitCode, result.Out, result.Error));
        result = RunInShell(Onto("size=0", $"quantnet slice '{Repository.GptqModel}' --tensor-parallel 2 --dry-run -o '{folder["disk/out"]}' > /dev/null"));
        Assert.Equal((0, "", ""), (result.ExitCode, result.Out, result.Error));
    }

    [MountFact]
    public void AReadOnlyFolderIsAnError()
    {
        using var folder = new TemporaryFolder();
        foreach (string option in new[] { "", "--resume" })
        {
            RunInShell(
                $"""
                mkdir -p '{folder["fixed"]}' && mount -t tmpfs -o ro tmpfs '{folder["fixed"]}' || exit 77
                quantnet dequantize '{Repository.WideModel}' -o '{folder["fixed/out.safetensors"]}' {option}
                code=$?
                umount '{folder["fixed"]}'
                exit $code
                """).AssertFails(1, "out.safetensors");
        }
    }

    [MountFact]
    public void ADiskThatFillsUpIsAnErrorAndResumingGoesOnWhenThereIsRoom()
    {
        // There is room when the work begins; then the disk becomes smaller.
        using var folder = new TemporaryFolder();
        string model = Large(folder);
        ToolResult result = RunInShell(
            $"""
            mkdir '{folder["small"]}' && mount -t tmpfs -o size=300m tmpfs '{folder["small"]}' || exit 77
            quantnet dequantize '{model}' --type f32 -o '{folder["small/out.safetensors"]}' -q --resume &
            until [ -e '{folder["small/.out.safetensors.partial"]}' ]; do sleep 0.01; done
            mount -o remount,size=150m '{folder["small"]}'
            wait $!
            code=$?
            [ -e '{folder["small/out.safetensors"]}' ] && code=99
            mount -o remount,size=300m '{folder["small"]}'
            [ $code = 1 ] && quantnet dequantize '{model}' --type f32 -o '{folder["small/out.safetensors"]}' -q --resume && code=0
            ls -A '{folder["small"]}'
            umount '{folder["small"]}'
            exit $code
            """);

        Assert.Equal((0, "out.safetensors\n"), (result.ExitCode, result.Out));
        Assert.StartsWith("quantnet: ", Assert.Single(result.Error.TrimEnd('\n').Split('\n')), StringComparison.Ordinal);
    }

    private static string Large(TemporaryFolder folder)
    {
        byte[] last = new byte[RowLength * 2];
        new Random(1).NextBytes(last);
        return new TinyGguf()
            .AddHole("hole.weight", F16, [RowLength, Rows], Rows * RowLength * 2)
            .AddTensor("last.weight", F16, [RowLength, 1], last)
            .Write(folder["m.gguf"]);
    }

    private static void WaitUntil(Process process, Func<bool> condition)
    {
        var patience = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(patience.Elapsed < TimeSpan.FromSeconds(60) && !process.HasExited, "the moment to interfere did not come");
            Thread.Sleep(2);
        }
    }

    private static string Hash(string path)
    {
        using FileStream file = File.OpenRead(path);
        return Convert.ToHexString(SHA256.HashData(file));
    }
}
