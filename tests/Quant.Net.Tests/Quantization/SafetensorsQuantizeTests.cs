using System.Runtime.InteropServices;
using Quant.Net.Gguf;
using Quant.Net.Safetensors;
using Quant.Net.Tests.Gguf;

namespace Quant.Net.Tests.Quantization;

/// <summary>Checkpoints as GGUF: names stay, dimensions turn around.</summary>
public sealed class SafetensorsQuantizeTests : IDisposable
{
    private readonly QuantizedModels _models = new();

    public void Dispose() => _models.Dispose();

    [Theory]
    [InlineData(SafetensorsType.F32)]
    [InlineData(SafetensorsType.F16)]
    [InlineData(SafetensorsType.BF16)]
    [InlineData(SafetensorsType.F64)]
    public async Task TensorsKeepTheirNames(SafetensorsType type)
    {
        using SafetensorsModel model = Write(type);
        var plan = QuantizationPlan.Create(model, QuantizationRecipe.Get("Q8_0"));
        QuantizeResult result = await ModelQuantizer.QuantizeAsync(
            model, plan, _models.Folder["out.gguf"], new QuantizeOptions(), _models.Device);
        using GgufFile quantized = GgufFile.Open(_models.Folder["out.gguf"]);

        Assert.Equal(["model.layers.0.mlp.up_proj.weight", "model.norm.weight", "positions", "scale"], quantized.Tensors.Select(tensor => tensor.Name));
        Assert.Equal(
            ["general.architecture", "general.name", "general.quantization_version", "general.file_type"], quantized.Metadata.Keys);
        Assert.Equal(("llama", "checkpoint"), (quantized.Architecture!, quantized.Metadata.GetString("general.name")));
        Assert.Contains("tensors have the names of a checkpoint", Assert.Single(plan.Notes));
        Assert.False(plan.IsArchitectureKnown);
        Assert.Equal(result.OutputBytes, ModelQuantizer.GetOutputBytes(model, plan, new QuantizeOptions()));

        GgufTensor up = quantized.Tensors["model.layers.0.mlp.up_proj.weight"];
        Assert.Equal((QuantFormat.Q8_0, 64L, 3L), (up.Format, up.Dimensions[0], up.Dimensions[1]));
        byte[] expected = new byte[up.ByteLength];
        _models.Device.Quantize(Values(3 * 64), 64, QuantFormat.Q8_0, expected);
        Assert.Equal(expected, up.GetSpan(0, 3).ToArray());
        Assert.Equal([1], quantized.Tensors["scale"].Dimensions);
        Assert.Equal([7, 0, 0, 0, 8, 0, 0, 0], quantized.Tensors["positions"].GetSpan(0, 1).ToArray());
    }

    [Fact]
    public async Task AFileWithANameOfItsOwnKeepsIt()
    {
        using SafetensorsModel model = Write("painter", ("a.weight", SafetensorsType.F32, [4]));
        await ModelQuantizer.QuantizeAsync(
            model, QuantizationPlan.Create(model, QuantizationRecipe.Get("Q8_0")), _models.Folder["out.gguf"], new QuantizeOptions(), _models.Device);
        using GgufFile quantized = GgufFile.Open(_models.Folder["out.gguf"]);
        Assert.Equal("painter", quantized.Metadata.GetString("general.name"));
    }

    [Fact]
    public async Task ARankStaysMarkedAsOne()
    {
        string path = _models.Folder["rank.safetensors"];
        using (var writer = SafetensorsWriter.Create(path, new SafetensorsWriterOptions { Metadata = [new("quantnet.rank", "1"), new("quantnet.ranks", "2")] }))
        {
            writer.AddTensor("a.weight", SafetensorsType.F32, [4]);
            writer.Write("a.weight", new byte[16]);
            writer.Complete();
        }

        using SafetensorsModel model = SafetensorsModel.Open(path);
        await ModelQuantizer.QuantizeAsync(
            model, QuantizationPlan.Create(model, QuantizationRecipe.Get("Q8_0")), _models.Folder["out.gguf"], new QuantizeOptions(), _models.Device);
        using GgufFile quantized = GgufFile.Open(_models.Folder["out.gguf"]);
        Assert.Equal(("1", "2"), (quantized.Metadata.GetString("quantnet.rank"), quantized.Metadata.GetString("quantnet.ranks")));
    }

