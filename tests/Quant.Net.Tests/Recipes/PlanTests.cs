using Quant.Net.Gguf;
using Quant.Net.Tests.Gguf;
using static Quant.Net.Tests.Recipes.MixModels;

namespace Quant.Net.Tests.Recipes;

public class PlanTests
{
    private static readonly QuantizationModel Dense = MixModels.Make("dense_gqa4");

    [Fact]
    public void OptionsComeBeforeTheRecipe()
    {
        QuantizationPlan plan = Plan(Dense, "Q4_K_M", new()
        {
            OutputTensorType = QuantFormat.Q8_0,
            TokenEmbeddingType = QuantFormat.Q5_0,
            TensorTypes = [TensorTypeRule.Parse("ffn_(up|gate)=q3_K"), TensorTypeRule.Parse("FFN_UP=Q2_K"), new(@"blk\.1\.", QuantFormat.BF16)],
        });

        AssertEntry(plan, "output.weight", QuantFormat.Q8_0, QuantizationReason.Option, "output tensor type");
        AssertEntry(plan, "token_embd.weight", QuantFormat.Q5_0, QuantizationReason.Option, "token embedding type");
        AssertEntry(plan, "blk.1.ffn_up.weight", QuantFormat.Q3_K, QuantizationReason.Option, "tensor type 'ffn_(up|gate)=Q3_K'");
        AssertEntry(plan, "blk.1.attn_q.weight", QuantFormat.BF16, QuantizationReason.Option, @"tensor type 'blk\.1\.=BF16'");
        AssertEntry(plan, "blk.2.attn_q.weight", QuantFormat.Q4_K, QuantizationReason.Recipe, null);
        AssertEntry(plan, "blk.1.attn_norm.weight", QuantFormat.F32, QuantizationReason.Kept, "a vector");
        Assert.Equal(["model: tensor type 'FFN_UP=Q2_K' has no effect, because other options come first"], plan.Notes);
    }

    [Fact]
    public void PureMeansOneFormat()
    {
        QuantizationPlan plan = Plan(Dense, "Q4_K_M", new() { Pure = true });
        Assert.All(plan.Entries.Where(entry => entry.Reason != QuantizationReason.Kept), entry => Assert.Equal(QuantFormat.Q4_K, entry.Target));
        Assert.Empty(plan.Notes);
    }

    [Fact]
    public void TiedEmbeddingsAreTheOutput()
    {
        QuantizationModel tied = Make("dense_gqa4_tied");
        QuantizationOptions options = new() { OutputTensorType = QuantFormat.Q5_1 };
        AssertEntry(Plan(tied, "Q4_K_M", options), "token_embd.weight", QuantFormat.Q5_1, QuantizationReason.Option, "output tensor type");

        QuantizationOptions pure = new() { OutputTensorType = QuantFormat.Q5_1, Pure = true };
        QuantizationPlan plan = Plan(tied, "Q4_K_M", pure);
        AssertEntry(plan, "token_embd.weight", QuantFormat.Q4_K, QuantizationReason.Recipe, null);
        Assert.Equal(["model: output tensor type has no effect with Q4_K_M and without mixing"], plan.Notes);
    }

    [Fact]
    public void PlainRecipesLeaveRulesAside()
    {
        QuantizationPlan plan = Plan(Dense, "F16", new() { TensorTypes = [new("ffn_up", QuantFormat.Q8_0)], OutputTensorType = QuantFormat.Q6_K });
        AssertEntry(plan, "blk.0.ffn_up.weight", QuantFormat.F16, QuantizationReason.Recipe, null);
        AssertEntry(plan, "output.weight", QuantFormat.Q6_K, QuantizationReason.Option, "output tensor type");
        Assert.Equal(["model: tensor type 'ffn_up=Q8_0' has no effect with F16"], plan.Notes);
    }

