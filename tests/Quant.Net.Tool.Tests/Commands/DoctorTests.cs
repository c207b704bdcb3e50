using System.Text.Json;
using Quant.Net.Tool.Doctor;
using Quant.Net.Tool.Tests.Doctor;
using Quant.Net.Tool.Tests.Support;

namespace Quant.Net.Tool.Tests.Commands;

public class DoctorTests
{
    [Fact]
    public void ChecksEveryFormatOnEveryInstructionSet()
    {
        JsonElement json = CommandLineTool.Succeed("doctor", "--json").Json;

        Assert.True(json.GetProperty("healthy").GetBoolean());
        Assert.Equal(
            QuantDevice.InstructionSets.Where(set => set.Available).Select(set => set.Name),
            json.GetProperty("checks").EnumerateArray().Where(check => check.GetProperty("device").GetString() == "cpu").Select(check => check.GetProperty("instructionSet").GetString()));
        Assert.All(json.GetProperty("checks").EnumerateArray(), check => Assert.Equal(QuantFormats.All.Count * 3, check.GetProperty("passed").GetInt32()));
        Assert.Empty(json.GetProperty("answers").GetProperty("missing").EnumerateArray());
        Assert.Single(json.GetProperty("devices").EnumerateArray(), device => device.GetProperty("chosen").GetBoolean());
        Assert.Single(json.GetProperty("instructionSets").EnumerateArray(), set => set.GetProperty("chosen").GetBoolean());
    }

    [Fact]
    public void ShowsVersionsAndWhereTheLibraryIs()
    {
        string text = CommandLineTool.Succeed("doctor").Out;

        Assert.Contains(AppContext.BaseDirectory, text, StringComparison.Ordinal);
        Assert.Contains(QuantNetLibrary.Version, text, StringComparison.Ordinal);
        Assert.Contains("exact", text, StringComparison.Ordinal);
    }

    [Fact]
    public void OptionsNarrowTheCheck()
    {
        JsonElement json = CommandLineTool.Succeed("doctor", "--json", "--device", "cpu", "--isa", "scalar", "--threads", "3").Json;

        JsonElement check = Assert.Single(json.GetProperty("checks").EnumerateArray());
        Assert.Equal("scalar", check.GetProperty("instructionSet").GetString());
    }

    [Fact]
    public void OneWrongByteIsFoundAndItsFormatNamed()
    {
        using var folder = new TemporaryFolder();
        foreach (KnownAnswer answer in KnownAnswers.BuiltIn().All)
        {
            File.WriteAllBytes(folder["answers.bin"], Corrupt(answer));

            ToolResult result = CommandLineTool.Run("doctor", "--answers", folder["answers.bin"], "--isa", "scalar");
            Assert.Equal(1, result.ExitCode);
            Assert.Contains($"{answer.Format} to f32 on cpu (scalar): weight ", result.Out, StringComparison.Ordinal);
            Assert.DoesNotContain(QuantFormats.All, other => other.Format != answer.Format && result.Out.Contains($"{other.Name} to ", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void AnswersForAnUnknownFormatAreAFault()
    {
        using var folder = new TemporaryFolder();
        byte[] file = AnswerMaker.Make([new KnownAnswer((QuantFormat)99, true, new byte[4], new float[1])]);
        File.WriteAllBytes(folder["answers.bin"], file);

        ToolResult result = CommandLineTool.Run("doctor", "--answers", folder["answers.bin"]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("type 99 to f32", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void FilesThatAreNoAnswersAreRefused()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["text"], "no answers");

        CommandLineTool.Run("doctor", "--answers", folder["text"]).AssertFails(1, folder["text"], "qnanswer");
        CommandLineTool.Run("doctor", "--answers", folder["none"]).AssertFails(1, folder["none"]);
        CommandLineTool.Run("doctor", "--answers", folder.Path).AssertFails(1, folder.Path);
    }

    [LinuxFact]
    public void TheEnvironmentChoosesALowerSet()
    {
        JsonElement json = CommandLineTool.RunInShell("QUANTNET_ISA=scalar quantnet doctor --json").Json;

        Assert.Equal("scalar", json.GetProperty("instructionSets").EnumerateArray().Single(set => set.GetProperty("chosen").GetBoolean()).GetProperty("name").GetString());
        CommandLineTool.RunInShell("QUANTNET_ISA=mmx quantnet doctor").AssertFails(1, "mmx");
    }

    // A byte that matters in every format: of a block one in the middle, of a number the highest.
    private static byte[] Corrupt(KnownAnswer answer)
    {
        byte[] packed = [.. answer.Packed];
        QuantFormatInfo info = QuantFormats.Get(answer.Format);
        int middleBlock = packed.Length / info.BytesPerBlock / 2;
        int place = info.ValuesPerBlock == 1 ? info.BytesPerBlock - 1 : info.BytesPerBlock / 2;
        packed[(middleBlock * info.BytesPerBlock) + place] ^= 0x5A;
        return AnswerMaker.Make([.. KnownAnswers.BuiltIn().All.Select(other => other.Format == answer.Format ? answer with { Packed = packed } : other)]);
    }
}
