using Quant.Net.Ranks;
using Quant.Net.Safetensors;
using Quant.Net.Tests.Gguf;

namespace Quant.Net.Tests.Ranks;

/// <summary>Which features a rank has, in numbers. Heads have 2 features; there are 24 of queries and 4 of keys, 48 features between, and 50 tokens.</summary>
public class RankRangesTests
{
    [Theory]
    [InlineData("llama", "self_attn.q_proj.weight", 8, 7, "42+6")]
    [InlineData("llama", "self_attn.k_proj.weight", 4, 3, "6+2")]
    [InlineData("llama", "self_attn.k_proj.weight", 8, 5, "4+2")]                   // ranks 4 and 5 share the third head
    [InlineData("qwen2", "self_attn.v_proj.bias", 8, 4, "4+2")]
    [InlineData("llama", "self_attn.o_proj.weight", 2, 1, "24+24")]
    [InlineData("llama", "mlp.down_proj.weight", 3, 2, "32+16")]
    [InlineData("phi3", "self_attn.qkv_proj.weight", 2, 1, "24+24 52+4 60+4")]
    [InlineData("phi3", "self_attn.qkv_proj.weight", 8, 3, "18+6 50+2 58+2")]
    [InlineData("phi3", "mlp.gate_up_proj.weight", 4, 1, "12+12 60+12")]
    [InlineData("gpt_oss", "mlp.experts.gate_up_proj_blocks", 4, 1, "384+384")]
    [InlineData("gpt_oss", "mlp.experts.down_proj_scales", 4, 1, "6+6")]
    [InlineData("gpt_oss", "self_attn.sinks", 8, 2, "6+3")]
    [InlineData("deepseek_v3", "shared_head.head.weight", 4, 3, "39+11")]
    public void FeaturesOfARank(string family, string tensor, int ranks, int rank, string expected)
    {
        using var folder = new TempFolder();
        int keyValueHeads = family.StartsWith("deepseek", StringComparison.Ordinal) ? FamilyModel.Heads : 4;
        using SafetensorsModel model = FamilyModel.Open(folder, family, keyValueHeads);
        RankItem item = Assert.Single(
            TensorParallelPlan.Make(model, ranks).Items, item => item.Entry.Name.EndsWith($".10.{tensor}", StringComparison.Ordinal));
        Assert.Equal(expected, string.Join(' ', item.Ranges.Parts[rank].Select(range => $"{range.First}+{range.Count}")));
    }

    [Fact]
    public void TokensAreFilledUpAndSharedHeadsAreNoted()
    {
        using var folder = new TempFolder();
        using SafetensorsModel model = FamilyModel.Open(folder, "llama", 4);
        TensorParallelPlan plan = TensorParallelPlan.Make(model, 8);
        TensorParallelEntry tokens = Assert.Single(plan.Entries, entry => entry.Name == "model.embed_tokens.weight");
        Assert.Equal((ParallelKind.Vocabulary, 7L, 6L), (tokens.Kind, tokens.PartLength, tokens.Padding));
        TensorParallelEntry keys = Assert.Single(plan.Entries, entry => entry.Name.EndsWith("k_proj.weight", StringComparison.Ordinal));
        Assert.Equal("each head of keys and values is in 2 ranks", keys.Note);
    }
}
