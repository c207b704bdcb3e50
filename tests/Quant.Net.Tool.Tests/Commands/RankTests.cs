using System.Text.Json;
using Quant.Net.Gguf;
using Quant.Net.Safetensors;
using Quant.Net.Tool.Slice;
using Quant.Net.Tool.Tests.Support;
using static Quant.Net.Tool.Tests.Support.CommandLineTool;

namespace Quant.Net.Tool.Tests.Commands;

/// <summary><c>slice --tensor-parallel</c>: whole models for several ranks.</summary>
public class RankTests
{
    private const string Projection = "model.layers.4.mlp.down_proj";
    private static readonly string[] Ranks = ["rank-0-of-2", "rank-1-of-2"];

    [Fact]
    public void EachRankIsAModelWithItsPartOfTheWeights()
    {
        using var folder = new TemporaryFolder();
        string text = Succeed("slice", Repository.GptqModel, "--tensor-parallel", "2", "-o", folder["out"]).Out;
        Assert.Contains("model.layers.*.mlp.down_proj", text, StringComparison.Ordinal);
        Assert.Matches(@"row +yes +256 × 256 +256 × 128 +0\n", text);
        Assert.Equal(["out"], folder.Names);
        Assert.Equal(Ranks, NamesIn(folder["out"]));
        Assert.All(Ranks, rank => Assert.Equal(["config.json", "model.safetensors", "quantize_config.json"], NamesIn(folder[$"out/{rank}"])));

        using var device = QuantDevice.Open("cpu");
        float[] whole = Decode(device, Repository.GptqModel);
        for (int rank = 0; rank < 2; rank++)
        {
            float[] part = Decode(device, folder[$"out/{Ranks[rank]}"]);
            for (int row = 0; row < 256; row++)
            {
                Assert.Equal(whole.AsSpan((row * 256) + (rank * 128), 128), part.AsSpan(row * 128, 128));
            }
        }
    }

    [Fact]
    public void TheFolderOfAllRanksSaysToNameOne()
    {
        const string NameOne = ": has no model in it, but the ranks of one; name one of 'rank-0-of-2', 'rank-1-of-2'";
        using var folder = new TemporaryFolder();
        Succeed("slice", Repository.GptqModel, "--tensor-parallel", "2", "-o", folder["out"], "-q");
        Run("inspect", folder["out"]).AssertFails(1, NameOne);
        Run("dequantize", folder["out"], "-o", folder["x"]).AssertFails(1, NameOne);
        Assert.Equal(1, Run("verify", folder["out"]).ExitCode);
        Assert.Contains(NameOne, Run("verify", folder["out"]).Out, StringComparison.Ordinal);
        Succeed("inspect", folder["out/rank-0-of-2"], "-q");
    }

    [Fact]
    public void ADryRunShowsThePlanAndWritesNothing()
    {
        using var folder = new TemporaryFolder();
        ToolResult result = RunInShell($"cd '{folder.Path}' && quantnet slice '{Repository.GptqModel}' --tensor-parallel 4 --dry-run --json");
        Assert.Equal(0, result.ExitCode);
        Assert.Empty(folder.Names);
        JsonElement report = result.Json;
        Assert.True(report.Flag("possible"));
        Assert.Empty(report.List("outputs"));
        JsonElement projection = report.List("plan").Find("name", Projection);
        Assert.Equal(("row", "in", true), (projection.Text("kind"), projection.Text("axis"), projection.Flag("packed")));
        Assert.Equal([256, 64], projection.List("partShape").Select(length => length.GetInt32()));
        Assert.Equal("replicated", report.List("plan").Find("name", "model.norm.weight").Text("kind"));
        Assert.Contains("possible; nothing was written", Succeed("slice", Repository.GptqModel, "--tensor-parallel", "4", "--dry-run", "-q").Out, StringComparison.Ordinal);
    }

