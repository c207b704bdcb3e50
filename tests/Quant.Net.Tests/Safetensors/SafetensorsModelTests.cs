using System.Text;
using Quant.Net.Safetensors;
using Quant.Net.Tests.Gguf;
using static Quant.Net.Tests.Safetensors.SafetensorsText;

namespace Quant.Net.Tests.Safetensors;

public sealed class SafetensorsModelTests : IDisposable
{
    private const string Index = "model.safetensors.index.json";
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private void WriteText(string name, string text) => _folder.Write(name, Encoding.UTF8.GetBytes(text));

    private string WriteTensor(string file, string tensor) => _folder.Write(file, File($"{{{Tensor(tensor, "[2]", "[0,8]")}}}", 8));

    /// <summary>Two files with a tensor each, a and b, and their index.</summary>
    private void WriteShards(string totalSize = "16")
    {
        WriteTensor("x-1.safetensors", "a");
        WriteTensor("x-2.safetensors", "b");
        WriteText(Index, $$$"""{"metadata":{"total_size":{{{totalSize}}}},"weight_map":{"b":"x-2.safetensors","a":"x-1.safetensors"}}""");
    }

    private SafetensorsModel Open() => SafetensorsModel.Open(_folder.Path);

    [Fact]
    public void AFolderWithAnIndexIsOneModel()
    {
        WriteShards();
        foreach (string path in new[] { _folder.Path, _folder[Index] })
        {
            using SafetensorsModel model = SafetensorsModel.Open(path);

            Assert.Equal(["a", "b"], model.Tensors.Select(tensor => tensor.Name));
            Assert.Equal([_folder["x-1.safetensors"], _folder["x-2.safetensors"]], model.Files.Select(file => file.Path));
            Assert.Same(model.Files[1], model.Tensors["b"].File);
            Assert.Equal(_folder[Index], model.IndexPath);
            Assert.Empty(model.Warnings);
        }
    }

    [Fact]
    public void AFileIsOpenedAloneAndWithItsSettings()
    {
        WriteShards();
        WriteText("config.json", """{"model_type":"llama"}""");
        using SafetensorsModel model = SafetensorsModel.Open(_folder["x-2.safetensors"]);

        Assert.Equal("b", Assert.Single(model.Tensors).Name);
        Assert.Equal("llama", model.Config!.ModelType);
        Assert.Null(model.IndexPath);
        Assert.Empty(model.Warnings);
        Assert.Equal($"{_folder["x-2.safetensors"]}: llama, 1 tensor", model.ToString());
    }