    [Fact]
    public void WhatIsLeftOutStaysAndOthersAreAsBefore()
    {
        QuantizationPlan all = Plan(Dense, "Q4_K_M");
        QuantizationPlan some = Plan(Dense, "Q4_K_M", new() { Include = ["*.weight"], Exclude = ["blk.3.*"], LeaveOutputTensor = true });
        foreach ((QuantizationPlanEntry before, QuantizationPlanEntry after) in all.Entries.Zip(some.Entries))
        {
            Assert.Same(before.Tensor, after.Tensor);
            bool isOut = before.Tensor.Name.StartsWith("blk.3.", StringComparison.Ordinal) || before.Tensor.Name == "output.weight";
            Assert.Equal(isOut ? QuantFormat.F32 : before.Target, after.Target);
        }

        AssertEntry(some, "blk.3.attn_q.weight", QuantFormat.F32, QuantizationReason.Kept, "left out by an option");
        AssertEntry(some, "output.weight", QuantFormat.F32, QuantizationReason.Kept, "left as it is by an option");
    }

    [Fact]
    public void CopyKeepsEverything()
    {
        QuantizationPlan plan = Plan(Dense, "copy");
        Assert.All(plan.Entries, entry => Assert.True(entry.IsCopy));
        Assert.Equal(plan.SourceBytes, plan.TargetBytes);
    }

    [Fact]
    public void SizesAreThoseOfTheFormats()
    {
        QuantizationModel model = new() { Architecture = "llama", LayerCount = 1, Tensors = [Float("output.weight", 2, 256), Float("output_norm.weight", 256)] };
        QuantizationPlan plan = Plan(model, "Q6_K");
        Assert.Equal(3 * 256 * 4, plan.SourceBytes);
        Assert.Equal((2 * 210) + (256 * 4), plan.TargetBytes);
        Assert.Equal(32, plan.SourceBitsPerWeight);
        Assert.Equal(8.0 * ((2 * 210) + (256 * 4)) / (3 * 256), plan.TargetBitsPerWeight);

        QuantizationPlan empty = Plan(new() { Tensors = [] }, "Q4_K_M");
        Assert.Equal((0, 0), (empty.SourceBitsPerWeight, empty.TargetBitsPerWeight));
    }

    [Fact]
    public void SubstitutionsAreSaidAndStrictRefusesThem()
    {
        QuantizationModel odd = Make("odd_ff");
        QuantizationPlan plan = Plan(odd, "Q4_K_S");
        QuantizationPlanEntry entry = Entry(plan, "blk.9.ffn_down.weight");
        Assert.Equal((QuantFormat.Q4_K, QuantFormat.Q5_0, true), (entry.Wanted, entry.Target, entry.IsSubstituted));
        Assert.Equal("rows of 480 values are not whole blocks of Q4_K (256)", entry.Note);
        Assert.Equal(["model: 32 tensors with rows that are not whole blocks of the chosen format; each gets another one"], plan.Notes);

        var refused = Assert.Throws<QuantizationRefusedException>(() => Plan(odd, "Q4_K_S", new() { Strict = true }));
        Assert.StartsWith("model: 32 tensors with rows that are not whole blocks of the chosen format: 'blk.31.ffn_down.weight (Q5_0 instead of Q4_K)', ", refused.Message);
        Assert.Equal(QuantizationRemedy.NotStrict, refused.Remedy);
        Assert.DoesNotContain(Plan(Dense, "Q4_K_S", new() { Strict = true }).Entries, planned => planned.IsSubstituted);
    }

    [Theory]
    [InlineData(QuantFormat.IQ1_S, 480, QuantFormat.IQ4_NL)]
    [InlineData(QuantFormat.IQ4_XS, 480, QuantFormat.IQ4_NL)]
    [InlineData(QuantFormat.Q2_0, 480, QuantFormat.Q4_0)]
    [InlineData(QuantFormat.TQ1_0, 480, QuantFormat.Q4_0)]
    [InlineData(QuantFormat.Q5_K, 480, QuantFormat.Q5_1)]
    [InlineData(QuantFormat.Q6_K, 480, QuantFormat.Q8_0)]
    [InlineData(QuantFormat.Q6_K, 500, QuantFormat.F16)]
    [InlineData(QuantFormat.IQ3_S, 500, QuantFormat.F16)]
    public void RowsThatDoNotFitGetShorterBlocks(QuantFormat wanted, long rowLength, QuantFormat expected)
    {
        QuantizationModel model = new() { Architecture = "llama", LayerCount = 1, Tensors = [Float("x.weight", 2, rowLength)] };
        QuantizationPlan plan = Plan(model, "Q4_K_M", new() { TensorTypes = [new("^x", wanted)] });
        Assert.Equal(expected, plan.Entries[0].Target);
    }