    [LinuxTheory]
    [InlineData("mkdir out", "out", "out: exists already (--force replaces it)")]
    [InlineData("touch out", "out --force", "out: is no folder, expected one with ranks of an earlier output, or nothing")]
    [InlineData("mkdir out && touch out/notes.md", "out --force", "out: holds 'notes.md', which is not of an earlier output: the folder is not replaced")]
    [InlineData("touch file", "file/out", "file/out: '", "/file' is no directory")]
    [InlineData("true", "none/out", "none/out: there is no directory '")]
    [InlineData("true", "$(printf 'x%.0s' {1..256})", "the name has 256 bytes, expected at most 255")]
    public void ADryRunRefusesWhatTheRunWould(string make, string output, params string[] complaint)
    {
        using var folder = new TemporaryFolder();
        string slice = $"cd '{folder.Path}' && {make} && quantnet slice '{Repository.GptqModel}' --tensor-parallel 2 -o {output}";
        ToolResult dry = RunInShell($"{slice} --dry-run");
        dry.AssertFails(1, complaint);
        string[] there = [.. folder.Names];
        RunInShell($"cd '{folder.Path}' && rm -rf * && {slice}").AssertFails(1, dry.Error.Trim());
        Assert.Equal(there, folder.Names);
    }

    [Theory]
    [InlineData(2, 60, "Kind", "Shape", "Each rank")]
    [InlineData(2, 80, "Kind", "Shape", "Each rank")]
    [InlineData(2, 120, "Count", "Kind", "Packed", "Shape", "Each rank", "Padding")]
    [InlineData(3, 60, "Kind", "Remark")]
    [InlineData(3, 80, "Kind", "Shape", "Each rank", "Remark")]
    [InlineData(3, 120, "Count", "Kind", "Shape", "Each rank", "Remark")]
    public void APlanShowsWhatMattersOnANarrowTerminal(int ranks, int width, params string[] columns)
    {
        using SafetensorsModel model = SafetensorsModel.Open(Repository.GptqModel);
        var report = RankReport.Of("model", TensorParallelPlan.Make(model, ranks), [], null);
        string text = TerminalText.Of(width, terminal => RankText.WritePlan(report, terminal));
        Assert.Equal(columns, TerminalText.Titles(text, "Count", "Kind", "Packed", "Shape", "Each rank", "Padding", "Remark"));
        Assert.All(text.Split('\n'), line => Assert.InRange(line.TrimEnd().Length, 0, width));
        Assert.DoesNotContain('…', text);
    }

    [Fact]
    public void WhatCannotBeDividedIsToldAndLeavesNothing()
    {
        using var folder = new TemporaryFolder();
        ToolResult plan = Run("slice", Repository.GptqModel, "--tensor-parallel", "3", "--dry-run", "--json");
        Assert.Equal((1, ""), (plan.ExitCode, plan.Error));
        JsonElement tokens = plan.Json.List("plan").Find("name", "lm_head.weight");
        Assert.Equal((1, "vocabulary"), (tokens.Number("padding"), tokens.Text("kind")));
        Assert.Equal(
            "256 features do not divide among 3 ranks; nearest numbers of ranks: 2 and 4", plan.Json.List("plan").Find("name", Projection).Text("problem"));

        Run("slice", Repository.GptqModel, "--tensor-parallel", "3", "-o", folder["out"]).AssertFails(1, "cannot be divided among 3 ranks");
        Assert.Empty(folder.Names);
    }

