using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Quant.Net.Safetensors;
using Quant.Net.Tests.Gguf;
using Quant.Net.Tests.Modules;
using Quant.Net.Tests.Safetensors;

namespace Quant.Net.Tests.Verification;

/// <summary>What <see cref="ModelVerifier"/> says of packed modules, in the vectors and in damaged ones.</summary>
public class ModuleVerifyTests
{
    private const string V1 = "gptq-b4-g32-v1-act.safetensors", Pack = "ct-pack-b4-g40-asym-act.safetensors", Awq = "awq-gemm-g32.safetensors";

    public static TheoryData<string> Vectors => new(MatrixVector.Files);

    public static TheoryData<string, string> Malformed => MalformedModuleTests.Kinds;

    [Theory]
    [MemberData(nameof(Vectors))]
    public async Task VectorsHaveNoFaultsButNumbersThatAreNone(string file)
    {
        using var vector = new MatrixVector(file);
        VerifyResult result = await ModelVerifier.VerifyAsync(vector.Model, new VerifyOptions());

        Assert.DoesNotContain(result.Faults, fault => !fault.Contains("255, which is no number", StringComparison.Ordinal));
        AssertLines(result);
        Assert.DoesNotContain(result.Warnings, warning => warning.Contains("module '", StringComparison.Ordinal));
        Assert.DoesNotContain(result.Warnings, warning => warning.Contains("where no code is", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Malformed))]
    public async Task MalformedModulesAreFaults(string vector, string kind)
    {
        var module = new MalformedModule(vector + ".safetensors");
        MalformedModuleTests.Break(vector, kind, module);
        using var folder = new TempFolder();
        module.Write(folder);
        SafetensorsModel model;
        try
        {
            model = SafetensorsModel.Open(folder.Path);
        }
        catch (ModelFormatException)
        {
            return;   // settings of which the opening says that they are impossible
        }

        using (model)
        {
            VerifyResult result = await ModelVerifier.VerifyAsync(model, new VerifyOptions());
            Assert.False(result.IsSound);
            Assert.NotEmpty(result.Faults);
            AssertLines(result);
        }
    }

    [Fact]
    public async Task AllModulesThatAreBrokenAreNamed()
    {
        var module = new MalformedModule(V1);
        foreach ((string name, PlainSafetensors.Tensor tensor) in module.Tensors.ToArray())
        {
            module.Tensors.Add($"other.{name}", tensor);
            module.Tensors.Add($"sound.{name}", tensor);
        }

        module.Tensors.Remove("layer.scales");
        module.Tensors.Remove("other.layer.qzeros");
        VerifyResult result = await VerifyAsync(module);
        Assert.Equal(["module 'layer': tensor 'layer.scales' is missing", "module 'other.layer': tensor 'other.layer.qzeros' is missing"], Tails(result.Faults));
    }