    [Fact]
    public void RowsThatFitNothingAreRefusedAsTheReferenceDoes()
    {
        var refused = Assert.Throws<QuantizationRefusedException>(() => Plan(Make("odd_ff"), "Q1_0"));
        Assert.StartsWith("model: 32 tensors with rows that are not whole blocks of the chosen format, and the recipe has no other; give such tensors one by name,"
            + " or leave them out: 'blk.31.ffn_down.weight (Q1_0, rows of 480)', 'blk.30.", refused.Message);
        Assert.Equal(QuantizationRemedy.FormatByName, refused.Remedy);

        QuantizationPlan plan = Plan(Make("odd_ff"), "Q1_0", new() { AllowFaults = true });
        AssertEntry(plan, "blk.0.ffn_down.weight", QuantFormat.F32, QuantizationReason.Impossible,
            "rows of 480 values are not whole blocks of Q1_0 (128), and the recipe has no other format");
        AssertEntry(plan, "blk.0.ffn_up.weight", QuantFormat.Q1_0, QuantizationReason.Recipe, null);
        Assert.Equal(refused.Message, Assert.Single(plan.Faults).Message);
        Assert.Empty(plan.Notes);
        Assert.Equal(QuantFormat.F16, Entry(
            Plan(Make("odd_ff"), "Q1_0", new() { TensorTypes = [new("ffn_down", QuantFormat.F16)] }), "blk.0.ffn_down.weight").Target);
    }

    [Fact]
    public void QuantizedTensorsAreNotQuantizedAgainUnlessAllowed()
    {
        using GgufFile model = GgufFile.Open(Repository.PathOf("samples", "models", "wide-Q4_K_M.gguf"));
        QuantizationRecipe recipe = QuantizationRecipe.Get("Q8_0");
        var refused = Assert.Throws<QuantizationRefusedException>(() => QuantizationPlan.Create(model, recipe));
        Assert.Contains("tensors quantized already, which would lose more than from the original: '", refused.Message);
        Assert.Contains(" (Q6_K)'", refused.Message);
        Assert.Equal(QuantizationRemedy.AllowRequantize, refused.Remedy);

        QuantizationPlan plan = QuantizationPlan.Create(model, recipe, new QuantizationOptions { AllowRequantize = true });
        Assert.Contains(plan.Entries, entry => entry.Target == QuantFormat.Q8_0);
    }

    [Fact]
    public async Task APlanMaySayWhyItIsNone()
    {
        using GgufFile model = GgufFile.Open(Repository.PathOf("samples", "models", "stories260K-Q4_K_M.gguf"));
        QuantizationOptions options = new() { Strict = true, AllowFaults = true };
        var plan = QuantizationPlan.Create(model, QuantizationRecipe.Get("Q6_K"), options);
        Assert.Equal([QuantizationRemedy.AllowRequantize, QuantizationRemedy.NotStrict], plan.Faults.Select(fault => fault.Remedy));
        Assert.Empty(plan.Notes);   // nothing that a fault says better
        Assert.Equal(plan.TargetBytes, QuantizationPlan.Create(model, plan.Recipe, new() { AllowRequantize = true }).TargetBytes);

        using QuantDevice device = QuantDevice.Open("cpu");
        using var folder = new TempFolder();
        var refused = await Assert.ThrowsAsync<QuantizationRefusedException>(
            () => ModelQuantizer.QuantizeAsync(model, plan, folder["x.gguf"], new QuantizeOptions(), device));
        Assert.Equal(plan.Faults[0].Message, refused.Message);
        Assert.Empty(Plan(Dense, "Q6_K", new() { AllowFaults = true }).Faults);
    }

