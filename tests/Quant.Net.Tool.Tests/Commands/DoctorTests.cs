using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Quant.Net.Tool.Doctor;
using Quant.Net.Tool.Tests.Doctor;
using Quant.Net.Tool.Tests.Support;
using static Quant.Net.Tool.Tests.Support.CommandLineTool;

namespace Quant.Net.Tool.Tests.Commands;

public class DoctorTests
{
    private static int Decodings => (QuantFormats.All.Count * 3) + (KnownAnswers.BuiltIn().Matrices.Count * 6);

    [Fact]
    public void ChecksEveryFormatOnEveryInstructionSet()
    {
        JsonElement json = Succeed("doctor", "--json").Json;

        Assert.True(json.Flag("healthy"));
        Assert.Equal(
            QuantDevice.InstructionSets.Where(set => set.Available).Select(set => set.Name),
            json.List("checks").Where(check => check.Text("device") == "cpu").Select(check => check.Text("instructionSet")));
        Assert.All(
            json.List("checks"), check => Assert.Equal(Decodings + KnownAnswers.BuiltIn().Encodings.Count, check.Number("passed")));
        Assert.Empty(json.GetProperty("answers").List("missing"));
        Assert.Empty(json.GetProperty("answers").List("missingEncoders"));
        Assert.Single(json.List("devices"), device => device.Flag("chosen"));
        Assert.Single(json.List("instructionSets"), set => set.Flag("chosen"));
    }

    [Fact]
    public void ShowsVersionsAndWhereTheLibraryIs()
    {
        string text = Succeed("doctor").Out;

        Assert.Contains(AppContext.BaseDirectory, text, StringComparison.Ordinal);
        Assert.Contains(QuantNetLibrary.Version, text, StringComparison.Ordinal);
        Assert.Contains("exact", text, StringComparison.Ordinal);
    }

    [FakeGpuFact]
    public void NamesEachGpuThatCannotBeUsed()
    {
        JsonElement json = FakeGpu.Run("devices=3 capability1=61", "quantnet doctor --json").Json;

        Assert.Equal(["cpu", "cuda:0", "cuda:1", "cuda:2"], json.List("devices").Texts("name"));
        Assert.Equal([true, true, false, true], json.List("devices").Select(device => device.Flag("available")));
        Assert.Contains("compute capability 6.1, needed is", json.List("devices")[2].Text("description"), StringComparison.Ordinal);

        IReadOnlyList<JsonElement> refused = FakeGpu.Run("devices=2 capability=61", "quantnet doctor --json").Json.List("devices");
        Assert.Equal(["cpu", "cuda:0", "cuda:1"], refused.Texts("name"));
        Assert.Equal([true, false, false], refused.Select(device => device.Flag("available")));
    }

    [Fact]
    public void OptionsNarrowTheCheck()
    {
        JsonElement json = Succeed("doctor", "--json", "--device", "cpu", "--isa", "scalar", "--threads", "3").Json;

        JsonElement check = Assert.Single(json.List("checks"));
        Assert.Equal("scalar", check.Text("instructionSet"));
    }

    [Fact]
    public void WhatIsCheckedIsNotCalledTheDefault()
    {
        string text = Succeed("doctor", "--isa", "scalar").Out;
        using QuantDevice device = QuantDevice.Open("cpu");
        string usual = $"{device.InstructionSet}".ToLowerInvariant();
        Assert.Matches(usual == "scalar" ? @"\nscalar +default +yes *\n" : $@"\nscalar +available +yes +{usual} is better\n", text);
        Assert.Matches(usual == "scalar" ? "" : $@"\n{usual} +default +no *\n", text);
    }

