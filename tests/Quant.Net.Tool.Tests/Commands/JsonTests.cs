using System.Text.Json;
using Quant.Net.Tool.Doctor;
using Quant.Net.Tool.Tests.Doctor;
using Quant.Net.Tool.Tests.Support;
using static Quant.Net.Tool.Tests.Support.CommandLineTool;

namespace Quant.Net.Tool.Tests.Commands;

/// <summary>What is printed with --json and what docs/json.md promises are the same keys.</summary>
public class JsonTests
{
    [Fact]
    public void InspectKeysAreDocumented()
    {
        using var folder = new TemporaryFolder();
        string scaled = new TinyGguf()
            .AddTensor("x.weight", 1, [4], new byte[8])
            .AddTensor("x.scale", 0, [1], new byte[4])
            .Write(folder["scaled.gguf"]);

        Compare(
            "inspect",
            Succeed("inspect", Repository.WideModel, "--json", "--fit", "5MB").Json,
            Succeed("inspect", scaled, "--json").Json,
            Succeed("inspect", Repository.GptqModel, "--json").Json);
    }

    [Fact]
    public void FormatsKeysAreDocumented() => Compare("formats", Succeed("formats", "--json").Json);

    [FakeGpuFact]
    public void DoctorKeysAreDocumented()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["wrong.bin"], AnswerMaker.Make(
            [new KnownAnswer(QuantFormat.I8, true, [1], [2f])],
            [new MatrixAnswer("int8", PackedMatrixLayout.LlmInt8, 8, 1, 1, [127], BitConverter.GetBytes(1f), [2f])],
            [new EncodingAnswer(QuantFormat.F32, true, new EncodingInput([1f], [1f]), new byte[4])]));

        Compare("doctor", FakeGpu.Run("", "quantnet doctor --json").Json, Run("doctor", "--json", "--answers", folder["wrong.bin"]).Json);
    }

    [Fact]
    public void DequantizeKeysAreDocumented()
    {
        using var folder = new TemporaryFolder();

        Compare("dequantize", Succeed("dequantize", Repository.StoriesModel, "-o", folder["out.safetensors"], "--json", "--quiet").Json);
    }

    [Fact]
    public void QuantizeKeysAreDocumented()
    {
        using var folder = new TemporaryFolder();
        string[] quantize = ["quantize", Repository.StoriesModel, "--allow-requantize", "--json", "-q"];

        Compare(
            "quantize",
            Succeed([.. quantize, "Q4_K_M", "--dry-run", "--imatrix", Repository.PathOf("tests/vectors/imatrix/imatrix.dat")]).Json,
            Succeed([.. quantize, "--target-bpw", "6", "--dry-run"]).Json,
            Succeed([.. quantize, "--target-size", "400kB", "-o", folder["x.gguf"]]).Json);
    }

    [Fact]
    public void ExtractKeysAreDocumented()
    {
        using var folder = new TemporaryFolder();
        string[] extract = ["extract", Repository.StoriesModel, "--tensor", "token_embd.weight", "--json", "-q", "-o"];

        Compare("extract", Succeed([.. extract, folder["x.npy"]]).Json, Succeed([.. extract, folder["x.bin"]]).Json);
    }

    [Fact]
    public void SplitAndMergeKeysAreDocumented()
    {
        using var folder = new TemporaryFolder();
        JsonElement split = Succeed("split", Repository.StoriesModel, "-o", folder["x"], "--max-tensors", "30", "--json", "-q").Json;

        Compare("split and merge", split, Succeed("merge", split.List("outputs").First().GetString()!, "-o", folder["x.gguf"], "--json", "-q").Json);
    }

    [Fact]
    public void MetadataKeysAreDocumented()
    {
        using var folder = new TemporaryFolder();
        string[] edits = ["--set", "x:u32[]=[1]", "--remove", "general.name", "--rename", "llama.block_count=x.blocks"];

        Compare(
            "metadata",
            Succeed("metadata", Repository.StoriesModel, "--json").Json,
            Succeed(["metadata", Repository.StoriesModel, "-o", folder["x.gguf"], "--json", "-q", .. edits]).Json);
    }

    [Fact]
    public void SliceAndConcatKeysAreDocumented()
    {
        using var folder = new TemporaryFolder();
        string[] slice = ["slice", Repository.GptqModel, "--module", "model.layers.0.mlp.up_proj", "--axis", "in", "--parts", "2"];
        JsonElement parts = Succeed([.. slice, "-o", folder["x.safetensors"], "--json"]).Json;
        string[] files = [.. parts.List("outputs").Select(file => file.GetString()!)];

        Compare("slice and concat", parts, Succeed(["concat", .. files, "--axis", "in", "-o", folder["y.safetensors"], "--json"]).Json);
    }

    [Fact]
    public void SliceOfWholeModelsKeysAreDocumented()
    {
        using var folder = new TemporaryFolder();
        string[] slice = ["slice", Repository.GptqModel, "--json", "--tensor-parallel"];

        // Among 32 ranks, two each share a head of keys and values.
        Compare(
            "slice of whole models",
            Succeed([.. slice, "2", "-o", folder["x"]]).Json,
            Run([.. slice, "3", "--dry-run"]).Json,
            Run([.. slice, "32", "--dry-run"]).Json,
            Run("slice", Repository.WideModel, "--json", "--tensor-parallel", "2", "--dry-run").Json);
    }

    [Fact]
    public void VerifyKeysAreDocumented()
    {
        using var folder = new TemporaryFolder();
        string broken = new TinyGguf().AddTensor("x", 0, [1], [0, 0, 0xC0, 0x7F]).Write(folder["x.gguf"]);

        string[] slice = ["slice", Repository.WideModel, "--tensor", "blk.0.attn_q.weight", "--axis", "in", "--parts"];
        Succeed([.. slice, "1", "-o", folder["part.gguf"], "-q"]);
        byte[] bytes = File.ReadAllBytes(folder["part.gguf"]);
        bytes[^1] ^= 1;
        File.WriteAllBytes(folder["part.gguf"], bytes);

        Compare(
            "verify", Succeed("verify", Repository.StoriesModel, "--hash", "--json", "-q").Json, Run("verify", broken, "--json", "-q").Json,
            Run("verify", folder["part.gguf"], "--against", Repository.WideModel, "--json", "-q").Json);
    }

    [Fact]
    public void CompareKeysAreDocumented()
    {
        using var folder = new TemporaryFolder();
        Succeed("dequantize", Repository.StoriesModel, "-o", folder["x.safetensors"], "-q");

        Compare(
            "compare", Succeed("compare", folder["x.safetensors"], Repository.StoriesModel, "--json", "-q", "--html", folder["x.html"]).Json,
            Run("compare", Repository.StoriesModel, Repository.WideModel, "--json", "-q").Json,
            Run("compare", One(1), One(float.NaN), "--json", "-q").Json);

        string One(float value) => new TinyGguf().AddTensor("x", 0, [1], BitConverter.GetBytes(value)).Write(folder[$"{value}.gguf"]);
    }

    [FakeGpuFact]
    public void BenchKeysAreDocumented()
    {
        const string Bench = "bench --format Q8_0 --size 1MiB --seconds 0.001 --json";

        Compare(
            "bench",
            Succeed([.. Bench.Split(' '), "--layout", "INT8"]).Json,
            FakeGpu.Run("memory=67108864", $"quantnet {Bench} --device cuda:0 --load --layout INT8").Json);
    }

    private static void Compare(string command, params JsonElement[] documents)
    {
        HashSet<string> documented = [.. JsonKeys.Documented(command).Select(entry => entry.Key)];
        HashSet<string> printed = JsonKeys.Of(documents);
        Assert.Empty(printed.Except(documented));
        Assert.Empty(documented.Except(printed));

        // Below the first level a list may be empty.
        IEnumerable<string> always = JsonKeys.Documented(command)
            .Where(entry => !entry.IsOptional && !entry.Key.Contains('.', StringComparison.Ordinal))
            .Select(entry => entry.Key);
        Assert.All(documents, document => Assert.Empty(always.Except(JsonKeys.Of(document))));
    }
}
