using static Quant.Net.Tests.Recipes.MixModels;

namespace Quant.Net.Tests.Recipes;

public class UnknownArchitectureTests
{
    [Fact]
    public void ThePlanSaysSo()
    {
        Assert.Equal(["model: architecture 'flux' is not known; quantized by the names and shapes of its tensors"], Plan("flux", "Q8_0").Notes);
        Assert.Equal(["model: no architecture is named; quantized by the names and shapes of its tensors"], Plan(null, "Q8_0").Notes);
        Assert.False(Plan("flux", "Q8_0").IsArchitectureKnown);
        Assert.Contains("'a\\nb'", Plan("a\nb", "Q8_0").Notes[0]);
    }

    [Theory]
    [InlineData("double_blocks.0.img_attn.qkv.weight", QuantizationReason.Recipe, null, new long[] { 512, 256 })]
    [InlineData("blocks.0.norm1.linear.weight", QuantizationReason.Kept, "a norm", new long[] { 512, 256 })]
    [InlineData("time_in.in_layer.weight", QuantizationReason.Kept, "embeds the time step", new long[] { 512, 256 })]
    [InlineData("pos_embed.weight", QuantizationReason.Kept, "positions", new long[] { 512, 256 })]
    [InlineData("x_embedder.proj.weight", QuantizationReason.Kept, "rows of 2 values", new long[] { 512, 16, 2 })]
    [InlineData("conv_in.weight", QuantizationReason.Kept, "kernels of a convolution", new long[] { 512, 4, 3, 3 })]
    [InlineData("blocks.0.scale", QuantizationReason.Kept, "no weight by its name", new long[] { 512, 256 })]
    [InlineData("blocks.0.linear.weight", QuantizationReason.Kept, "a vector", new long[] { 1, 1, 256 })]
    public void NamesAndShapesTellWhatStays(string name, QuantizationReason reason, string? note, long[] shape)
    {
        QuantizationPlanEntry entry = Plan("flux", "Q4_K_M", Float(name, shape)).Entries[0];
        Assert.Equal((reason, note), (entry.Reason, entry.Note));
        Assert.Equal(reason == QuantizationReason.Kept ? QuantFormat.F32 : QuantFormat.Q4_K, entry.Target);
    }

    [Fact]
    public void RowsThatFitNothingBecomeHalves()
    {
        QuantizationPlan plan = Plan("flux", "Q4_0", Float("a.weight", 8, 100), Float("b.weight", 8, 64));
        Assert.Equal([(QuantFormat.F16, true), (QuantFormat.Q4_0, false)], plan.Entries.Select(entry => (entry.Target, entry.IsSubstituted)));
        Assert.Equal(2, plan.Notes.Count);
    }

    [Fact]
    public void NewModelsWithUsualNamesAreMixed()
    {
        QuantizationModel known = Make("dense_gqa4");
        QuantizationModel renamed = new()
        {
            Architecture = "llama-of-tomorrow",
            LayerCount = known.LayerCount,
            HeadCount = known.HeadCount,
            KeyValueHeadCount = known.KeyValueHeadCount,
            Tensors = known.Tensors,
        };
        foreach (QuantizationRecipe recipe in QuantizationRecipe.All)
        {
            Assert.Equal(
                QuantizationPlan.Create(known, recipe).Entries.Select(entry => entry.Target),
                QuantizationPlan.Create(renamed, recipe).Entries.Select(entry => entry.Target));
        }
    }

    [Fact]
    public void NamesOfOtherProjectsAreMixedToo()
    {
        QuantizationModel model = new()
        {
            Tensors =
            [
                Float("lm_head.weight", 64, 256), Float("model.embed_tokens.weight", 64, 256),
                .. Enumerable.Range(0, 16).SelectMany(i => new[]
                {
                    Float($"model.layers.{i}.self_attn.v_proj.weight", 256, 256), Float($"model.layers.{i}.mlp.down_proj.weight", 256, 256),
                    Float($"model.layers.{i}.mlp.up_proj.weight", 256, 256),
                }),
            ],
        };
        Dictionary<string, QuantFormat> targets = QuantizationPlan.Create(model, QuantizationRecipe.Get("Q4_K_M"))
            .Entries.ToDictionary(entry => entry.Tensor.Name, entry => entry.Target);
        Assert.Equal(QuantFormat.Q6_K, targets["lm_head.weight"]);
        Assert.Equal(QuantFormat.Q4_K, targets["model.embed_tokens.weight"]);
        Assert.Equal(QuantFormat.Q6_K, targets["model.layers.0.self_attn.v_proj.weight"]);
        Assert.Equal(QuantFormat.Q4_K, targets["model.layers.2.mlp.down_proj.weight"]);
        Assert.Equal(QuantFormat.Q6_K, targets["model.layers.15.mlp.down_proj.weight"]);
        Assert.Equal(QuantFormat.Q4_K, targets["model.layers.15.mlp.up_proj.weight"]);
    }

    private static QuantizationPlan Plan(string? architecture, string recipe, params TensorDescription[] tensors) =>
        QuantizationPlan.Create(new QuantizationModel { Architecture = architecture, Tensors = tensors }, QuantizationRecipe.Get(recipe));
}
