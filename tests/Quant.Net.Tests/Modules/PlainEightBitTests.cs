using System.Text.Json.Nodes;
using Quant.Net.Safetensors;
using Quant.Net.Tests.Gguf;

namespace Quant.Net.Tests.Modules;

/// <summary>Weights of 8 bits without scales: plain ones, or such that lack them, by what the settings say.</summary>
public class PlainEightBitTests
{
    private const string Lacks = "has no 'layer.weight_scale', expected one as config.json quantization_config says";

    [Theory]
    [InlineData("F8_E4M3", null, null, null)]
    [InlineData("F8_E5M2", null, null, null)]
    [InlineData("F8_E4M3", "gptq", null, null)]
    [InlineData("F8_E4M3", "awq", null, null)]
    [InlineData("F8_E4M3", "mxfp4", null, null)]
    [InlineData("F8_E4M3", "bitsandbytes", null, null)]
    [InlineData("F8_E4M3", "fp8", null, $"is F8_E4M3 and {Lacks} 'fp8'")]
    [InlineData("F8_E4M3", "modelopt", null, $"is F8_E4M3 and {Lacks} 'modelopt'")]
    [InlineData("F8_E4M3", "compressed-tensors", null, $"is F8_E4M3 and {Lacks} 'compressed-tensors'")]
    [InlineData("F8_E5M2", "compressed-tensors", null, $"is F8_E5M2 and {Lacks} 'compressed-tensors'")]
    [InlineData("F8_E4M3", "unknown", null, $"is F8_E4M3 and {Lacks} 'unknown'")]
    [InlineData("F8_E4M3", "fp8", "modules_to_not_convert", null)]
    [InlineData("F8_E4M3", "compressed-tensors", "ignore", null)]
    [InlineData("F8_E4M3", "modelopt", "ignore", null)]
    [InlineData("I8", null, null, null)]
    [InlineData("I8", "gptq", null, null)]
    [InlineData("I8", "awq", null, null)]
    [InlineData("I8", "fp8", null, null)]
    [InlineData("I8", "mxfp4", null, null)]
    [InlineData("I8", "compressed-tensors", null, $"is I8 and {Lacks} 'compressed-tensors'")]
    [InlineData("I8", "compressed-tensors", "ignore", null)]
    [InlineData("I8", "bitsandbytes", null, "is I8 and has no 'layer.SCB', expected one as config.json quantization_config says 'bitsandbytes'")]
    [InlineData("I8", "bitsandbytes", "llm_int8_skip_modules", null)]
    public void AreTakenByWhatTheSettingsSay(string type, string? method, string? leavesAlone, string? fault)
    {
        using var folder = new TempFolder();
        string path = System.IO.Path.Combine(folder.Path, "model.safetensors");
        using (SafetensorsWriter writer = SafetensorsWriter.Create(path))
        {
            writer.AddTensor("layer.weight", Enum.Parse<SafetensorsType>(type), [4, 8]);
            writer.Write("layer.weight", new byte[32]);
            writer.Complete();
        }

        var settings = new JsonObject { ["quant_method"] = method };
        if (leavesAlone is not null)
        {
            settings[leavesAlone] = new JsonArray("layer");
        }

        if (method is not null)
        {
            File.WriteAllText(System.IO.Path.Combine(folder.Path, "config.json"), MatrixVector.ConfigOf(settings));
        }

        using SafetensorsModel model = SafetensorsModel.Open(folder.Path);
        if (fault is null)
        {
            Assert.Empty(PackedModule.Find(model));
            return;
        }

        string message = Assert.Throws<ModelFormatException>(() => PackedModule.Find(model)).Message;
        Assert.Equal($"{path}: tensor 'layer.weight' {fault}", message);
    }
}