    [Theory]
    [InlineData("ffn_up", "blk.*", "left out by an option")]
    [InlineData("attn_norm", "blk.2.*", "a vector")]
    [InlineData("blk.1.(attn_norm|ffn_up)", "*ffn_up*", "a vector, left out by an option")]
    public void ARuleWithoutEffectIsSaidWithItsCause(string pattern, string excluded, string cause) => Assert.Equal(
        [$"model: tensor type '{pattern}=Q8_0' has no effect, because all its tensors stay as they are: {cause}"],
        Plan(Dense, "Q4_K_M", new() { TensorTypes = [new(pattern, QuantFormat.Q8_0)], Exclude = [excluded] }).Notes);

    [Fact]
    public void OptionsThatChangeNothingAreSaid()
    {
        Assert.Equal(
            [
                "model: include '*attn_norm*' has no effect, because all its tensors stay as they are: a vector",
                "model: exclude 'output_norm*' has no effect, because all its tensors stay as they are without it: a vector",
            ],
            Plan(Dense, "Q4_K_M", new() { Include = ["*attn_norm*", "*.weight"], Exclude = ["output_norm*", "blk.1.*"], LeaveOutputTensor = true }).Notes);
        Assert.Equal(
            ["model: leave output tensor has no effect, because there is no such tensor"],
            Plan(Make("dense_gqa4_tied"), "Q4_K_M", new() { LeaveOutputTensor = true }).Notes);
        Assert.Equal(
            [
                "model: pure has no effect with F32",
                "model: leave output tensor has no effect, because all its tensors stay as they are without it: F32 already",
                "model: nothing is quantized: all tensors stay as they are: F32 already, left as it is by an option, a vector",
            ],
            Plan(Dense, "F32", new() { LeaveOutputTensor = true, Pure = true }).Notes);
        Assert.Equal(
            ["model: exclude 'blk.*' has no effect, because all its tensors stay as they are without it: copied"],
            Plan(Dense, "COPY", new() { Exclude = ["blk.*"] }).Notes);
        Assert.Equal(
            ["model: nothing is quantized: all tensors stay as they are: left out by an option, a vector"],
            Plan(Dense, "Q4_K_M", new() { Exclude = ["*"] }).Notes);
    }

    [Fact]
    public void TypesOfTensorsThatAreNotThereAreSaid() => Assert.Equal(
        ["model: token embedding type has no effect, because there is no such tensor"],
        Plan(
            new() { Architecture = "llama", LayerCount = 1, Tensors = [Float("blk.0.attn_q.weight", 2, 256)] }, "Q4_K_M",
            new() { TokenEmbeddingType = QuantFormat.Q8_0 }).Notes);

    [Fact]
    public void TensorsOfUnknownTypesCanOnlyStay()
    {
        using var folder = new TempFolder();
        using GgufFile model = folder.Open(new TestModel { Tensors = [new("x.weight") { Type = 99, Dimensions = [32, 32] }], DataBytes = 128 });
        QuantizationRecipe recipe = QuantizationRecipe.Get("Q8_0");
        Assert.Contains("1 tensor of types that cannot be decoded: 'x.weight (type 99)'",
            Assert.Throws<QuantizationRefusedException>(() => QuantizationPlan.Create(model, recipe)).Message);
        QuantizationPlan plan = QuantizationPlan.Create(model, recipe, new QuantizationOptions { Exclude = ["x*"] });
        Assert.Equal(128, plan.TargetBytes);
    }