    [Theory]
    [InlineData("autogptq-b3-g128-sym-act", "gptq_v2", 3)]
    [InlineData("autogptq-b4-g128-sym-seq", "gptq_v2", 7)]
    [InlineData("autogptq-b8-g128-sym-seq", "gptq_v2", 127)]
    [InlineData("gptq-b4-g128-sym", "gptq_v2", 7)]
    [InlineData("gptq-b4-g128-sym", "gptq", null)]
    [InlineData("autogptq-b4-g32-asym-act", "gptq_v2", null)]
    public async Task ZeroPointsTellTheFormat(string vector, string format, int? stored)
    {
        var module = new MalformedModule(vector + ".safetensors");
        module.Settings["checkpoint_format"] = format;
        VerifyResult result = await VerifyAsync(module);
        if (stored is null)
        {
            Assert.Empty(result.Faults);
            return;
        }

        string fault = Assert.Single(result.Faults);
        Assert.False(result.IsSound);
        Assert.Contains($"are stored as {stored}: as 'gptq' they are {stored + 1}, those of symmetric weights", fault, StringComparison.Ordinal);
        Assert.EndsWith($"as 'gptq_v2', which config.json quantization_config says, they are {stored}", fault, StringComparison.Ordinal);
        Assert.Contains("tensor 'layer", fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ZeroPointsOfGptqV2AreNoneOfGptq()
    {
        MalformedModule module = WithZeros(0x88888888);
        module.Settings.Remove("checkpoint_format");
        string fault = Assert.Single((await VerifyAsync(module)).Faults);
        Assert.Contains("192 of 192 zero points of 4 bits are stored as 8: as 'gptq_v2' they are 8", fault, StringComparison.Ordinal);
        Assert.EndsWith("as 'gptq', which nothing says and is usual, they are 9", fault, StringComparison.Ordinal);

        // One field that differs makes an asymmetric checkpoint of it, of which nothing can be told.
        BinaryPrimitives.WriteUInt32LittleEndian(module.Tensors["layer.qzeros"].Data.AsSpan(8, 4), 0x88878888);
        Assert.Empty((await VerifyAsync(module)).Faults);
        module.Settings["sym"] = true;
        module.Settings["checkpoint_format"] = "gptq_v2";
        VerifyResult result = await VerifyAsync(module);
        Assert.True(result.IsSound);
        Assert.Contains("layer.qzeros': 1 of 192 zero points of 4 bits are not 8 (first: group 0, output 20), and the settings say symmetric", Text(result.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void ZeroPointsThatAreNoNumbersAreNotCalledScales()
    {
        var module = new MalformedModule("awq-gemv_fast-g64.safetensors");
        string zeros = module.Named(".qzeros");
        module.Tensors[zeros].Data.AsSpan(0, 2).Fill(0xff);   // NaN
        using var folder = new TempFolder();
        module.Write(folder);
        using SafetensorsModel model = SafetensorsModel.Open(folder.Path);
        string line = Assert.Single(ModelVerifier.CheckScales(model, PackedModuleSurvey.Of(model).Modules));
        Assert.Matches($@"tensor '{zeros}': 1 of \d+ zero points are NaN or infinite \(first: \[0, 0\]\)$", line);
    }

    [Theory]
    [InlineData("gptq-b2-g32-ones", "for 4 and others for 0")]
    [InlineData("gptq-b3-g32-ones", "for 8 and others for 0")]
    [InlineData("gptq-b4-g32-ones", "for 16 and others for 0")]
    [InlineData("gptq-b8-g32-ones", "for 256 and others for 0")]
    public async Task StoredOnesAreAmbiguous(string vector, string readings)
    {
        VerifyResult result = await VerifyAsync(new MalformedModule(vector + ".safetensors"));
        string line = Assert.Single(result.Warnings, warning => warning.Contains("stored as all ones", StringComparison.Ordinal));
        Assert.Contains(readings, line, StringComparison.Ordinal);
        Assert.Matches(@"'layer\.qzeros': \d+ of \d+ zero points are stored as all ones \(first: group \d+, output \d+\)", line);
        Assert.True(result.IsSound);
    }

    [Theory]
    [InlineData(0xFFFFF777, "1 of 24 words of zero points end in fields of all ones (first: group 0, output 11)")]
    [InlineData(0x7FFFF777, null)]
    [InlineData(0xF7777777, null)]
    public async Task WordsWithLostFieldsAreReported(uint word, string? expected)
    {
        MalformedModule module = WithZeros(0x76777777);
        BinaryPrimitives.WriteUInt32LittleEndian(module.Tensors["layer.qzeros"].Data.AsSpan(4, 4), word);
        string warnings = Text((await VerifyAsync(module)).Warnings);
        Assert.Contains("stored as all ones", warnings, StringComparison.Ordinal);
        Assert.Equal(expected is not null, warnings.Contains("words of zero points", StringComparison.Ordinal));
        Assert.Contains(expected ?? "", warnings, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ZeroPointsOfAwqThatAreOneLessAreAWarning()
    {
        var module = new MalformedModule(Awq);
        module.Tensors["layer.qzeros"].Data.AsSpan().Fill(0x77);
        Assert.Contains("192 of 192 zero points are 7, expected 8", Text((await VerifyAsync(module)).Warnings), StringComparison.Ordinal);
        module.Tensors["layer.qzeros"].Data[3] = 0xFF;
        Assert.Contains("1 of 24 words of zero points end in fields of all ones (first: group 0, output 5)", Text((await VerifyAsync(module)).Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OddScalesAreCounted()
    {
        var module = new MalformedModule(V1);
        Span<ushort> scales = MemoryMarshal.Cast<byte, ushort>(module.Tensors["layer.scales"].Data.AsSpan());
        scales.Fill(0x3C00);
        (scales[5], scales[64], scales[65], scales[191]) = (0x8000, 1, 0x83FF, 0xBC00);
        Assert.Equal(
            [
                "tensor 'layer.scales': 1 of 192 scales are 0 (first: [0, 5])",
                "tensor 'layer.scales': 2 of 192 scales are subnormal (first: [1, 0])",
                "tensor 'layer.scales': 1 of 192 scales are negative (first: [2, 63])",
            ],
            Tails((await VerifyAsync(module)).Warnings));
    }

    [Theory]
    [InlineData("ct-pack-b4-channel", ".weight_packed", 12, 0x00010000u, "1 of 429 words have bits set where no code is (first: [0, 12])")]
    [InlineData("ct-pack-b4-channel", ".weight_packed", 12, 0x0000FFFFu, null)]
    [InlineData("ct-pack-b3-g24-asym-padded", ".weight_packed", 0, 0x80000000u, "where no code is (first: [0, 0])")]
    [InlineData("ct-pack-b4-g32-asym-f16", ".weight_zero_point", 17, 0x00010000u, "1 of 18 words have bits set where no code is (first: [5, 2])")]
    [InlineData("ct-pack-b4-g32-asym-f16", ".weight_zero_point", 14, 0xFFFFFFFFu, null)]
    public async Task WordsThatRanOverAreAWarning(string vector, string part, int word, uint bits, string? expected)
    {
        var module = new MalformedModule(vector + ".safetensors");
        MemoryMarshal.Cast<byte, uint>(module.Tensors[module.Named(part)].Data.AsSpan())[word] |= bits;
        string warnings = Text((await VerifyAsync(module)).Warnings);
        Assert.Contains(expected ?? "", warnings, StringComparison.Ordinal);
        Assert.Equal(expected is not null, warnings.Contains("where no code is", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(V1, "quant_method", "\"awq\"", "is packed as GPTQ, and config.json quantization_config says 'awq'")]
    [InlineData(V1, "quant_method", "\"unknown\"", null)]
    [InlineData(Pack, "quant_method", "\"gptq\"", "is packed as PACK_QUANTIZED, and config.json quantization_config says 'gptq'")]
    [InlineData(V1, "bits", "8", "has 4 bits, and config.json quantization_config says 8")]
    [InlineData(V1, "group_size", "64", "has groups of 32, and config.json quantization_config says groups of 64")]
    [InlineData(V1, "group_size", "-1", "has groups of 32, and config.json quantization_config says one group")]
    [InlineData(V1, "desc_act", "false", "has its inputs in groups of another order than their own (act-order), and config.json quantization_config says that it has not")]
    [InlineData(V1, "dynamic", """{"-:other":{},"+:lay":{"bits":2}}""", "has 4 bits, and config.json quantization_config (dynamic +:lay) says 2")]
    [InlineData(V1, "dynamic", """{"lay":{"group_size":16},"layer":{"bits":2}}""", "has groups of 32, and config.json quantization_config (dynamic lay) says groups of 16")]
    [InlineData(V1, "dynamic", """{"-:.*er":{}}""", "is packed, and config.json quantization_config (dynamic -:.*er) leaves it alone")]
    [InlineData(V1, "dynamic", """{"-:(?!layer).*":{},"-:yer":{}}""", null)]
    [InlineData(Awq, "modules_to_not_convert", """["head","layer"]""", "is packed, and config.json quantization_config (modules_to_not_convert layer) leaves it alone")]
    [InlineData(Awq, "modules_to_not_convert", """["lay","ayer."]""", null)]
    [InlineData(Pack, "ignore", """["re:l.y"]""", "is packed, and config.json quantization_config (ignore re:l.y) leaves it alone")]
    [InlineData(Pack, "ignore", """["lay","re:ayer"]""", null)]
    [InlineData(Pack, "ignore", """["Linear"]""", "is packed, and config.json quantization_config (ignore Linear) leaves it alone")]
    public async Task SettingsThatSayOtherwiseAreWarnings(string vector, string key, string value, string? expected)
    {
        var module = new MalformedModule(vector);
        module.Settings[key] = JsonNode.Parse(value);
        VerifyResult result = await VerifyAsync(module);
        Assert.Empty(result.Faults);
        string[] found = [.. Tails(result.Warnings).Where(warning => warning.StartsWith("module ", StringComparison.Ordinal))];
        Assert.Equal(expected is null ? [] : [$"module 'layer': {expected}"], found);

        // What is inspected, and what is decoded, is warned of too.
        using var folder = new TempFolder();
        module.Write(folder);
        using SafetensorsModel model = SafetensorsModel.Open(folder.Path);
        Assert.Equal(found, Tails(PackedModuleSurvey.Of(model).Warnings));
        using QuantDevice device = QuantDevice.Open("cpu");
        DequantizeResult decoded = await ModelConverter.DequantizeAsync(
            model, System.IO.Path.Combine(folder.Path, "out.safetensors"), new DequantizeOptions { OutputType = QuantFormat.F32 }, device);
        Assert.Equal(found, Tails(decoded.Warnings));
    }

    [Fact]
    public async Task GroupsOfCompressedTensorsAreForTheModulesThatTheyName()
    {
        const string Odd = "ct-pack-b3-g32-padded.safetensors";
        var module = new MalformedModule(Odd);
        JsonNode right = module.Settings["config_groups"]!["group_0"]!;
        JsonNode wrong = JsonNode.Parse("""{"targets":["Linear"],"weights":{"num_bits":8,"group_size":64}}""")!;
        foreach (string target in new[] { "layer", "re:l" })
        {
            right["targets"] = new JsonArray(target);
            module.Settings["config_groups"] = new JsonObject { ["group_0"] = wrong.DeepClone(), ["group_1"] = right.DeepClone() };
            VerifyResult result = await VerifyAsync(module);
            Assert.Empty(result.Faults);
            Assert.DoesNotContain("module", Text(result.Warnings), StringComparison.Ordinal);
        }

        right["targets"] = new JsonArray("other");
        module.Settings["config_groups"] = new JsonObject { ["group_0"] = wrong.DeepClone(), ["group_1"] = right.DeepClone() };
        Assert.Contains("expected those of", Assert.Single((await VerifyAsync(module)).Faults), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""["layer"]""", """["re:l"]""", """["re:a"]""", 8)]                   // a name before a pattern
    [InlineData("""["re:lay"]""", """["re:l"]""", """[]""", 4)]                        // patterns by their letters, not as they stand
    [InlineData("""["re:l"]""", """["re:l"]""", """[]""", 4)]                          // the same target twice: the last group
    [InlineData("""["Linear"]""", """["re:.*"]""", """[]""", 4)]                       // a pattern before a class
    [InlineData("""["layer"]""", """["Linear"]""", """["re:l"]""", null)]              // what is ignored, before a name too
    [InlineData("""["re:l"]""", """["layer"]""", """["Linear"]""", null)]
    [InlineData("""["layer","re:l"]""", """["Linear"]""", """["layer"]""", null)]
    public void TargetsOfCompressedTensorsCountInItsOrder(string first, string second, string ignored, int? bits)
    {
        var module = new MalformedModule(Pack);
        JsonNode group = module.Settings["config_groups"]!["group_0"]!;
        (JsonNode wrong, JsonNode right) = (group.DeepClone(), group.DeepClone());
        wrong["weights"]!["num_bits"] = 8;
        (wrong["targets"], right["targets"]) = (JsonNode.Parse(first), JsonNode.Parse(second));
        module.Settings["config_groups"] = new JsonObject { ["group_0"] = wrong, ["group_1"] = right };
        module.Settings["ignore"] = JsonNode.Parse(ignored);
        using var folder = new TempFolder();
        module.Write(folder);
        using SafetensorsModel model = SafetensorsModel.Open(folder.Path);
        Assert.Equal(bits is null, model.Quantization!.For("layer").IsLeftAlone);
        Assert.Equal(bits, model.Quantization.For("layer").Bits);
    }

    [Theory]
    [InlineData("(", "'(' is no regular expression, expected one of module names")]
    [InlineData("(l|.)*(a|.)*(y|.)*(e|.)*(r|.)*(l|.)*(a|.)*(y|.)*x$", "takes too long")]
    public async Task PatternsThatCannotBeUsedAreFaults(string pattern, string expected)
    {
        var module = new MalformedModule(V1);
        foreach ((string name, PlainSafetensors.Tensor tensor) in module.Tensors.ToArray())
        {
            module.Tensors.Remove(name);
            module.Tensors.Add($"{new string('l', 200)}.{name}", tensor);
        }

        module.Settings["dynamic"] = new JsonObject { [$"-:{pattern}"] = new JsonObject() };
        var watch = Stopwatch.StartNew();
        VerifyResult result = await VerifyAsync(module);
        Assert.Contains(expected, Assert.Single(result.Faults), StringComparison.Ordinal);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"took {watch.Elapsed}");
    }

    [Theory]
    [InlineData(V1, ".g_idx", "desc_act", "has no list of the groups of its inputs (g_idx), and config.json quantization_config says act-order")]
    [InlineData(Awq, ".qzeros", "zero_point", "has no zero points, and config.json quantization_config says that it is not symmetric")]
    public async Task WhatTheSettingsPromiseIsMissed(string vector, string part, string key, string expected)
    {
        var module = new MalformedModule(vector);
        module.Tensors.Remove(module.Named(part));
        module.Settings[key] = true;
        Assert.Equal([$"module 'layer': {expected}"], Tails((await VerifyAsync(module)).Faults));
    }

    [Theory]
    [InlineData("group", ".weight_g_idx", "has no list of the groups of its inputs (g_idx), and config.json quantization_config says act-order")]
    [InlineData("weight", ".weight_g_idx", null)]
    [InlineData("group", ".weight_zero_point", "has no zero points, and config.json quantization_config says that it is not symmetric")]
    public async Task WhatCompressedTensorsPromiseIsMissed(string order, string part, string? expected)
    {
        var module = new MalformedModule(Pack);
        module.Tensors.Remove(module.Named(part));
        JsonNode weights = module.Settings["config_groups"]!["group_0"]!["weights"]!;
        weights["actorder"] = order;
        weights["symmetric"] = false;
        Assert.Equal(expected is null ? [] : [$"module 'layer': {expected}"], Tails((await VerifyAsync(module)).Faults));
    }

    [Fact]
    public async Task AModuleThatIsPackedAndPlainIsAFault()
    {
        var module = new MalformedModule(V1);
        module.Tensors.Add("layer.weight", new("F16", [2, 2], new byte[8]));
        Assert.Equal(["module 'layer' is packed, and 'layer.weight' is there too"], Tails((await VerifyAsync(module)).Faults));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    public async Task ABiasHasANumberForEachOutput(int more)
    {
        var module = new MalformedModule(V1);
        int outputs = (int)module.Tensors["layer.scales"].Shape[1], found = outputs + more;
        module.Tensors.Add("layer.bias", new("F16", [found], new byte[found * 2]));
        Assert.Equal(
            more == 0 ? [] : [$"'layer.bias' is F16 of the shape [{found}], expected numbers of whole bytes, one for each of {outputs} outputs"],
            Tails((await VerifyAsync(module)).Faults));
    }

    [Fact]
    public async Task ALayerThatIsNotPackedAsOthersAreIsAWarning()
    {
        var module = new MalformedModule(V1);
        foreach ((string name, PlainSafetensors.Tensor tensor) in module.Tensors.ToArray())
        {
            module.Tensors.Remove(name);
            module.Tensors.Add($"0.{name}", tensor);
        }

        module.Tensors.Add("1.layer.weight", new("F16", [2, 2], new byte[8]));
        Assert.Contains(
            "module '1.layer': is not packed as those of other layers are, and config.json quantization_config does not leave it alone",
            Tails((await VerifyAsync(module)).Warnings));
        module.Settings["dynamic"] = JsonNode.Parse("""{"-:1\\.":{}}""");
        Assert.DoesNotContain("module", Text((await VerifyAsync(module)).Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SettingsOfAMethodWithoutPackedModulesAreAWarning()
    {
        var module = new MalformedModule(V1);
        module.Tensors.Clear();
        module.Tensors.Add("layer.weight", new("F16", [2, 2], new byte[8]));
        VerifyResult result = await VerifyAsync(module);
        Assert.True(result.IsSound);
        Assert.EndsWith("config.json quantization_config says gptq, and nothing is packed", Assert.Single(result.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task PiecesOfAnySizeGiveTheSame()
    {
        foreach (string file in new[] { "gptq-b3-g32-ones.safetensors", V1, "awq-gemv-g32.safetensors" })
        {
            using var vector = new MatrixVector(file);
            VerifyResult whole = await ModelVerifier.VerifyAsync(vector.Model, new VerifyOptions());
            VerifyResult pieces = await ModelVerifier.VerifyAsync(vector.Model, new VerifyOptions { ChunkBytes = 8 });
            Assert.Equal(whole.Warnings, pieces.Warnings);
            Assert.NotEmpty(whole.Warnings);
        }
    }

    [Fact]
    public async Task TheSampleIsSoundWithoutWarnings()
    {
        using SafetensorsModel model = SafetensorsModel.Open(Repository.PathOf("samples", "models", "wide-GPTQ-4bit"));
        VerifyResult result = await ModelVerifier.VerifyAsync(model, new VerifyOptions());
        Assert.True(result.IsSound);
        Assert.Empty(result.Warnings);
        Assert.Empty(result.Faults);
    }

    [Fact]
    public async Task CanBeCancelled()
    {
        using var vector = new MatrixVector(V1);
        using var cancellation = new CancellationTokenSource();
        var progress = new Once(cancellation.Cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => ModelVerifier.VerifyAsync(vector.Model, new VerifyOptions { ChunkBytes = 64 }, progress, cancellation.Token));
        Assert.Throws<OperationCanceledException>(() => PackedModuleSurvey.Of(vector.Model, cancellationToken: cancellation.Token));
    }

    private sealed class Once(Action report) : IProgress<ConversionProgress>
    {
        public void Report(ConversionProgress value) => report();
    }

    private static MalformedModule WithZeros(uint word)
    {
        var module = new MalformedModule(V1);
        MemoryMarshal.Cast<byte, uint>(module.Tensors["layer.qzeros"].Data.AsSpan()).Fill(word);
        return module;
    }

    private static async Task<VerifyResult> VerifyAsync(MalformedModule module)
    {
        using var folder = new TempFolder();
        module.Write(folder);
        using SafetensorsModel model = SafetensorsModel.Open(folder.Path);
        VerifyResult result = await ModelVerifier.VerifyAsync(model, new VerifyOptions());
        AssertLines(result);
        return result;
    }

    private static string Text(IEnumerable<string> lines) => string.Join("\n", lines);

    // Lines without the path that they begin with.
    private static string[] Tails(IEnumerable<string> lines) => [.. lines.Select(line => line[(line.IndexOf(": ", StringComparison.Ordinal) + 2)..])];

    private static void AssertLines(VerifyResult result)
    {
        foreach (string line in result.Faults.Concat(result.Warnings))
        {
            MalformedFileTests.AssertIsOneCleanLine(line);
        }
    }
}
