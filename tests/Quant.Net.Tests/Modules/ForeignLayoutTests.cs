using System.Text.Json.Nodes;
using Quant.Net.Safetensors;
using Quant.Net.Tests.Gguf;

namespace Quant.Net.Tests.Modules;

/// <summary>Packed weights that are known and not read are refused in a line that says what they are and what to do.</summary>
public class ForeignLayoutTests
{
    private const string Advice = ": decode it with the program that packed it, or take the checkpoint that it was made of";

    [Theory]
    [InlineData("gptq", "is packed for Marlin kernels, expected one of the layouts that are read", "layer.B I32 8 256", "layer.s F16 1 128")]
    [InlineData("compressed-tensors", "is packed for Marlin kernels of sparse weights (marlin-24), expected one of the layouts that are read",
        "layer.weight_packed I32 8 128", "layer.scale_packed F16 1 128", "layer.meta I16 8 16")]
    [InlineData("hqq", "is packed by HQQ, expected one of the layouts that are read", "layer.W_q U8 64 128", "layer.scale F16 64 1", "layer.zero F16 64 1")]
    [InlineData("aqlm", "is packed by AQLM, expected one of the layouts that are read", "layer.codes I16 8 8 1", "layer.codebooks F16 1 256 1 8")]
    [InlineData("fp8", "its weights are F8_E5M2 with scales, expected F8_E4M3", "layer.weight F8_E5M2 64 128", "layer.weight_scale F32 1")]
    [InlineData("compressed-tensors", "its scales are U8, powers of two as MXFP8 has them, expected F16 or BF16 or F32",
        "layer.weight F8_E4M3 64 128", "layer.weight_scale U8 64 4")]
    [InlineData("gptq", "has 5 bits, split into planes, expected 2, 3, 4 or 8", "layer.qweight I32 20 128", "layer.qzeros I32 1 20", "layer.scales F16 1 128")]
    [InlineData("gptq marlin", "its checkpoint format is 'marlin', expected 'gptq' or 'gptq_v2'",
        "layer.qweight I32 16 128", "layer.qzeros I32 1 16", "layer.scales F16 1 128")]
    public void AreRefusedByName(string settings, string complaint, params string[] tensors)
    {
        using var folder = new TempFolder();
        using SafetensorsModel model = Write(folder, settings, tensors);
        string line = $"{folder.Path}: module 'layer': {complaint}{Advice}";
        Assert.Equal(line, Assert.Throws<NotSupportedException>(() => PackedModule.Find(model)).Message);
        Assert.Equal([line], PackedModuleSurvey.Of(model).Faults);
    }

    // Whatever its tensors are, they are not decoded weights.
    [Fact]
    public void AMethodThatNobodyKnowsIsRefusedUnlessSomethingIsPackedInAKnownWay()
    {
        using var folder = new TempFolder();
        using SafetensorsModel model = Write(folder, "new", "layer.data U8 64 128");
        string line = $"{folder.Path}: config.json quantization_config says 'new', and nothing is packed in a way that is known; "
            + "expected one of awq, bitsandbytes, compressed-tensors, fp8, gptq, modelopt, mxfp4";
        Assert.Equal(line, Assert.Throws<NotSupportedException>(() => PackedModule.Find(model)).Message);
        var survey = PackedModuleSurvey.Of(model);
        Assert.Equal([line], survey.Warnings);
        Assert.Empty(survey.Faults);

        using var known = new TempFolder();
        using SafetensorsModel other = Write(known, "new", "layer.weight F8_E4M3 64 128", "layer.weight_scale F32 1");
        Assert.Single(PackedModule.Find(other));
    }

    [Fact]
    public void ScalesOfNvfp4WithoutTheOneOfTheTensorAreNamedSo()
    {
        using var folder = new TempFolder();
        using SafetensorsModel model = Write(folder, "compressed-tensors", "layer.weight_packed U8 64 64", "layer.weight_scale F8_E4M3 64 8");
        Assert.EndsWith(
            "module 'layer': tensor 'layer.weight_global_scale' is missing", Assert.Throws<ModelFormatException>(() => PackedModule.Find(model)).Message,
            StringComparison.Ordinal);
    }

    // Tensors of zeros, each as "NAME TYPE LENGTH...", and a method with a checkpoint format.
    private static SafetensorsModel Write(TempFolder folder, string settings, params string[] tensors)
    {
        using (SafetensorsWriter writer = SafetensorsWriter.Create(Path.Combine(folder.Path, "model.safetensors")))
        {
            string[][] words = [.. tensors.Select(tensor => tensor.Split(' '))];
            foreach (string[] tensor in words)
            {
                writer.AddTensor(tensor[0], Enum.Parse<SafetensorsType>(tensor[1]), [.. tensor[2..].Select(long.Parse)]);
            }

            foreach (string[] tensor in words)
            {
                int bytes = tensor[1] switch { "F32" or "I32" => 4, "F16" or "I16" => 2, _ => 1 };
                writer.Write(tensor[0], new byte[tensor[2..].Aggregate(bytes, (product, length) => product * int.Parse(length, System.Globalization.CultureInfo.InvariantCulture))]);
            }

            writer.Complete();
        }

        string[] method = settings.Split(' ');
        JsonObject config = new() { ["quant_method"] = method[0], ["checkpoint_format"] = method.ElementAtOrDefault(1) };
        File.WriteAllText(Path.Combine(folder.Path, "config.json"), MatrixVector.ConfigOf(config));
        return SafetensorsModel.Open(folder.Path);
    }
}
