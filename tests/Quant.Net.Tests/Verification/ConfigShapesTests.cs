using System.Text.Json.Nodes;
using Quant.Net.Safetensors;
using Quant.Net.Tests.Gguf;

namespace Quant.Net.Tests.Verification;

/// <summary>What <c>config.json</c> says of layers and sizes is compared with what is there.</summary>
public class ConfigShapesTests
{
    private const string ConfigName = "config.json", ModelName = "model.safetensors";

    [Theory]
    [InlineData("hidden_size", "128", "35", "'model.layers.0.self_attn.k_proj.weight' is [128, 256], expected [64, 128] as config.json says")]
    [InlineData("intermediate_size", "512", "15", "'model.layers.0.mlp.gate_proj.weight' is [256, 256], expected [512, 256] as config.json says")]
    [InlineData("num_key_value_heads", "32", "10", "'model.layers.4.self_attn.v_proj.weight' is [128, 256], expected [256, 256] as config.json says")]
    [InlineData("head_dim", "16", "20", "'model.layers.3.self_attn.q_proj.weight' is [256, 256], expected [512, 256] as config.json says")]
    [InlineData("num_hidden_layers", "8", "1", "layers 5 to 7 are missing, expected 8 layers")]
    [InlineData("num_hidden_layers", "9223372036854775807", "1", "layers 5 to 9223372036854775806 are missing, expected 9223372036854775807 layers")]
    [InlineData("num_hidden_layers", "4", "1", "there is a layer 4, expected 4 layers")]
    [InlineData("model_type", "\"other\"", "0", "")]
    [InlineData("hidden_size", "null", "0", "")]
    [InlineData("num_attention_heads", "0", "0", "")]
    [InlineData("head_dim", "9223372036854775807", "0", "")]
    public async Task AreFaultsWhereTheyDiffer(string key, string value, string count, string expected)
    {
        using TempFolder folder = Sample(config => config[key] = JsonNode.Parse(value));
        VerifyResult result = await VerifyAsync(folder.Path);
        if (expected.Length == 0)
        {
            Assert.Empty(result.Faults);
            return;
        }

        Assert.Contains(result.Faults, fault => fault.EndsWith(expected, StringComparison.Ordinal));
        Assert.True(result.Faults.Count >= int.Parse(count, null), $"{result.Faults.Count} faults");
        Assert.All(result.Faults, MalformedFileTests.AssertIsOneCleanLine);
    }

    [Fact]
    public async Task AModuleThatLacksIsAFaultUnlessAFileIsOpenedAlone()
    {
        using TempFolder folder = Sample(_ => { });
        string file = System.IO.Path.Combine(folder.Path, ModelName);
        using (SafetensorsModel model = SafetensorsModel.Open(folder.Path))
        {
            using SafetensorsWriter writer = SafetensorsWriter.Create(file + "2.safetensors");
            SafetensorsTensor[] kept = [.. model.Tensors.Where(tensor => !tensor.Name.StartsWith("model.layers.2.mlp.up_proj.", StringComparison.Ordinal))];
            foreach (SafetensorsTensor tensor in kept)
            {
                writer.AddTensor(tensor.Name, tensor.Type, tensor.Shape.ToArray());
            }

            foreach (SafetensorsTensor tensor in kept)
            {
                writer.Write(tensor.Name, tensor.GetSpan(0, tensor.RowCount));
            }

            writer.Complete();
        }

        File.Move(file + "2.safetensors", file, overwrite: true);
        string fault = Assert.Single((await VerifyAsync(folder.Path)).Faults);
        Assert.EndsWith("'model.layers.2.mlp.up_proj' is missing: there is neither .weight nor .qweight nor .weight_packed", fault, StringComparison.Ordinal);
        Assert.Empty((await VerifyAsync(file)).Faults);
    }

    private static TempFolder Sample(Action<JsonObject> change)
    {
        var folder = new TempFolder();
        string sample = Repository.PathOf("samples", "models", "wide-GPTQ-4bit");
        JsonObject config = JsonNode.Parse(File.ReadAllText(System.IO.Path.Combine(sample, ConfigName)))!.AsObject();
        change(config);
        File.WriteAllText(System.IO.Path.Combine(folder.Path, ConfigName), config.ToJsonString());
        File.Copy(System.IO.Path.Combine(sample, ModelName), System.IO.Path.Combine(folder.Path, ModelName));
        return folder;
    }

    private static async Task<VerifyResult> VerifyAsync(string path)
    {
        using SafetensorsModel model = SafetensorsModel.Open(path);
        return await ModelVerifier.VerifyAsync(model, new VerifyOptions());
    }
}