    [Theory]
    [InlineData("rwkv", "model.norm.weight", "the architecture (model_type) is 'rwkv', expected one of deepseek_v2, ")]
    [InlineData("llama", "model.layers.0.mamba.weight", "unknown in the architecture 'llama': 'model.layers.0.mamba.weight'")]
    public void UnknownArchitecturesAndModulesAreRefusedByName(string architecture, string tensor, string complaint)
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["model"]);
        File.WriteAllText(folder["model/config.json"], $$"""{"model_type": "{{architecture}}", "num_attention_heads": 4}""");
        using (var writer = SafetensorsWriter.Create(folder["model/model.safetensors"]))
        {
            writer.AddTensor(tensor, SafetensorsType.F16, [2]);
            writer.Write(tensor, new byte[4]);
            writer.Complete();
        }

        Run("slice", folder["model"], "--tensor-parallel", "2", "-o", folder["out"]).AssertFails(1, complaint);
        Run("slice", folder["model"], "--tensor-parallel", "2", "--dry-run").AssertFails(1, complaint);
        Assert.Equal(["model"], folder.Names);
    }

    [Fact]
    public void ADecodedRankIsStillOne()
    {
        using var folder = new TemporaryFolder();
        Succeed("slice", Repository.GptqModel, "--tensor-parallel", "2", "-o", folder["out"], "-q");
        Succeed("dequantize", folder["out/rank-1-of-2"], "-o", folder["decoded"], "-q");
        ToolResult result = Run("verify", folder["decoded"]);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("rank 1 of 2", result.Error, StringComparison.Ordinal);
    }

    // It would be waited for without end, if it were copied.
    [Fact]
    public void APipeBesideTheWeightsIsLeftAlone()
    {
        using var folder = new TemporaryFolder();
        ToolResult result = RunInShell(
            $"cp -r '{Repository.GptqModel}' '{folder["model"]}' && mkfifo '{folder["model/pipe.json"]}'"
            + $" && quantnet slice '{folder["model"]}' --tensor-parallel 2 -o '{folder["out"]}' -q");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Equal(["config.json", "model.safetensors", "quantize_config.json"], NamesIn(folder["out/rank-0-of-2"]));
    }

    [Fact]
    public void WhatIsTooLargeBesideTheWeightsIsTold()
    {
        using var folder = new TemporaryFolder();
        ToolResult result = RunInShell(
            $"cp -r '{Repository.GptqModel}' '{folder["model"]}' && truncate -s 65M '{folder["model/tokenizer.json"]}'"
            + $" && quantnet slice '{folder["model"]}' --tensor-parallel 2 -o '{folder["out"]}' --json");
        Assert.Equal(0, result.ExitCode);
        Assert.Contains(
            "'tokenizer.json' has 68157440 bytes and is not copied", Assert.Single(result.Json.List("warnings")).GetString(),
            StringComparison.Ordinal);
        Assert.DoesNotContain("tokenizer.json", NamesIn(folder["out/rank-0-of-2"]));
    }

    [Fact]
    public void WeightsOfARankAreSplitIntoFiles()
    {
        using var folder = new TemporaryFolder();
        JsonElement report = Succeed(
            "slice", Repository.GptqModel, "--tensor-parallel", "2", "-o", folder["out"], "--shard-size", "200KB", "--json").Json;
        string[] files = [.. report.List("outputs").Select(file => file.GetString()!)];
        Assert.All(files, file => Assert.True(File.Exists(file), file));
        Assert.Equal(folder["out/rank-1-of-2/model.safetensors.index.json"], files[^1]);
        Assert.Contains(folder["out/rank-0-of-2/model-00002-of-00005.safetensors"], files);
        Assert.All(files, file => Assert.InRange(new FileInfo(file).Length, 1, 220_000));
        Succeed("verify", folder["out/rank-0-of-2"], "-q");

        Succeed("slice", Repository.GptqModel, "--tensor-parallel", "2", "-o", folder["one"], "-q");
        using SafetensorsModel one = SafetensorsModel.Open(folder["one/rank-1-of-2"]);
        using SafetensorsModel several = SafetensorsModel.Open(folder["out/rank-1-of-2"]);
        Assert.Equal(one.Tensors.Select(tensor => tensor.Name), several.Tensors.Select(tensor => tensor.Name));
        Assert.All(one.Tensors, tensor => Assert.True(
            tensor.GetSpan(0, tensor.RowCount).SequenceEqual(several.Tensors[tensor.Name].GetSpan(0, tensor.RowCount)), tensor.Name));
    }

    [Fact]
    public void OnlyAnEarlierOutputIsReplaced()
    {
        using var folder = new TemporaryFolder();
        string[] slice = ["slice", Repository.GptqModel, "-q", "-o", folder["out"], "--tensor-parallel"];
        Succeed([.. slice, "4"]);
        Run([.. slice, "2"]).AssertFails(1, "out: exists already (--force replaces it)");
        Succeed([.. slice, "2", "--force"]);
        Assert.Equal(Ranks, NamesIn(folder["out"]));

        File.WriteAllText(folder["out/rank-0-of-2/notes.md"], "mine");
        Run([.. slice, "4", "--force"]).AssertFails(1, "holds 'rank-0-of-2/notes.md', which is not of an earlier output");
        Assert.Equal(Ranks, NamesIn(folder["out"]));
        File.Delete(folder["out/rank-0-of-2/notes.md"]);

        // The model itself, under a name that a rank would have.
        Directory.CreateDirectory(folder["all"]);
        Succeed("slice", Repository.GptqModel, "--tensor-parallel", "1", "-q", "-o", folder["all"], "--force");
        Array.ForEach(Directory.GetFiles(Repository.GptqModel), file => File.Copy(file, Path.Combine(folder["all/rank-0-of-1"], Path.GetFileName(file)), overwrite: true));
        Run("slice", folder["all/rank-0-of-1"], "--tensor-parallel", "2", "-o", folder["all"], "--force").AssertFails(1, "is the model itself");
        Assert.Equal(["all", "out"], folder.Names);
    }

    [Fact]
    public void ARankIsKnownForWhatItIs()
    {
        using var folder = new TemporaryFolder();
        Succeed("slice", Repository.GptqModel, "--tensor-parallel", "4", "-q", "-o", folder["out"]);
        Run("slice", folder["out/rank-3-of-4"], "--tensor-parallel", "2", "--dry-run").AssertFails(1, "is 'rank 3 of 4' of a model already, expected the whole");
        Assert.Contains("is 'rank 3 of 4' of a model: shapes are not compared", Run("verify", folder["out/rank-3-of-4"]).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--output is required, or --dry-run", "--tensor-parallel", "2")]
    [InlineData("--output is empty", "--tensor-parallel", "2", "-o", "")]
    [InlineData("is the name of a file, expected that of a folder", "--tensor-parallel", "2", "-o", "x.safetensors")]
    [InlineData("--tensor-parallel: '0' is not a number from 1 to 1024", "--tensor-parallel", "0", "-o", "x")]
    [InlineData("--tensor-parallel: '1025' is not a number from 1 to 1024", "--tensor-parallel", "1025", "-o", "x")]
    [InlineData("--axis is for one weight, --tensor-parallel for a whole model", "--tensor-parallel", "2", "-o", "x", "--axis", "out")]
    [InlineData("--module is for one weight", "--tensor-parallel", "2", "-o", "x", "--module", "m")]
    [InlineData("--parts is for one weight", "--tensor-parallel", "2", "-o", "x", "--parts", "2")]
    [InlineData("--keep-groups is for one weight", "--tensor-parallel", "2", "-o", "x", "--keep-groups")]
    [InlineData("'5 apples' is not a size", "--tensor-parallel", "2", "-o", "x", "--shard-size", "5 apples")]
    [InlineData("--dry-run goes only with --tensor-parallel", "--axis", "out", "--parts", "2", "-o", "x.safetensors", "--dry-run")]
    [InlineData("--shard-size goes only with --tensor-parallel", "--axis", "out", "--parts", "2", "-o", "x.safetensors", "--shard-size", "5GB")]
    [InlineData("--axis is required, or --tensor-parallel for a whole model", "--parts", "2", "-o", "x.safetensors")]
    [InlineData("--output is required", "--axis", "out", "--parts", "2")]
    public void WrongUsageIsOneLine(string complaint, params string[] arguments) =>
        Run(["slice", Repository.GptqModel, .. arguments]).AssertFails(2, complaint);

    [Fact]
    public void AGgufModelIsDividedIntoFiles()
    {
        using var folder = new TemporaryFolder();
        string text = Succeed("slice", Repository.StoriesModel, "--tensor-parallel", "2", "-o", folder["out"]).Out;
        Assert.Matches(@"blk\.\*\.ffn_down\.weight +5 +row +no +64 × 172 +64 × 86 +0\n", text);
        Assert.Matches(@"blk\.\*\.attn_q\.weight +5 +column +yes +64 × 64 +32 × 64 +0\n", text);
        Assert.Equal(["rank-0-of-2.gguf", "rank-1-of-2.gguf"], NamesIn(folder["out"]));
        Succeed("verify", "--against", Repository.StoriesModel, folder["out"], "-q");
        Succeed("verify", "--against", Repository.StoriesModel, folder["out/rank-1-of-2.gguf"], folder["out/rank-0-of-2.gguf"], "-q");

        // What the parts decode to, side by side, is what the whole does.
        using var device = QuantDevice.Open("cpu");
        using GgufFile whole = GgufFile.Open(Repository.StoriesModel);
        GgufTensor tensor = whole.Tensors["blk.4.attn_output.weight"];
        float[] weights = new float[tensor.ElementCount];
        tensor.Dequantize(device, 0, tensor.RowCount, weights);
        for (int rank = 0; rank < 2; rank++)
        {
            using GgufFile model = GgufFile.Open(folder[$"out/rank-{rank}-of-2.gguf"]);
            GgufTensor part = model.Tensors[tensor.Name];
            float[] own = new float[part.ElementCount];
            part.Dequantize(device, 0, part.RowCount, own);
            for (int row = 0; row < 64; row++)
            {
                Assert.Equal(weights.AsSpan((row * 64) + (rank * 32), 32), own.AsSpan(row * 32, 32));
            }
        }
    }

    [Fact]
    public void AGgufModelThatBlocksKeepTogetherIsRefused()
    {
        using var folder = new TemporaryFolder();
        ToolResult plan = Run("slice", Repository.WideModel, "--tensor-parallel", "2", "--dry-run", "--json");
        Assert.Equal((1, ""), (plan.ExitCode, plan.Error));
        Assert.Equal(("llama", false), (plan.Json.Text("architecture"), plan.Json.Flag("possible")));
        JsonElement output = plan.Json.List("plan").Find("name", "blk.0.attn_output.weight");
        Assert.Equal(("row", "in", true), (output.Text("kind"), output.Text("axis"), output.Flag("packed")));
        Assert.Equal(
            "128 input features for each rank are no multiple of 256, as blocks of Q4_K need it; nearest numbers of ranks: 1", output.Text("problem"));
        Run("slice", Repository.WideModel, "--tensor-parallel", "2", "-o", folder["out"]).AssertFails(1, "cannot be divided among 2 ranks");
        Run("slice", Repository.WideModel, "--tensor-parallel", "1", "-o", folder["out"], "--shard-size", "1GB")
            .AssertFails(2, "--shard-size: MODEL is a GGUF file, of which each rank is one file");
        Assert.Empty(folder.Names);
    }

    [Fact]
    public void ARankOfAGgufModelIsKnownForWhatItIs()
    {
        using var folder = new TemporaryFolder();
        Succeed("slice", Repository.StoriesModel, "--tensor-parallel", "2", "-q", "-o", folder["out"]);
        string rank = folder["out/rank-1-of-2.gguf"];
        Run("slice", rank, "--tensor-parallel", "2", "--dry-run").AssertFails(1, "is 'rank 1 of 2' of a model already, expected the whole");
        Succeed("dequantize", rank, "-o", folder["decoded.gguf"], "-q");
        Run("slice", folder["decoded.gguf"], "--tensor-parallel", "2", "--dry-run").AssertFails(1, "is 'rank 1 of 2' of a model already");
        ToolResult alone = Run("verify", "--against", Repository.StoriesModel, rank, "--json", "-q");
        Assert.Equal((1, "rank 0 of 2 is missing"), (alone.ExitCode, Assert.Single(alone.Json.List("defects")).Text("problem")));
        Run("verify", "--against", Repository.GptqModel, folder["out"]).AssertFails(2, "is GGUF, expected safetensors");
    }

    [MountFact]
    public void AFullDiskLeavesNothing()
    {
        using var folder = new TemporaryFolder();
        ToolResult result = RunInShell(
            $"""
            mkdir '{folder["small"]}' && mount -t tmpfs -o size=1m tmpfs '{folder["small"]}' || exit 77
            quantnet slice '{Repository.GptqModel}' --tensor-parallel 2 -o '{folder["small/out"]}' --dry-run 2>'{folder["dry"]}'
            quantnet slice '{Repository.GptqModel}' --tensor-parallel 2 -o '{folder["small/out"]}'
            code=$?
            ls -A '{folder["small"]}'
            umount '{folder["small"]}'
            exit $code
            """);
        result.AssertFails(1, "small/out: needs");
        Assert.Equal(result.Error, File.ReadAllText(folder["dry"]));
    }

    [LinuxFact]
    public void AnOutputThatMayNotGrowIsToldByTheNameItWouldHave()
    {
        // The limit on a file's size (in KiB) is met in the middle of writing. The runtime itself keeps code in a large file, if it is not told otherwise.
        using var folder = new TemporaryFolder();
        RunInShell(
            $"""
            export DOTNET_EnableWriteXorExecute=0
            trap '' XFSZ
            ulimit -f 500
            quantnet slice '{Repository.GptqModel}' --tensor-parallel 2 -o '{folder["out"]}' -q
            """).AssertFails(1, $"{folder["out/rank-"]}", "-of-2/model.safetensors: ");
        Assert.Empty(folder.Names);
    }

    private static float[] Decode(QuantDevice device, string path)
    {
        using SafetensorsModel model = SafetensorsModel.Open(path);
        PackedModule module = PackedModule.Find(model).Single(module => module.Name == Projection);
        float[] weights = new float[module.Rows * module.Columns];
        module.Dequantize(device, MatrixOrder.Rows, 0, module.Rows, weights);
        return weights;
    }

    private static IEnumerable<string> NamesIn(string folder) =>
        Directory.EnumerateFileSystemEntries(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);
}
