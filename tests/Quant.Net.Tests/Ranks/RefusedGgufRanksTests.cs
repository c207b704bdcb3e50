using Quant.Net.Gguf;
using Quant.Net.Tests.Gguf;

namespace Quant.Net.Tests.Ranks;

/// <summary>GGUF models that cannot be divided are refused in one line that names what is in the way, and nothing is left behind.</summary>
public class RefusedGgufRanksTests
{
    private static readonly FamilyTensor Norm = new("output_norm.weight", -1, GgufFamilyModel.Hidden);

    private static readonly (string Name, QuantFormat Format, long[] Shape)[] NormOnly = [(Norm.Name, QuantFormat.F32, [GgufFamilyModel.Hidden])];

    [Theory]
    [InlineData("rwkv7", "output_norm.weight", "the architecture (general.architecture) is 'rwkv7', expected one of deepseek2, gemma, gemma2, gemma3, gpt-oss, ")]
    [InlineData("llama", "blk.0.ssm_in.weight", "1 tensor unknown in the architecture 'llama': 'blk.0.ssm_in.weight'")]
    [InlineData("llama", "blk.0.attn_norm.weight.1", "1 tensor unknown in the architecture 'llama': 'blk.0.attn_norm.weight.1'")]
    [InlineData("qwen2", "blk.0.ffn_up_exps.weight", "unknown in the architecture 'qwen2'")]
    public void UnknownArchitecturesAndTensorsAreNamed(string family, string tensor, string complaint)
    {
        using var folder = new TempFolder();
        using GgufFile model = GgufFamilyModel.Open(folder, family, 4, [new FamilyTensor(tensor, -1, 4)]);
        string line = Assert.Throws<NotSupportedException>(() => TensorParallelPlan.Make(model, 2)).Message;
        Assert.Contains(complaint, line, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', line);
    }

    [Fact]
    public void ModelsThatSayNoArchitectureAreRefused()
    {
        using var folder = new TempFolder();
        using (GgufWriter writer = GgufWriter.Create(folder["model.gguf"]))
        {
            writer.Complete();
        }

        using GgufFile model = GgufFile.Open(folder["model.gguf"]);
        Assert.Contains(
            "the architecture (general.architecture) is not said", Assert.Throws<NotSupportedException>(() => TensorParallelPlan.Make(model, 2)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModelsWithMissingPartsAreRefused()
    {
        using var folder = new TempFolder();
        using (GgufFile whole = GgufFamilyModel.Open(folder, "llama", 4))
        {
            await ModelConverter.SplitAsync(whole, folder["part"], new SplitOptions { MaxTensors = whole.Tensors.Count - 1 });
        }

        File.Delete(folder["part-00002-of-00002.gguf"]);
        using GgufFile model = GgufFile.Open(folder["part-00001-of-00002.gguf"], new GgufOpenOptions { AllowPartial = true });
        Assert.Contains(
            "part-00001-of-00002.gguf: parts of the model are missing: 'part-00002-of-00002.gguf'.",
            Assert.Throws<ArgumentException>(() => TensorParallelPlan.Make(model, 2)).Message, StringComparison.Ordinal);
    }

    public static TheoryData<GgufValue, bool> KeyHeads => new()
    {
        { GgufValue.FromNumber(4ul), true },
        { GgufValue.FromArray([4, 4, 4]), true },
        { GgufValue.FromArray([4, 8]), false },
        { GgufValue.FromArray(Array.Empty<int>()), false },
        { GgufValue.FromNumber(5u), false },
        { GgufValue.FromNumber(0u), false },
        { GgufValue.FromNumber(-4), false },
        { GgufValue.FromString("4\n" + new string('5', 1000)), false },
    };

    [Theory]
    [MemberData(nameof(KeyHeads))]
    public void HeadsAreOneNumberThatKeysDivide(GgufValue keyHeads, bool isPossible)
    {
        using var folder = new TempFolder();
        using GgufFile model = GgufFamilyModel.Write(folder, "llama", keyHeads, NormOnly);
        if (isPossible)
        {
            Assert.True(TensorParallelPlan.Make(model, 2).IsPossible);
            return;
        }

        string line = Assert.Throws<ModelFormatException>(() => TensorParallelPlan.Make(model, 2)).Message;
        Assert.Contains("has llama.attention.head_count 24 and llama.attention.head_count_kv ", line, StringComparison.Ordinal);
        Assert.EndsWith(", expected the first to be a multiple of the second, in all layers alike", line, StringComparison.Ordinal);
        Assert.True(line.Length < 300 && !line.Contains('\n'), line);
    }

    [Theory]
    [InlineData(5, "blk.10.attn_q.weight", "24 heads do not divide among 5 ranks; nearest numbers of ranks: 4 and 6")]
    [InlineData(6, "blk.10.attn_k.weight", "6 ranks do not share 4 heads of keys and values in 128 features; nearest numbers of ranks: 4 and 8")]
    [InlineData(16, "blk.10.ffn_down.weight", "48 input features for each rank are no multiple of 32, as blocks of Q5_0 need it; nearest numbers of ranks: 12 and 24")]
    public async Task WhatDoesNotDivideSaysTheNearestNumbersOfRanks(int ranks, string tensor, string problem)
    {
        using var folder = new TempFolder();
        (string, QuantFormat, long[])[] tensors =
            [.. GgufFamilyModel.TensorsOf("gemma", 4).Select(tensor => (tensor.Name, tensor.Shape.Length == 1 ? QuantFormat.F32 : QuantFormat.Q5_0, tensor.Shape))];
        using GgufFile model = GgufFamilyModel.Write(folder, "gemma", GgufValue.FromNumber(4u), tensors);
        TensorParallelPlan plan = TensorParallelPlan.Make(model, ranks);
        Assert.False(plan.IsPossible);
        Assert.Equal(problem, Assert.Single(plan.Entries, entry => entry.Name == tensor).Problem);
        using var output = new TempFolder();
        string line = (await Assert.ThrowsAsync<NotSupportedException>(() => ModelConverter.SliceAsync(plan, output["out"]))).Message;
        Assert.Contains($"cannot be divided among {ranks} ranks: ", line, StringComparison.Ordinal);
        Assert.Empty(output.Names);
    }

    [Theory]
    [InlineData("blk.0.ffn_up.weight")]
    [InlineData("blk.0.ffn_up.bias")]
    [InlineData("blk.0.ffn_down.weight")]
    [InlineData("blk.0.attn_k_b.weight")]
    public void ATensorWithoutDimensionsIsRefused(string name)
    {
        using var folder = new TempFolder();
        using GgufFile model = GgufFamilyModel.Write(folder, "deepseek2", GgufValue.FromNumber(1u), [(name, QuantFormat.F32, [])]);
        TensorParallelEntry entry = Assert.Single(TensorParallelPlan.Make(model, 2).Entries);
        Assert.Equal((name, "its shape [] has no dimension 0"), (entry.Name, entry.Problem));
        Assert.Empty(entry.PartShape);
    }

    [Fact]
    public void HeadsOfOneMatrixHaveOneSize()
    {
        using var folder = new TempFolder();
        using (GgufWriter writer = GgufWriter.Create(folder["model.gguf"]))
        {
            writer.SetMetadata("general.architecture", GgufValue.FromString("llama"));
            writer.SetMetadata("llama.attention.head_count", GgufValue.FromNumber(2u));
            writer.SetMetadata("llama.attention.key_length", GgufValue.FromNumber(3u));
            writer.SetMetadata("llama.attention.value_length", GgufValue.FromNumber(5u));
            writer.AddTensor("blk.0.attn_qkv.weight", QuantFormat.F32, [1, 18]);
            writer.Write("blk.0.attn_qkv.weight", new byte[72]);
            writer.Complete();
        }

        using GgufFile model = GgufFile.Open(folder["model.gguf"]);
        Assert.Equal(
            "heads of keys have 3 features and those of values 5, expected as many where they are one matrix",
            Assert.Single(TensorParallelPlan.Make(model, 2).Entries).Problem);
    }

    [Fact]
    public async Task AnEarlierOutputIsReplacedAsAWhole()
    {
        using var folder = new TempFolder();
        using GgufFile model = GgufFamilyModel.Open(folder, "gemma", 4);
        using var output = new TempFolder();
        var overwrite = new TensorParallelOptions { Overwrite = true };
        await ModelConverter.SliceAsync(TensorParallelPlan.Make(model, 4), output["out"]);
        await Assert.ThrowsAsync<OutputExistsException>(() => ModelConverter.SliceAsync(TensorParallelPlan.Make(model, 2), output["out"]));
        await ModelConverter.SliceAsync(TensorParallelPlan.Make(model, 2), output["out"] + "/", overwrite);
        Assert.Equal(["out"], output.Names);
        Assert.Equal(["rank-0-of-2.gguf", "rank-1-of-2.gguf"], NamesIn(output["out"]));
        using (GgufFile rank = GgufFile.Open(output["out/rank-1-of-2.gguf"]))
        {
            NotSupportedException fault = Assert.Throws<NotSupportedException>(() => TensorParallelPlan.Make(rank, 2));
            Assert.Contains("is 'rank 1 of 2' of a model already", fault.Message, StringComparison.Ordinal);
        }

        Directory.CreateDirectory(output["out/rank-2-of-4.gguf"]);   // a folder of the name that a file would have
        IOException stranger = await Assert.ThrowsAsync<IOException>(() => ModelConverter.SliceAsync(TensorParallelPlan.Make(model, 2), output["out"], overwrite));
        Assert.Contains("holds 'rank-2-of-4.gguf', which is not of an earlier output", stranger.Message, StringComparison.Ordinal);
        Directory.Delete(output["out/rank-2-of-4.gguf"]);
        await File.WriteAllTextAsync(output["out/rank-2-of-4"], "a file of the name that a folder would have");
        await Assert.ThrowsAsync<IOException>(() => ModelConverter.SliceAsync(TensorParallelPlan.Make(model, 2), output["out"], overwrite));
        await Assert.ThrowsAsync<ArgumentException>(() => ModelConverter.SliceAsync(
            TensorParallelPlan.Make(model, 2), output["new"], new TensorParallelOptions { MaxShardBytes = 1000 }));
        Assert.Equal(["out"], output.Names);
    }

    [Fact]
    public async Task TheModelItselfIsNotReplaced()
    {
        using var output = new TempFolder();
        Directory.CreateDirectory(output["out"]);
        using var folder = new TempFolder();
        GgufFamilyModel.Open(folder, "gemma", 4).Dispose();
        File.Move(folder["model.gguf"], output["out/rank-0-of-1.gguf"]);
        using GgufFile model = GgufFile.Open(output["out/rank-0-of-1.gguf"]);
        IOException fault = await Assert.ThrowsAsync<IOException>(() => ModelConverter.SliceAsync(
            TensorParallelPlan.Make(model, 2), output["out"], new TensorParallelOptions { Overwrite = true }));
        Assert.Contains("is the model itself", fault.Message, StringComparison.Ordinal);
        Assert.Equal(["rank-0-of-1.gguf"], NamesIn(output["out"]));
    }

    [Fact]
    public async Task CancellingLeavesNothing()
    {
        using var folder = new TempFolder();
        using GgufFile model = GgufFamilyModel.Open(folder, "gemma", 4);
        using var output = new TempFolder();
        using var source = new CancellationTokenSource();
        var reports = new List<ConversionProgress>();
        var progress = new ImmediateProgress(report =>
        {
            Assert.NotEmpty(output.Names);
            reports.Add(report);
            if (report.BytesDone > report.BytesTotal / 2)
            {
                source.Cancel();
            }
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => ModelConverter.SliceAsync(TensorParallelPlan.Make(model, 2), output["out"], progress: progress, cancellationToken: source.Token));
        Assert.NotEmpty(reports);
        Assert.Empty(output.Names);
        reports.Clear();
        await ModelConverter.SliceAsync(TensorParallelPlan.Make(model, 2), output["out"], progress: new ImmediateProgress(reports.Add));
        Assert.Equal((reports[^1].BytesTotal, 2 * model.Tensors.Count), (reports[^1].BytesDone, reports[^1].TensorsDone));
        Assert.Equal(reports[^1].TensorCount, reports[^1].TensorsDone);
    }

    private static IEnumerable<string> NamesIn(string folder) =>
        Directory.GetFileSystemEntries(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);

    private sealed class ImmediateProgress(Action<ConversionProgress> report) : IProgress<ConversionProgress>
    {
        public void Report(ConversionProgress value) => report(value);
    }
}
