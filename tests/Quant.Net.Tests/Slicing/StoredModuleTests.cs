using System.Runtime.InteropServices;
using System.Text.Json;
using Quant.Net.Safetensors;
using Quant.Net.Slicing;

namespace Quant.Net.Tests.Slicing;

/// <summary>Modules of the known answers, read, cut into files, read again and joined.</summary>
public sealed class StoredModuleTests : IDisposable
{
    private const string Module = "layer";

    private readonly string _folder = Directory.CreateTempSubdirectory("quantnet-").FullName;

    public static TheoryData<string> Files =>
    [
        .. Directory.GetFiles(Repository.PathOf("tests", "vectors", "matrices"), "*.safetensors").Select(path => Path.GetFileName(path))
            .Where(name => !name.StartsWith("bnb", StringComparison.Ordinal) && !name.Contains("fp4", StringComparison.Ordinal)
                && name is not ("fp8-block-f32.safetensors" or "fp8-block128-bf16.safetensors")).Order(),
    ];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Files))]
    public async Task PartsInFilesMakeTheKnownAnswer(string name)
    {
        using SafetensorsModel model = OpenWithConfig(name, out JsonElement facts);
        bool zeroPlusOne = facts.TryGetProperty("checkpoint_format", out JsonElement format) && format.GetString() == "gptq";
        bool zeroWraps = facts.TryGetProperty("zero_wrap", out JsonElement wrap) && wrap.GetBoolean();
        float[] expected = MemoryMarshal.Cast<byte, float>(StoredModule.Bytes(model.Tensors["expected"])).ToArray();
        using QuantDevice device = QuantDevice.Open("cpu", new QuantDeviceOptions { Threads = 1 });
        float[] Decode(SafetensorsModel from) => RandomMatrix.Decode(
            device, StoredModule.Read(from, Module).Matrix with { ZeroPlusOne = zeroPlusOne, ZeroWraps = zeroWraps });

        Assert.Equal(Bits(expected), Bits(Decode(model)));
        int rows = facts.GetProperty("out").GetInt32(), columns = facts.GetProperty("in").GetInt32();
        foreach ((MatrixAxis axis, int length) in new[] { (MatrixAxis.Output, rows), (MatrixAxis.Input, columns) })
        {
            long step = MatrixGrids.Multiple(StoredModule.Read(model, Module).Matrix, axis);
            step = axis == MatrixAxis.Input && name.StartsWith("awq-gemv", StringComparison.Ordinal) ? 64 : step;
            long half = Math.Max(length / 2 / step, 1) * step;
            if (half >= length)
            {
                continue;
            }

            string first = Path.Combine(_folder, $"{axis}-1.safetensors"), second = Path.Combine(_folder, $"{axis}-2.safetensors");
            await ModelConverter.SliceAsync(model, Module, MatrixCut.Range(axis, 0, half), first);
            await ModelConverter.SliceAsync(model, Module, MatrixCut.Range(axis, half, length - half), second);
            using SafetensorsModel one = SafetensorsModel.Open(first);
            using SafetensorsModel two = SafetensorsModel.Open(second);
            string whole = Path.Combine(_folder, $"{axis}.safetensors");
            await ModelConverter.ConcatAsync([one, two], Module, axis, whole);
            using SafetensorsModel joined = SafetensorsModel.Open(whole);
            Assert.Equal(Bits(expected), Bits(Decode(joined)));

            float[] part = Decode(two);
            int wide = axis == MatrixAxis.Output ? columns : columns - (int)half;
            int start = axis == MatrixAxis.Output ? (int)half * columns : (int)half;
            Assert.Equal(Bits(expected.AsSpan(start, wide)), Bits(part.AsSpan(0, wide)));
        }
    }

    [Theory]
    [InlineData("bnb-nf4-64.safetensors")]
    [InlineData("mxfp4-gpt-oss.safetensors")]
    public void OtherPackedModulesAreNotFound(string name)
    {
        using SafetensorsModel model = OpenWithConfig(name, out _);
        Assert.Contains("has no packed module", Assert.Throws<ArgumentException>(() => StoredModule.Read(model, Module)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fp8-block-f32.safetensors", "how large the blocks")]
    [InlineData("nvfp4-modelopt.safetensors", "expected F16, BF16 or F32")]
    public void WhatNothingTellsIsNotGuessed(string name, string complaint)
    {
        using SafetensorsModel model = OpenWithConfig(name, out _);
        Assert.Contains(complaint, Assert.Throws<ModelFormatException>(() => StoredModule.Read(model, Module)).Message, StringComparison.Ordinal);
    }

    private SafetensorsModel OpenWithConfig(string name, out JsonElement facts)
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder, "model")).FullName;
        File.Copy(Repository.PathOf("tests", "vectors", "matrices", name), Path.Combine(folder, "model.safetensors"));
        using (SafetensorsModel plain = SafetensorsModel.Open(folder))
        {
            facts = JsonDocument.Parse(plain.Files[0].Metadata["facts"]).RootElement.Clone();
        }

        int group = facts.TryGetProperty("group_size", out JsonElement size) && size.ValueKind == JsonValueKind.Number ? size.GetInt32() : -1;
        int bits = facts.TryGetProperty("bits", out JsonElement number) ? number.GetInt32() : 8;
        string version = facts.TryGetProperty("version", out JsonElement text) ? text.GetString()! : "";
        File.WriteAllText(Path.Combine(folder, "quantize_config.json"), JsonSerializer.Serialize(new Dictionary<string, object>
        {
            ["quant_method"] = facts.GetProperty("layout").GetString()!,
            ["version"] = version,
            ["bits"] = bits,
            ["group_size"] = group,
        }));
        return SafetensorsModel.Open(folder);
    }

    /// <summary>The bits of floats; any NaN is as good as another.</summary>
    private static uint[] Bits(ReadOnlySpan<float> values) =>
        [.. values.ToArray().Select(value => float.IsNaN(value) ? uint.MaxValue : BitConverter.SingleToUInt32Bits(value))];
}