    [Fact]
    public void WrongOptionsAreRefused()
    {
        Assert.Throws<KeyNotFoundException>(() => Plan(Dense, "Q8_0", new() { Include = ["nothing*"] }));
        Assert.Throws<KeyNotFoundException>(() => Plan(Dense, "Q8_0", new() { Exclude = ["nothing*"] }));
        Assert.Contains("'^nothing'", Assert.Throws<KeyNotFoundException>(
            () => Plan(Dense, "Q8_0", new() { TensorTypes = [new("^nothing", QuantFormat.Q8_0)] })).Message);
        Assert.Throws<ArgumentException>(() => Plan(Dense, "Q8_0", new() { OutputTensorType = QuantFormat.I32 }));
        Assert.Throws<ArgumentException>(() => Plan(Dense, "Q8_0", new() { TokenEmbeddingType = QuantFormat.Q8_1 }));
        Assert.Throws<ArgumentException>(() => new TensorTypeRule("x", QuantFormat.Q8_K));
        Assert.Throws<ArgumentException>(() => new TensorTypeRule("x", (QuantFormat)999));
        Assert.Throws<FormatException>(() => new TensorTypeRule("(", QuantFormat.Q8_0));
        Assert.All(["", "x", "x=", "=Q8_0", "x=Q9_9", "x=I32"], text => Assert.Throws<FormatException>(() => TensorTypeRule.Parse(text)));
        Assert.Throws<ArgumentException>(() => Plan(new() { Architecture = "llama", Tensors = [] }, "Q8_0"));
    }

    [Fact]
    public void ExpertsNeedALayerInTheirNames()
    {
        QuantizationModel model = Model(2, 8, [("ffn_down_exps.weight", [8, 256, 256])], hasOutput: true, layers: 4);
        QuantizationModel beyond = new() { Architecture = "llama", LayerCount = 2, ExpertCount = 8, Tensors = model.Tensors };
        Assert.Contains("'blk.2.ffn_down_exps.weight' names no layer, expected blk.0 to blk.1, since there are experts",
            Assert.Throws<NotSupportedException>(() => Plan(beyond, "Q4_K_M")).Message);
    }

    [Theory]
    [InlineData("llama", 2, 80, QuantFormat.Q5_K)]
    [InlineData("llama", 8, 80, QuantFormat.Q4_K)]
    [InlineData("qwen2", 8, 80, QuantFormat.Q5_K)]
    [InlineData("jais2", 2, 68, QuantFormat.Q5_K)]
    [InlineData("qwen3", 2, 80, QuantFormat.Q4_K)]
    public void LargeModelsGetMoreBitsForValues(string architecture, int keyValueHeads, int layers, QuantFormat expected)
    {
        QuantizationPlan plan = Plan(MixModels.Dense(keyValueHeads, 512, hasOutput: true, architecture, layers), "Q4_K_S");
        Assert.Equal(expected, Entry(plan, $"blk.{layers - 1}.attn_v.weight").Target);
    }

    [Fact]
    public void FalconHasRulesOfItsOwn()
    {
        QuantizationModel falcon = MixModels.Dense(8, 512, hasOutput: true, "falcon");
        QuantizationPlan plan = Plan(falcon, "Q4_K_M");
        Assert.Equal(QuantFormat.Q8_0, Entry(plan, "output.weight").Target);
        Assert.Equal(
            [QuantFormat.Q6_K, QuantFormat.Q6_K, QuantFormat.Q5_K, QuantFormat.Q5_K, QuantFormat.Q4_K, QuantFormat.Q4_K, QuantFormat.Q5_K],
            Enumerable.Range(0, 7).Select(i => Entry(plan, $"blk.{i}.ffn_down.weight").Target));
        Assert.Equal(QuantFormat.Q4_K, Entry(Plan(falcon, "Q3_K_L"), "blk.0.attn_output.weight").Target);
        Assert.Equal(QuantFormat.Q3_K, Entry(Plan(falcon, "Q3_K_M"), "blk.5.ffn_down.weight").Target);
    }

    [Fact]
    public void ARouterOfAdaptersIsALayerMore()
    {
        QuantizationModel model = MixModels.Dense(8, 512, hasOutput: true, "graniteswitch", layers: 15);   // an eighth of 16 is 2, of 15 it is 1
        Assert.Equal(QuantFormat.Q5_K, Entry(Plan(model, "Q4_K_S"), "blk.1.ffn_down.weight").Target);
    }

