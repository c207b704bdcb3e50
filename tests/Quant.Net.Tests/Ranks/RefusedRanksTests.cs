using Quant.Net.Safetensors;
using Quant.Net.Tests.Gguf;

namespace Quant.Net.Tests.Ranks;

/// <summary>What cannot be divided is refused in one line that names it, and leaves nothing behind.</summary>
public class RefusedRanksTests
{
    private static readonly FamilyTensor Norm = new("model.norm.weight", -1, FamilyModel.Hidden);

    [Fact]
    public void UnknownArchitecturesAreNamedWithTheKnownOnes()
    {
        string line = FaultOf("rwkv", 4, Norm);
        Assert.Contains("the architecture (model_type) is 'rwkv', expected one of deepseek_v2, deepseek_v3, gemma, ", line, StringComparison.Ordinal);
    }

    [Fact]
    public void UnknownModulesAreNamed()
    {
        string line = FaultOf("llama", 4, Norm, new FamilyTensor("model.layers.3.mamba.in_proj.weight", -1, 4, 4));
        Assert.Contains(
            "1 tensor unknown in the architecture 'llama': 'model.layers.3.mamba.in_proj.weight'", line, StringComparison.Ordinal);
    }

    [Fact]
    public void ModelsWithoutSettingsAreRefused()
    {
        using var folder = new TempFolder();
        using (SafetensorsModel made = FamilyModel.Open(folder, "llama", 4, [Norm]))
        {
            File.Delete(folder["config.json"]);
        }

        using SafetensorsModel model = SafetensorsModel.Open(folder.Path);
        Assert.Contains(
            "has no config.json", Assert.Throws<ModelFormatException>(() => TensorParallelPlan.Make(model, 2)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ModelsWithMissingFilesAreRefused()
    {
        using var folder = new TempFolder();
        FamilyModel.Open(folder, "llama", 4, [Norm]).Dispose();
        folder.Write("model.safetensors.index.json", """{"weight_map": {"model.norm.weight": "model.safetensors", "lm_head.weight": "head.safetensors"}}"""u8.ToArray());
        using SafetensorsModel model = SafetensorsModel.Open(
            folder["model.safetensors.index.json"], new SafetensorsOpenOptions { AllowPartial = true });
        Assert.Contains(
            $"{model.Path}: files of the model are missing: 'head.safetensors'.",
            Assert.Throws<ArgumentException>(() => TensorParallelPlan.Make(model, 2)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void HeadsThatAreNoMultipleOfThoseOfKeysAreRefused()
    {
        using var folder = new TempFolder();
        using SafetensorsModel model = FamilyModel.Open(folder, "llama", keyValueHeads: 5, [Norm]);
        string line = Assert.Throws<ModelFormatException>(() => TensorParallelPlan.Make(model, 2)).Message;
        Assert.Contains("has 24 num_attention_heads and 5 num_key_value_heads", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-4", "4", "'num_attention_heads' is -4, expected a whole number of at least 1")]
    [InlineData("\"24\"", "4", "'num_attention_heads' is \"24\", expected a whole number of at least 1")]
    [InlineData("null", "4", "has no num_attention_heads")]
    [InlineData("24", "0", "'num_key_value_heads' is 0, expected a whole number of at least 1")]
    [InlineData("24", "\"4\"", "'num_key_value_heads' is \"4\", expected a whole number of at least 1")]
    [InlineData("24", "[4]", "'num_key_value_heads' is a list, expected a whole number of at least 1")]
    public void HeadsThatAreNoNumbersAreShownAsTheyAre(string heads, string keyValueHeads, string complaint)
    {
        using var folder = new TempFolder();
        FamilyModel.Open(folder, "llama", keyValueHeads: 4, [Norm]).Dispose();
        File.WriteAllText(folder["config.json"], $$"""{"model_type": "llama", "num_attention_heads": {{heads}}, "num_key_value_heads": {{keyValueHeads}}}""");
        using SafetensorsModel model = SafetensorsModel.Open(folder.Path);
        string line = Assert.Throws<ModelFormatException>(() => TensorParallelPlan.Make(model, 2)).Message;
        Assert.StartsWith($"{folder["config.json"]}: {complaint}", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1025)]
    public void ImpossibleNumbersOfRanksAreRefused(int ranks)
    {
        using var folder = new TempFolder();
        using SafetensorsModel model = FamilyModel.Open(folder, "llama", 4, [Norm]);
        Assert.Throws<ArgumentOutOfRangeException>(() => TensorParallelPlan.Make(model, ranks));
    }

    [Theory]
    [InlineData(5, 4, "self_attn.q_proj.weight", "24 heads do not divide among 5 ranks; nearest numbers of ranks: 4 and 6")]
    [InlineData(3, 4, "self_attn.k_proj.weight", "4 heads of keys and values do not divide among 3 ranks; nearest numbers of ranks: 2 and 4")]
    [InlineData(6, 4, "self_attn.v_proj.weight", "6 ranks do not share 4 heads of keys and values in 8 features; nearest numbers of ranks: 4 and 8")]
    [InlineData(5, 4, "mlp.down_proj.weight", "48 features do not divide among 5 ranks; nearest numbers of ranks: 4 and 6")]
    public async Task WhatDoesNotDivideSaysTheNearestNumbersOfRanks(int ranks, int keyValueHeads, string tensor, string problem)
    {
        using var folder = new TempFolder();
        using SafetensorsModel model = FamilyModel.Open(folder, "mistral", keyValueHeads);
        TensorParallelPlan plan = TensorParallelPlan.Make(model, ranks);
        Assert.False(plan.IsPossible);
        Assert.Equal(problem, Assert.Single(plan.Entries, entry => entry.Name.EndsWith(tensor, StringComparison.Ordinal)).Problem);
        using var output = new TempFolder();
        string line = (await Assert.ThrowsAsync<NotSupportedException>(() => ModelConverter.SliceAsync(plan, output["out"]))).Message;
        Assert.Contains($"cannot be divided among {ranks} ranks: ", line, StringComparison.Ordinal);
        Assert.Empty(output.Names);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WhatIsThereAlreadyIsLeftAlone(bool isFolder)
    {
        using var folder = new TempFolder();
        using SafetensorsModel model = FamilyModel.Open(folder, "mistral", 4);
        using var output = new TempFolder();
        string kept = output[isFolder ? "out/kept" : "out"];
        Directory.CreateDirectory(Path.GetDirectoryName(kept)!);
        await File.WriteAllTextAsync(kept, "kept");
        TensorParallelPlan plan = TensorParallelPlan.Make(model, 2);
        await Assert.ThrowsAsync<OutputExistsException>(() => ModelConverter.SliceAsync(plan, output["out"]));
        IOException fault = await Assert.ThrowsAsync<IOException>(
            () => ModelConverter.SliceAsync(plan, output["out"], new TensorParallelOptions { Overwrite = true }));
        Assert.EndsWith(
            isFolder ? "out: holds 'kept', which is not of an earlier output: the folder is not replaced"
                : "out: is no folder, expected one with ranks of an earlier output, or nothing",
            fault.Message, StringComparison.Ordinal);
        Assert.Equal("kept", await File.ReadAllTextAsync(kept));
        Assert.Equal(["out"], output.Names);
    }

    [Fact]
    public async Task AnEarlierOutputIsReplacedAsAWhole()
    {
        using var folder = new TempFolder();
        using SafetensorsModel model = FamilyModel.Open(folder, "mistral", 4);
        using var output = new TempFolder();
        var options = new TensorParallelOptions { Overwrite = true, MaxShardBytes = 5_000 };
        await ModelConverter.SliceAsync(TensorParallelPlan.Make(model, 4), output["out"], options);
        await ModelConverter.SliceAsync(TensorParallelPlan.Make(model, 2), output["out"] + "/", options);
        Assert.Equal(["out"], output.Names);
        Assert.Equal(
            ["rank-0-of-2", "rank-1-of-2"], Directory.GetFileSystemEntries(output["out"]).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
        using SafetensorsModel rank = SafetensorsModel.Open(output["out/rank-1-of-2"]);
        Assert.True(rank.Files.Count > 1);
        Assert.Equal(model.Tensors.Count, rank.Tensors.Count);
        NotSupportedException fault = Assert.Throws<NotSupportedException>(() => TensorParallelPlan.Make(rank, 2));
        Assert.Contains("is 'rank 1 of 2' of a model already", fault.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(() => ModelConverter.SliceAsync(
            TensorParallelPlan.Make(model, 2), output["new"], new TensorParallelOptions { MaxShardBytes = 0 }));
        Assert.Equal(["out"], output.Names);
    }

    [Fact]
    public async Task CancellingLeavesNothing()
    {
        using var folder = new TempFolder();
        using SafetensorsModel model = FamilyModel.Open(folder, "mistral", 4);
        using var output = new TempFolder();
        using var source = new CancellationTokenSource();
        bool hadBegun = false;
        var progress = new ImmediateProgress(() =>
        {
            hadBegun = output.Names.Length > 0;
            source.Cancel();
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => ModelConverter.SliceAsync(TensorParallelPlan.Make(model, 2), output["out"], progress: progress, cancellationToken: source.Token));
        Assert.True(hadBegun);
        Assert.Empty(output.Names);
    }

    private static string FaultOf(string family, int keyValueHeads, params FamilyTensor[] tensors)
    {
        using var folder = new TempFolder();
        using SafetensorsModel model = FamilyModel.Open(folder, family, keyValueHeads, tensors);
        string line = Assert.Throws<NotSupportedException>(() => TensorParallelPlan.Make(model, 2)).Message;
        Assert.DoesNotContain('\n', line);
        return line;
    }

    private sealed class ImmediateProgress(Action report) : IProgress<ConversionProgress>
    {
        public void Report(ConversionProgress value) => report();
    }
}
