using System.Globalization;
using System.Text.Json.Nodes;
using Quant.Net.Safetensors;
using Quant.Net.Tests.Gguf;
using Quant.Net.Tests.Ranks;

namespace Quant.Net.Tests.Verification;

/// <summary>The layers of every architecture that is known fit the settings that they were made by, and no others.</summary>
public class ArchitectureShapesTests
{
    private const int KeyValueHeads = 4;

    // The numbers that shapes are made of, beside those that all have.
    private static readonly Dictionary<string, string[]> Numbers = new()
    {
        ["llama"] = [],
        ["mistral"] = [],
        ["qwen2"] = [],
        ["qwen3"] = [],
        ["gemma"] = [],
        ["gemma2"] = [],
        ["gemma3_text"] = [],
        ["phi3"] = [],
        ["mixtral"] = ["num_local_experts"],
        ["qwen2_moe"] = ["num_experts", "moe_intermediate_size", "shared_expert_intermediate_size"],
        ["qwen3_moe"] = ["num_experts", "moe_intermediate_size"],
        ["deepseek_v2"] = ["n_routed_experts", "moe_intermediate_size", "n_shared_experts", "qk_rope_head_dim", "qk_nope_head_dim", "v_head_dim", "kv_lora_rank"],
        ["deepseek_v3"] =
            ["n_routed_experts", "moe_intermediate_size", "n_shared_experts", "qk_rope_head_dim", "qk_nope_head_dim", "v_head_dim", "kv_lora_rank", "q_lora_rank"],
        ["gpt_oss"] = ["num_local_experts"],
    };

    public static TheoryData<string> Families => new(Numbers.Keys);

    [Theory]
    [MemberData(nameof(Families))]
    public async Task AreThoseOfTheSettings(string family)
    {
        using var folder = new TempFolder();
        bool isLatent = family.StartsWith("deepseek", StringComparison.Ordinal);
        FamilyModel.Open(folder, family, isLatent ? FamilyModel.Heads : KeyValueHeads).Dispose();
        JsonObject config = Config(folder, family);
        Assert.Empty(await FaultsAsync(folder, config));

        string[] shared = isLatent ? ["hidden_size", "num_attention_heads"] : ["hidden_size", "num_attention_heads", "num_key_value_heads", "head_dim"];
        bool hasDenseLayers = family is not ("qwen2_moe" or "qwen3_moe" or "deepseek_v3");   // in these models
        foreach (string key in (string[])[.. shared, .. hasDenseLayers ? ["intermediate_size"] : Array.Empty<string>(), .. Numbers[family]])
        {
            var other = (JsonObject)config.DeepClone();
            other[key] = long.Parse(other[key]!.ToString(), CultureInfo.InvariantCulture) + 1;
            IReadOnlyList<string> faults = await FaultsAsync(folder, other);
            Assert.True(faults.Count > 0, $"{key} does not matter");
            Assert.All(faults, MalformedFileTests.AssertIsOneCleanLine);

            // What is not said is not compared, unless all of the library's models of a kind have the same then.
            if (key is not ("head_dim" or "num_key_value_heads"))
            {
                other.Remove(key);
                Assert.Empty(await FaultsAsync(folder, other));
            }
        }
    }

    private static JsonObject Config(TempFolder folder, string family)
    {
        JsonObject config = JsonNode.Parse(File.ReadAllText(folder["config.json"]))!.AsObject();
        using SafetensorsModel model = SafetensorsModel.Open(folder.Path);
        long Of(string weight, int dimension) =>
            model.Tensors.FirstOrDefault(tensor => tensor.Name.EndsWith(weight, StringComparison.Ordinal))?.Shape[dimension] ?? 0;
        config["head_dim"] = FamilyModel.HeadSize;
        config["intermediate_size"] = family == "gpt_oss" ? Of("experts.gate_up_proj_bias", 1) / 2 : FamilyModel.Inner;
        long experts = Math.Max(Of("mlp.gate.weight", 0), Math.Max(Of("moe.gate.weight", 0), Of("mlp.router.weight", 0)));
        (string, long)[] numbers =
        [
            ("num_experts", experts), ("num_local_experts", experts), ("n_routed_experts", experts), ("n_shared_experts", 1),
            ("moe_intermediate_size", FamilyModel.Inner), ("shared_expert_intermediate_size", FamilyModel.Inner),
            ("kv_lora_rank", Of("kv_b_proj.weight", 1)), ("q_lora_rank", Of("q_b_proj.weight", 1)),
            ("qk_rope_head_dim", Of("kv_a_proj_with_mqa.weight", 0) - Of("kv_b_proj.weight", 1)),
            ("v_head_dim", Of("o_proj.weight", 1) / FamilyModel.Heads),
            ("qk_nope_head_dim", (Of("kv_b_proj.weight", 0) - Of("o_proj.weight", 1)) / FamilyModel.Heads),
        ];
        foreach ((string name, long number) in numbers.Where(number => Numbers[family].Contains(number.Item1)))
        {
            config[name] = number;
        }

        return config;
    }

    // Only shapes: the models are one layer of random numbers.
    private static async Task<IReadOnlyList<string>> FaultsAsync(TempFolder folder, JsonObject config)
    {
        File.WriteAllText(folder["config.json"], config.ToJsonString());
        using SafetensorsModel model = SafetensorsModel.Open(folder.Path);
        VerifyResult result = await ModelVerifier.VerifyAsync(model, new VerifyOptions());
        return [.. result.Faults.Where(fault => fault.EndsWith("as config.json says", StringComparison.Ordinal))];
    }
}