    [Fact]
    public void AnArchitectureThatOnlyClassesNameIsToldToPlansToo()
    {
        Write("model", ("a.weight", SafetensorsType.F32, [4])).Dispose();
        _models.Folder.Write("config.json", "{ \"architectures\": [\"PainterModel\"] }"u8.ToArray());
        using SafetensorsModel model = SafetensorsModel.Open(_models.Folder["model.safetensors"]);
        Assert.Equal("PainterModel", QuantizationModel.Of(model).Architecture);
    }

    [Theory]
    [InlineData(1e300, "is 1E+300, beyond float32")]
    [InlineData(double.PositiveInfinity, "is infinite, expected a finite number")]
    public async Task DoublesThatNoFloatHoldsAreToldApart(double value, string expected)
    {
        string path = _models.Folder["wide.safetensors"];
        using (var writer = SafetensorsWriter.Create(path))
        {
            writer.AddTensor("a.weight", SafetensorsType.F64, [2, 64]);
            writer.Write("a.weight", MemoryMarshal.AsBytes([.. new double[70], value, .. new double[57]]));
            writer.Complete();
        }

        using SafetensorsModel model = SafetensorsModel.Open(path);
        foreach (string type in new[] { "Q8_0", "F16" })
        {
            ArithmeticException refused = await Assert.ThrowsAnyAsync<ArithmeticException>(() => ModelQuantizer.QuantizeAsync(
                model, QuantizationPlan.Create(model, QuantizationRecipe.Get(type)), _models.Folder["out.gguf"], new QuantizeOptions(), _models.Device));
            Assert.EndsWith($"row 1, column 6 {expected}", refused.Message, StringComparison.Ordinal);
        }

        Exception sampled = await Assert.ThrowsAsync<NotFiniteNumberException>(
            () => BudgetPlanner.PlanAsync(model, SizeBudget.OfWeights(5), null, null, null, _models.Device));
        Assert.Contains("row 1, column 6 is infinite or beyond float32", sampled.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatCameOfACheckpointIsQuantizedAgain()
    {
        using (SafetensorsModel model = Write(SafetensorsType.F32))
        {
            var plan = QuantizationPlan.Create(model, QuantizationRecipe.Get("F16"));
            await ModelQuantizer.QuantizeAsync(model, plan, _models.Folder["f16.gguf"], new QuantizeOptions(), _models.Device);
        }

        QuantizeResult result = await _models.Quantize(_models.Folder["f16.gguf"], "Q8_0", "q8.gguf");
        Assert.Equal("Q8_0", result.Tensors.Single(tensor => tensor.Name == "model.layers.0.mlp.up_proj.weight").To);
    }

    [Fact]
    public async Task KeptSplitsHaveTheTensorsOfTheCheckpointsFiles()
    {
        string path = _models.Folder["parts.safetensors"];
        using (var writer = SafetensorsWriter.Create(path, new SafetensorsWriterOptions { MaxShardBytes = 256 }))
        {
            foreach (string name in new[] { "z.weight", "a.weight" })
            {
                writer.AddTensor(name, SafetensorsType.F32, [1, 64]);
            }

            writer.Write("z.weight", Bytes(SafetensorsType.F32, Values(64)));
            writer.Write("a.weight", Bytes(SafetensorsType.F32, Values(64)));
            writer.Complete();
        }

        using SafetensorsModel model = SafetensorsModel.Open(path + ".index.json");
        var plan = QuantizationPlan.Create(model, QuantizationRecipe.Get("Q8_0"), new QuantizationOptions { KeepSplit = true });
        QuantizeResult result = await ModelQuantizer.QuantizeAsync(
            model, plan, _models.Folder["out.gguf"], new QuantizeOptions(), _models.Device);
        using GgufFile quantized = GgufFile.Open(result.Files[0]);
        Assert.Equal(["out-00001-of-00002.gguf", "out-00002-of-00002.gguf"], quantized.Parts.Select(part => Path.GetFileName(part.Path)));
        Assert.Equal(["z.weight", "a.weight"], quantized.Tensors.Select(tensor => tensor.Name));
        Assert.Equal([1, 1], quantized.Parts.Select(part => quantized.Tensors.Count(tensor => tensor.Part == part)));
    }

    [Fact]
    public void WhatGgufCannotHaveIsNamed()
    {
        string longName = new('x', 65);
        using SafetensorsModel bytes = Write("bytes", ("a.weight", SafetensorsType.U8, [4])),
            deep = Write("deep", ("b.weight", SafetensorsType.F32, [1, 1, 1, 1, 4])), named = Write("named", (longName, SafetensorsType.F32, [4]));

        Assert.Contains("1 tensor of types that GGUF does not have: 'a.weight (U8)'", Refusal(bytes));
        Assert.Contains("1 tensor with more than the 4 dimensions that GGUF has: 'b.weight (5)'", Refusal(deep));
        Assert.Contains("1 tensor with names of more than the 64 bytes that GGUF has", Refusal(named));
    }

    [Fact]
    public void PackedModelsAreToBeDecodedFirst()
    {
        using SafetensorsModel packed = SafetensorsModel.Open(Repository.PathOf("samples", "models", "wide-GPTQ-4bit"));
        Assert.EndsWith("is quantized already ('gptq'), expected plain weights: dequantize it first", Refusal(packed));
    }

    private static string Refusal(SafetensorsModel model)
    {
        string message = Assert.Throws<NotSupportedException>(
            () => QuantizationPlan.Create(model, QuantizationRecipe.Get("Q8_0"))).Message;
        MalformedFileTests.AssertIsOneCleanLine(message);
        return message;
    }

    private SafetensorsModel Write(SafetensorsType type)
    {
        Directory.CreateDirectory(_models.Folder["checkpoint"]);
        using (var writer = SafetensorsWriter.Create(Path.Combine(_models.Folder["checkpoint"], "model.safetensors")))
        {
            writer.AddTensor("positions", SafetensorsType.I32, [2]);
            writer.AddTensor("model.layers.0.mlp.up_proj.weight", type, [3, 64]);
            writer.AddTensor("model.norm.weight", type, [64]);
            writer.AddTensor("scale", type, []);
            writer.Write("positions", [7, 0, 0, 0, 8, 0, 0, 0]);
            writer.Write("model.layers.0.mlp.up_proj.weight", Bytes(type, Values(3 * 64)));
            writer.Write("model.norm.weight", Bytes(type, Values(64)));
            writer.Write("scale", Bytes(type, Values(1)));
            writer.Complete();
        }

        File.WriteAllText(
            Path.Combine(_models.Folder["checkpoint"], "config.json"),
            """{ "model_type": "llama", "num_hidden_layers": 1, "num_attention_heads": 4, "num_key_value_heads": 2 }""");
        return SafetensorsModel.Open(Path.Combine(_models.Folder["checkpoint"], "model.safetensors"));
    }

    private SafetensorsModel Write(string name, params (string Name, SafetensorsType Type, long[] Shape)[] tensors)
    {
        string path = _models.Folder[name + ".safetensors"];
        using (var writer = SafetensorsWriter.Create(path))
        {
            foreach ((string tensor, SafetensorsType type, long[] shape) in tensors)
            {
                writer.AddTensor(tensor, type, shape);
            }

            foreach ((string tensor, SafetensorsType type, _) in tensors)
            {
                writer.Write(tensor, new byte[type == SafetensorsType.U8 ? 4 : 16]);
            }

            writer.Complete();
        }

        return SafetensorsModel.Open(path);
    }

    /// <summary>Numbers that all types hold exactly.</summary>
    private static float[] Values(int count) => [.. Enumerable.Range(0, count).Select(i => ((i * 37) % 101) - 50f)];

    private static byte[] Bytes(SafetensorsType type, float[] values) => [.. values.SelectMany(value => type switch
    {
        SafetensorsType.F32 => BitConverter.GetBytes(value),
        SafetensorsType.F16 => BitConverter.GetBytes((Half)value),
        SafetensorsType.BF16 => BitConverter.GetBytes(((BFloat16)value).Bits),
        _ => BitConverter.GetBytes((double)value),
    })];
}