    [Theory]
    [InlineData("llama", QuantFormat.MXFP4)]
    [InlineData("bailingmoe3", QuantFormat.Q8_0)]
    public void StackedMatricesAreExpertsExceptWhereTheyAreNot(string architecture, QuantFormat expected)
    {
        QuantizationModel model = Model(
            2, 4, [("attn_k_b.weight", [8, 64, 64]), ("ffn_up_exps.weight", [4, 64, 64])], hasOutput: true, architecture, layers: 1);
        QuantizationPlan plan = Plan(model, "MXFP4_MOE");
        Assert.Equal(expected, Entry(plan, "blk.0.attn_k_b.weight").Target);
        Assert.Equal(QuantFormat.MXFP4, Entry(plan, "blk.0.ffn_up_exps.weight").Target);
    }

    [Fact]
    public void EncodersOfImagesHaveNoLayers()
    {
        QuantizationModel model = new()
        {
            Architecture = "clip",
            Tensors = [Float("v.blk.0.attn_v.weight", 256, 256), Float("v.blk.0.attn_q.weight", 256, 256), Float("v.patch_embd.weight", 64, 256)],
        };
        Assert.Equal([QuantFormat.Q6_K, QuantFormat.Q4_K, QuantFormat.F32], Plan(model, "Q4_K_M").Entries.Select(entry => entry.Target));
    }

    [Fact]
    public void SplitModelsAreCountedInTheOrderOfTheirFiles()
    {
        QuantizationPlan plan = Plan(Dense, "Q4_K_S", new() { KeepSplit = true });   // its last layer stands first
        Assert.Equal(QuantFormat.Q5_K, Entry(plan, "blk.31.attn_v.weight").Target);
        Assert.Equal(QuantFormat.Q4_K, Entry(plan, "blk.0.attn_v.weight").Target);
    }

    [Fact]
    public void MetadataSayWhatTheModelIs()
    {
        using var folder = new TempFolder();
        string path = folder["heads.gguf"];
        using (GgufWriter writer = GgufWriter.Create(path))
        {
            writer.SetMetadata("general.architecture", GgufValue.FromString("llama"));
            writer.SetMetadata("llama.block_count", GgufValue.FromNumber(3));
            writer.SetMetadata("llama.attention.head_count", GgufValue.FromArray<int>([12, 8, 8]));
            writer.SetMetadata("llama.attention.head_count_kv", GgufValue.FromNumber(3ul));
            writer.Complete();
        }

        using GgufFile model = GgufFile.Open(path);
        QuantizationModel described = QuantizationModel.Of(model);
        Assert.Equal((3, 12, 3, 0), (described.LayerCount, described.HeadCount, described.KeyValueHeadCount, described.ExpertCount));
    }

    [Fact]
    public void ModelsWithoutANumberOfLayersAreRefused()
    {
        using var folder = new TempFolder();
        using GgufFile model = folder.Open(new TestModel { Entries = [TestEntry.Text("general.architecture", "llama")], Tensors = [new("blk.0.attn_q.weight")] });
        Assert.Contains("has no usable llama.block_count", Assert.Throws<ModelFormatException>(() => QuantizationModel.Of(model)).Message);
    }

    private static QuantizationPlan Plan(QuantizationModel model, string recipe, QuantizationOptions? options = null) =>
        QuantizationPlan.Create(model, QuantizationRecipe.Get(recipe), options);

    private static QuantizationPlanEntry Entry(QuantizationPlan plan, string name) => plan.Entries.Single(entry => entry.Tensor.Name == name);

    private static void AssertEntry(QuantizationPlan plan, string name, QuantFormat target, QuantizationReason reason, string? note)
    {
        QuantizationPlanEntry entry = Entry(plan, name);
        Assert.Equal((target, reason, note), (entry.Target, entry.Reason, entry.Note));
    }
}