    [Fact]
    public void TheUsualNameWins()
    {
        WriteShards();
        WriteTensor("model.safetensors", "whole");
        using SafetensorsModel model = Open();

        Assert.Equal("whole", Assert.Single(model.Tensors).Name);
        Assert.Contains(model.Warnings, warning => warning.EndsWith("'x-1.safetensors' is no part of the model", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("17", "total_size is 17, but the tensors have 16 bytes")]
    [InlineData("16.0", null)]
    [InlineData("\"16\"", null)]
    public void TotalSizeIsAWarning(string size, string? warning)
    {
        WriteShards(size);
        using SafetensorsModel model = Open();

        Assert.Equal(warning is null ? [] : [$"{_folder[Index]}: {warning}"], model.Warnings);
    }

    [Fact]
    public void TensorsThatTheIndexDoesNotListAreReadWithAWarning()
    {
        WriteShards("24");
        _folder.Write("x-2.safetensors", File($"{{{Tensor("b", "[2]", "[0,8]")},{Tensor("extra", "[2]", "[8,16]")}}}", 16));
        using SafetensorsModel model = Open();

        Assert.True(model.Tensors.Contains("extra"));
        Assert.Equal([$"{_folder[Index]}: does not list tensor 'extra' of 'x-2.safetensors'"], model.Warnings);
    }

    [Fact]
    public void APartialModelIsOpenedWhereThatIsAllowed()
    {
        WriteShards();
        System.IO.File.Delete(_folder["x-2.safetensors"]);
        using SafetensorsModel model = SafetensorsModel.Open(_folder.Path, new SafetensorsOpenOptions { AllowPartial = true });

        Assert.Equal("a", Assert.Single(model.Tensors).Name);
        Assert.Equal(["x-2.safetensors"], model.MissingFiles);
        Assert.Equal([$"{_folder[Index]}: 1 of 2 files are missing: 'x-2.safetensors'"], model.Warnings);

        // What is there must be where the index says, all the same.
        _folder.Write("x-1.safetensors", File($"{{{Tensor("a", "[2]", "[0,8]")},{Tensor("b", "[0]", "[8,8]")}}}", 8));
        Assert.Contains(
            "tensor 'b': is in 'x-1.safetensors', expected in 'x-2.safetensors'",
            Assert.Throws<ModelFormatException>(
                () => SafetensorsModel.Open(_folder.Path, new SafetensorsOpenOptions { AllowPartial = true })).Message);
        System.IO.File.Delete(_folder["x-1.safetensors"]);
        Assert.Throws<FileNotFoundException>(() => SafetensorsModel.Open(_folder.Path, new SafetensorsOpenOptions { AllowPartial = true }));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void AFolderInThePlaceOfAFileIsNotMissing(bool allowPartial)
    {
        WriteShards();
        System.IO.File.Delete(_folder["x-2.safetensors"]);
        Directory.CreateDirectory(_folder["x-2.safetensors"]);
        Assert.Equal(
            $"{_folder["x-2.safetensors"]}: is a directory, not a file",
            Assert.Throws<IOException>(() => SafetensorsModel.Open(_folder.Path, new SafetensorsOpenOptions { AllowPartial = allowPartial })).Message);
    }

    [Fact]
    public void FilesMayBeLinksToAnywhere()
    {
        using var cache = new TempFolder();
        WriteShards();
        System.IO.File.Move(_folder["x-2.safetensors"], cache["blob"]);
        System.IO.File.CreateSymbolicLink(_folder["x-2.safetensors"], cache["blob"]);
        using SafetensorsModel model = Open();

        Assert.Equal(2, model.Tensors.Count);
    }

    [Fact]
    public void AMillionMissingFilesAreNotWaitedFor()
    {
        string names = string.Join(',', Enumerable.Range(0, 100_000).Select(i => $"\"t{i}\":\"f{i}.safetensors\""));
        WriteText(Index, $"{{\"weight_map\":{{{names}}}}}");

        FileNotFoundException fault = Assert.Throws<FileNotFoundException>(Open);
        Assert.Contains("more than 100 of 100000 files are missing: 'f0.safetensors'", fault.Message);
        MalformedFileTests.AssertIsOneCleanLine(fault.Message);
    }

    [Fact]
    public void SettingsOfGptqAreRead()
    {
        using SafetensorsModel model = SafetensorsModel.Open(Repository.PathOf("samples", "models", "wide-GPTQ-4bit"));
        ModelConfig config = model.Config!;
        QuantizationConfig quantization = model.Quantization!;

        Assert.Equal(153, model.Tensors.Count);
        Assert.Empty(model.Warnings);
        Assert.Equal(("LlamaForCausalLM", "llama", "float16"), (config.Architecture, config.ModelType, config.DataType));
        Assert.Equal((256, 256, 5, 32, 16), (config.HiddenSize, config.IntermediateSize, config.LayerCount, config.HeadCount, config.KeyValueHeadCount));
        Assert.Equal((512, null, false), (config.VocabularySize, config.HeadSize, config.TiesWordEmbeddings));
        Assert.Equal(("gptq", 4, 128, true, true, "gptq"), Facts(quantization));
        Assert.Equal("config.json quantization_config", quantization.Source);
        Assert.Equal("F16", model.Tensors["model.layers.0.mlp.down_proj.scales"].Type.ToString());
    }

    // From files as the tools write them, shortened.
    [Theory]
    [InlineData("quantize_config.json", """{"bits":3,"group_size":-1,"desc_act":false,"sym":false}""", "gptq", 3, -1, false, false, null)]
    [InlineData("quantize_config.json",
        """{"bits":4,"group_size":128,"desc_act":true,"sym":true,"quant_method":"gptq","checkpoint_format":"gptq_v2","meta":{}}""",
        "gptq", 4, 128, true, true, "gptq_v2")]
    [InlineData("quant_config.json", """{"zero_point":true,"q_group_size":64,"w_bit":4,"version":"GEMM"}""", "awq", 4, 64, false, null, "gemm")]
    [InlineData("config.json", """{"quantization_config":{"quant_method":"awq","bits":4,"group_size":128,"zero_point":true,"version":"gemv"}}""",
        "awq", 4, 128, false, null, "gemv")]
    [InlineData("config.json",
        """{"quantization_config":{"quant_method":"compressed-tensors","format":"pack-quantized","version":"0.12.2","config_groups":{"group_0":{"weights":{"num_bits":4,"group_size":32,"symmetric":true}}}}}""",
        "compressed-tensors", 4, 32, true, null, "pack-quantized")]
    [InlineData("config.json", """{"quantization_config":{"quant_method":"fp8","fmt":"e4m3","weight_block_size":[128,128]}}""",
        "fp8", null, null, null, null, "e4m3")]
    [InlineData("config.json", """{"quantization_config":{"quant_method":"mxfp4","modules_to_not_convert":["lm_head"]}}""",
        "mxfp4", null, null, null, null, null)]
    [InlineData("config.json",
        """{"quantization_config":{"quant_method":"bitsandbytes","load_in_4bit":true,"load_in_8bit":false,"bnb_4bit_quant_type":"nf4"}}""",
        "bitsandbytes", 4, null, null, null, "nf4")]
    public void SettingsOfOtherToolsAreReadToo(
        string file, string text, string? method, int? bits, int? groupSize, bool? symmetric, bool? actOrder, string? format)
    {
        WriteTensor("model.safetensors", "a");
        WriteText(file, text);
        using SafetensorsModel model = Open();

        Assert.Equal((method, bits, groupSize, symmetric, actOrder, format), Facts(model.Quantization!));
        Assert.Empty(model.Warnings);
    }

    [Fact]
    public void SettingsThatDifferAreAWarning()
    {
        WriteTensor("model.safetensors", "a");
        WriteText("config.json", """{"quantization_config":{"quant_method":"gptq","bits":4,"sym":true}}""");
        WriteText("quantize_config.json", """{"bits":8,"sym":false,"desc_act":true}""");
        using SafetensorsModel model = Open();

        Assert.Equal(4, model.Quantization!.Bits);
        Assert.Equal(
            [$"{_folder.Path}: config.json quantization_config and quantize_config.json differ: bits 4 and 8, symmetric True and False"],
            model.Warnings);
    }

    [Fact]
    public void ConfigOfTextAndPicturesIsThatOfTheText()
    {
        WriteTensor("model.safetensors", "a");
        WriteText("config.json", """{"model_type":"llava","text_config":{"hidden_size":4096,"intermediate_size":[1,2],"vocab_size":-1}}""");
        using SafetensorsModel model = Open();

        Assert.Equal((4096, null, null), (model.Config!.HiddenSize, model.Config.IntermediateSize, model.Config.VocabularySize));
        Assert.Null(model.Quantization);
    }

    [Fact]
    public async Task NonFiniteValuesOfEveryTypeAreFound()
    {
        (SafetensorsType Type, byte[] Sound, byte[] Broken)[] cases =
        [
            (SafetensorsType.F64, BitConverter.GetBytes(double.MaxValue), BitConverter.GetBytes(double.NaN)),
            (SafetensorsType.F32, BitConverter.GetBytes(float.MaxValue), BitConverter.GetBytes(float.NegativeInfinity)),
            (SafetensorsType.C64, new byte[8], [0, 0, 0, 0, .. BitConverter.GetBytes(float.NaN)]),
            (SafetensorsType.F16, BitConverter.GetBytes(Half.MaxValue), BitConverter.GetBytes(Half.PositiveInfinity)),
            (SafetensorsType.BF16, [0x7F, 0x7F], [0xC0, 0xFF]),
            (SafetensorsType.F8_E5M2, [0x7B], [0x7C]), (SafetensorsType.F8_E4M3, [0x7E], [0xFF]), (SafetensorsType.F8_E8M0, [0xFE], [0xFF]),
            (SafetensorsType.F8_E4M3FNUZ, [0xFF], [0x80]), (SafetensorsType.F8_E5M2FNUZ, [0x7F], [0x80]),
        ];
        using (SafetensorsWriter writer = SafetensorsWriter.Create(_folder["model.safetensors"]))
        {
            foreach ((SafetensorsType type, _, _) in cases)
            {
                writer.AddTensor($"{type}", type, [100, 3]);
            }

            writer.AddTensor("integers", SafetensorsType.U8, [5]);
            writer.AddTensor("empty", SafetensorsType.F32, [0, 2]);
            foreach ((SafetensorsType type, byte[] sound, byte[] broken) in cases)
            {
                for (int i = 0; i < 300; i++)
                {
                    writer.Write($"{type}", i is 100 or 299 ? broken : sound);
                }
            }

            writer.Write("integers", [255, 255, 255, 255, 255]);
            writer.Write("empty", []);
            writer.Complete();
        }

        using SafetensorsModel model = Open();
        foreach (int chunk in new[] { 1, 64, 1 << 20 })
        {
            VerifyResult result = await ModelVerifier.VerifyAsync(model, new VerifyOptions { ChunkBytes = chunk });

            Assert.Equal(cases.Length + 2, result.Tensors.Count);
            Assert.All(result.Tensors.SkipLast(2), check => Assert.Equal((2, 33), (check.NonFiniteCount, check.FirstNonFiniteRow)));
            Assert.All(result.Tensors.TakeLast(2), check => Assert.Equal((0, null), (check.NonFiniteCount, check.FirstNonFiniteRow)));
            Assert.False(result.IsSound);
        }

        await Assert.ThrowsAsync<ArgumentException>(() => ModelVerifier.VerifyAsync(model, new VerifyOptions { ChunkBytes = 0 }));
    }

    private static (string?, int?, int?, bool?, bool?, string?) Facts(QuantizationConfig config) =>
        (config.Method, config.Bits, config.GroupSize, config.IsSymmetric, config.IsActOrder, config.CheckpointFormat);
}