    [Fact]
    public void OneWrongByteIsFoundAndItsFormatNamed()
    {
        using var folder = new TemporaryFolder();
        KnownAnswer answer = KnownAnswers.BuiltIn().All.First(known => known.Format == QuantFormat.Q4_K);
        File.WriteAllBytes(folder["answers.bin"], AnswerMaker.Make(
            [.. KnownAnswers.BuiltIn().All.Select(known => known.Format == answer.Format ? Corrupt(known) : known)], [], []));

        ToolResult result = Run("doctor", "--answers", folder["answers.bin"]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("WRONG", result.Out, StringComparison.Ordinal);
        Assert.Contains("Q4_K to f32 on cpu (scalar): weight ", result.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("Q5_K to", result.Out, StringComparison.Ordinal);
        Assert.Contains("not checked  GPTQ:2, ", result.Out, StringComparison.Ordinal);
        Assert.Contains(", encoder of F32, ", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void OneWrongCodeOfAMatrixIsFoundAndItsLayoutNamed()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["answers.bin"], AnswerMaker.Make(
            [], [.. KnownAnswers.BuiltIn().Matrices.Select(known => known.Layout == PackedMatrixLayout.AwqGemm ? Corrupt(known) : known)], []));

        ToolResult result = Run("doctor", "--answers", folder["answers.bin"]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("WRONG", result.Out, StringComparison.Ordinal);
        Assert.Contains("AWQ_GEMM:4 to f32 by rows on cpu (scalar): row ", result.Out, StringComparison.Ordinal);
        Assert.Contains("AWQ_GEMM:4 to bf16 by columns on cpu (scalar): row ", result.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("GPTQ:4 to", result.Out, StringComparison.Ordinal);
        Fault fault = FaultOf(Run("doctor", "--answers", folder["answers.bin"], "--json").Json.List("checks")[0].List("faults")[0]);
        Assert.Equal(("dequantize", "AWQ_GEMM:4", "f32", "rows"), (fault.Operation, fault.Format, fault.Output, fault.Order));
    }

    [Fact]
    public void OneWrongByteOfAnEncoderIsFoundAndItsPlaceNamed()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["answers.bin"], AnswerMaker.Make(
            [],
            [],
            [.. KnownAnswers.BuiltIn().Encodings.Select(known => known is { Format: QuantFormat.Q4_0, IsWeighted: true } ? Corrupt(known) : known)]));

        ToolResult result = Run("doctor", "--answers", folder["answers.bin"]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(
            "f32 to Q4_0 with importance on cpu (scalar): byte 0 of block 0 in row 1 is 0x", result.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("f32 to Q4_0 on", result.Out, StringComparison.Ordinal);
        Fault fault = FaultOf(Run("doctor", "--answers", folder["answers.bin"], "--json").Json.List("checks")[0].List("faults").Single());
        Assert.Equal(("quantize", "Q4_0", null, true), (fault.Operation, fault.Format, fault.Output, fault.Importance));
    }

    [Fact]
    public void AWrongByteIsFoundInEveryEncoder()
    {
        using QuantDevice device = QuantDevice.Open("cpu");
        Assert.All(KnownAnswers.BuiltIn().Encodings, answer => Assert.Equal(
            $"{answer.Format}", Assert.Single(Check(device, AnswerComparison.Of(Corrupt(answer))).Faults).Format));
    }

    [FakeGpuFact]
    public void EncodersOfGpusAreCheckedWhereThereAreSome()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["answers.bin"], AnswerMaker.Make([], [], [.. KnownAnswers.BuiltIn().Encodings.Select(Corrupt)]));

        JsonElement check = FakeGpu.Run("", $"quantnet doctor --device cuda:0 --json --answers {folder["answers.bin"]}").Json.List("checks").Single();
        string?[] formats = [.. check.List("faults").Texts("format")];
        Assert.Contains("Q4_K", formats);
        Assert.DoesNotContain("IQ2_XXS", formats);
        Assert.Equal(check.Number("comparisons"), formats.Length);
    }

    [Fact]
    public void AWrongCodeIsFoundInEveryMatrix()
    {
        using QuantDevice device = QuantDevice.Open("cpu");
        Assert.All(KnownAnswers.BuiltIn().Matrices, answer =>
        {
            DeviceCheck check = Check(device, AnswerComparison.Of(Corrupt(answer)));
            Assert.Equal(
                [("f32", "rows"), ("f32", "columns")],
                check.Faults.Where(fault => fault.Output == "f32").Select(fault => (fault.Output, fault.Order)));
        });
    }

    [FakeGpuFact]
    public void MatricesAreCheckedOnGpus()
    {
        JsonElement check = FakeGpu.Run("", "quantnet doctor --device cuda:0 --json").Json.List("checks").Single();

        Assert.InRange(check.Number("passed"), Decodings + 1, Decodings + KnownAnswers.BuiltIn().Encodings.Count - 1);
    }

    [FakeGpuTheory]
    [InlineData("67108864")]   // as much as staging takes where it can
    [InlineData("1200000")]
    public void AGpuWithLittleMemoryIsCheckedLikeAnyOther(string memory)
    {
        ToolResult result = FakeGpu.Run($"memory={memory}", "quantnet doctor --device cuda:0");

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("exact", result.Out, StringComparison.Ordinal);
    }

    [FakeGpuFact]
    public void AProblemOfAllFormatsIsShownOnce()
    {
        ToolResult full = FakeGpu.Run("memory=500000", "quantnet doctor --device cuda:0");

        Assert.Equal(1, full.ExitCode);
        string line = Assert.Single(full.Out.Split('\n'), line => line.Contains("no memory for staging", StringComparison.Ordinal));
        Match others = Regex.Match(line, " and ([0-9]+) more on cuda:0: ");   // all decoders, and encoders that get no importance
        Assert.InRange(
            int.Parse(others.Groups[1].Value, CultureInfo.InvariantCulture),
            QuantFormats.All.Count * 3,
            (QuantFormats.All.Count * 3) + KnownAnswers.BuiltIn().Encodings.Count);
    }

    [Fact]
    public void AWrongByteIsFoundInEveryFormat()
    {
        using QuantDevice device = QuantDevice.Open("cpu");
        Assert.All(KnownAnswers.BuiltIn().All, answer =>
        {
            DeviceCheck check = Check(device, AnswerComparison.Of(Corrupt(answer)));
            Assert.Contains(check.Faults, fault => fault.Output == "f32" && fault.Format == answer.Format.ToString());
        });
    }

    [Fact]
    public void AnswersForAnUnknownFormatAreAFault()
    {
        using var folder = new TemporaryFolder();
        byte[] file = AnswerMaker.Make([new KnownAnswer((QuantFormat)99, true, new byte[4], new float[1])], [], [new((QuantFormat)98, false, new EncodingInput([1], [1]), new byte[4])]);
        File.WriteAllBytes(folder["answers.bin"], file);

        ToolResult result = Run("doctor", "--answers", folder["answers.bin"]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("type 99 to f32", result.Out, StringComparison.Ordinal);
        Assert.Contains("f32 to type 98 on cpu", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void FilesThatAreNoAnswersAreRefused()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["text"], "no answers");

        Run("doctor", "--answers", folder["text"]).AssertFails(1, folder["text"], "qnanswer");
        Run("doctor", "--answers", folder["none"]).AssertFails(1, folder["none"]);
        Run("doctor", "--answers", folder.Path).AssertFails(1, folder.Path);
    }

    [LinuxFact]
    public void TheEnvironmentChoosesALowerSet()
    {
        JsonElement json = RunInShell("QUANTNET_ISA=scalar quantnet doctor --json").Json;

        Assert.Equal("scalar", json.List("instructionSets").Single(set => set.Flag("chosen")).Text("name"));
        Assert.Contains(
            "scalar", json.List("devices").Single(device => device.Text("name") == "cpu").Text("description"), StringComparison.Ordinal);
        RunInShell("QUANTNET_ISA=Scalar quantnet formats --json").Json.List("devices");
    }

    [LinuxFact]
    public void AnEnvironmentThatMakesNoSenseIsAFindingOfItsOwn()
    {
        ToolResult result = RunInShell("QUANTNET_ISA=mmx quantnet doctor --json");

        Assert.Equal(1, result.ExitCode);
        Assert.False(result.Json.Flag("healthy"));
        Assert.Contains("'mmx'", result.Json.List("problems").Single().GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain(result.Json.List("instructionSets"), set => set.Flag("chosen"));
        Assert.NotEmpty(result.Json.List("checks"));
        RunInShell("QUANTNET_ISA=mmx quantnet formats").AssertFails(1, "mmx");
    }

    private static Fault FaultOf(JsonElement fault) =>
        new(
            fault.Text("operation")!,
            fault.Text("format")!,
            fault.TryGetProperty("output", out JsonElement output) ? output.GetString() : null,
            fault.TryGetProperty("order", out JsonElement order) ? order.GetString() : null,
            fault.TryGetProperty("importance", out JsonElement importance) ? importance.GetBoolean() : null,
            fault.Text("problem")!);

    private static DeviceCheck Check(QuantDevice device, params IEnumerable<AnswerComparison> comparisons) =>
        SelfCheck.Run(device, comparisons, CancellationToken.None);

    // The first byte of the second row.
    private static EncodingAnswer Corrupt(EncodingAnswer answer)
    {
        byte[] packed = [.. answer.Packed];
        packed[packed.Length / 2] ^= 0x5A;
        return answer with { Packed = packed };
    }

    // A byte of codes in the middle, all bits of it.
    private static MatrixAnswer Corrupt(MatrixAnswer answer)
    {
        byte[] codes = [.. answer.Codes];
        codes[codes.Length / 2] ^= 0xFF;
        return answer with { Codes = codes };
    }

    // A byte that matters in every format: of a block one in the middle, of a number the highest.
    private static KnownAnswer Corrupt(KnownAnswer answer)
    {
        byte[] packed = [.. answer.Packed];
        QuantFormatInfo info = QuantFormats.Get(answer.Format);
        int middleBlock = packed.Length / info.BytesPerBlock / 2;
        int place = info.ValuesPerBlock == 1 ? info.BytesPerBlock - 1 : info.BytesPerBlock / 2;
        packed[(middleBlock * info.BytesPerBlock) + place] ^= 0x5A;
        return answer with { Packed = packed };
    }
}
