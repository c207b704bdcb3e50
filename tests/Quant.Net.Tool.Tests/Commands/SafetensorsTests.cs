using System.Runtime.InteropServices;
using System.Text.Json;
using Quant.Net.Safetensors;
using Quant.Net.Tool.Tests.Support;
using static Quant.Net.Tool.Tests.Support.CommandLineTool;

namespace Quant.Net.Tool.Tests.Commands;

/// <summary><c>inspect</c> and <c>verify</c> of safetensors files and folders.</summary>
public class SafetensorsTests
{
    [Fact]
    public void InspectShowsAFolderAndHowItWasQuantized()
    {
        string text = Succeed("inspect", Repository.GptqModel).Out;

        Assert.Contains("container     safetensors\narchitecture  llama\n", text, StringComparison.Ordinal);
        Assert.Contains(
            "quantization  gptq, 4 bits, groups of 128, symmetric, act-order, checkpoint format gptq (says config.json quantization_config)\n",
            text, StringComparison.Ordinal);
        Assert.Contains("size          1.53 MiB (1,602,992 bytes)\n", text, StringComparison.Ordinal);
        Assert.Contains("packed        35 modules: GPTQ, 4 bits, groups of 128, act-order\n", text, StringComparison.Ordinal);
        Assert.Contains("in memory     1.51 MiB packed, 4.26 MiB as f16, 8.51 MiB as f32\n", text, StringComparison.Ordinal);
        Assert.Contains("such as torch_dtype=float16, decodes it to 4.26 MiB", text.ReplaceLineEndings(" "), StringComparison.Ordinal);
        Assert.Matches(@"\nmodel\.layers\.0\.mlp\.down_proj\.qweight +32 × 256 +I32 +32768 ", text);
    }

    [Fact]
    public void DequantizeDecodesPackedModulesAndCopiesTheRest()
    {
        using var folder = new TemporaryFolder();
        ToolResult result = Succeed("dequantize", Repository.GptqModel, "-o", folder["out.safetensors"], "--type", "f32");
        Assert.Contains("48 tensors, 2,231,040 parameters as f32", result.Out, StringComparison.Ordinal);

        using SafetensorsModel packed = SafetensorsModel.Open(Repository.GptqModel), decoded = SafetensorsModel.Open(folder["out.safetensors"]);
        using QuantDevice device = QuantDevice.Open("cpu", new QuantDeviceOptions { InstructionSet = InstructionSet.Scalar });
        IReadOnlyList<PackedModule> modules = PackedModule.Find(packed);
        Assert.Equal(35, modules.Count);
        foreach (PackedModule module in modules)
        {
            SafetensorsTensor weights = decoded.Tensors[module.WeightName];
            float[] expected = new float[module.Rows * module.Columns];
            module.Dequantize(device, MatrixOrder.Rows, 0, module.Rows, expected);
            Assert.Equal(module.Shape, weights.Shape);
            Assert.True(MemoryMarshal.AsBytes(expected.AsSpan()).SequenceEqual(weights.GetSpan(0, weights.RowCount)), module.Name);
        }

        SafetensorsTensor norm = packed.Tensors["model.norm.weight"];
        Assert.Equal(norm.Type, decoded.Tensors["model.norm.weight"].Type);
        Assert.True(norm.GetSpan(0, norm.RowCount).SequenceEqual(decoded.Tensors["model.norm.weight"].GetSpan(0, norm.RowCount)));
    }

    [Fact]
    public void DequantizeToAFolderWritesWhatProgramsLoad()
    {
        using var folder = new TemporaryFolder();
        string source = folder["packed"];
        Directory.CreateDirectory(source);
        foreach (string file in Directory.GetFiles(Repository.GptqModel))
        {
            File.Copy(file, Path.Combine(source, Path.GetFileName(file)));
        }

        foreach (string name in new[] { "tokenizer.json", "generation_config.json", "merges.txt", "model.py", "hf_quant_config.json", "pytorch_model.bin", "x.safetensors.index.json", ".hidden" })
        {
            File.WriteAllText(Path.Combine(source, name), $"of {name}");
        }

        ToolResult result = Succeed("dequantize", source, "-o", folder["plain"], "--type", "bf16", "--json");
        string[] expected = ["config.json", "generation_config.json", "merges.txt", "model.py", "model.safetensors", "tokenizer.json"];
        Assert.Equal(expected, Directory.GetFiles(folder["plain"]).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal));
        Assert.Equal(expected, result.Json.List("outputs").Select(file => Path.GetFileName(file.GetString())).Order(StringComparer.Ordinal));
        Assert.Equal(
            Directory.GetFiles(folder["plain"]).Sum(file => new FileInfo(file).Length), result.Json.GetProperty("bytesWritten").GetInt64());
        Assert.Equal("of merges.txt", File.ReadAllText(Path.Combine(folder["plain"], "merges.txt")));
        string before = File.ReadAllText(Path.Combine(source, "config.json"));
        Assert.Equal(
            before[..before.IndexOf(",\n  \"quantization_config", StringComparison.Ordinal)].Replace("float16", "bfloat16", StringComparison.Ordinal) + "\n}",
            File.ReadAllText(Path.Combine(folder["plain"], "config.json")));

        // It is a model that is not quantized, and sound.
        Assert.DoesNotContain("quantization", Succeed("inspect", folder["plain"]).Out, StringComparison.Ordinal);
        Succeed("verify", folder["plain"]);
        using SafetensorsModel model = SafetensorsModel.Open(folder["plain"]);
        Assert.Equal(("llama", "bfloat16", null), (model.Config!.ModelType, model.Config.DataType, model.Quantization));
        Assert.Empty(PackedModule.Find(model));
        Assert.Equal("pt", model.Files[0].Metadata["format"]);

        // What is there stays, and nothing else is left.
        Run("dequantize", source, "-o", folder["plain"], "--force").AssertFails(1, "plain: exists already, expected a folder that does not");
        Run("dequantize", source, "-o", folder["packed/config.json"]).AssertFails(1, "config.json: exists already, expected a folder that does not");
        Run("dequantize", source, "-o", folder["no/plain"]).AssertFails(1, "there is no directory");
        Run("dequantize", source, "-o", folder["none"], "--tensor", "nothing").AssertFails(1, "no decoded tensor has a name that matches");
        Run("dequantize", Repository.WideModel, "-o", folder["wide"]).AssertFails(2, "ends neither in .safetensors nor in .gguf");
        Assert.Equal(["packed", "plain"], Directory.GetFileSystemEntries(folder[""]).Select(entry => Path.GetFileName(entry)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void DequantizeOfAFolderTakesPatternsAndShards()
    {
        using var folder = new TemporaryFolder();
        Succeed("dequantize", Repository.GptqModel, "-o", folder["out.safetensors"], "--tensor", "*.q_proj.weight", "--shard-size", "300KB", "-q");
        using SafetensorsModel decoded = SafetensorsModel.Open(folder["out.safetensors.index.json"]);
        Assert.Equal(5, decoded.Tensors.Count);
        Assert.Equal(3, decoded.Files.Count);

        Run("dequantize", Repository.GptqModel, "-o", folder["none.safetensors"], "--tensor", "nothing").AssertFails(1, "no decoded tensor has a name that matches 'nothing'");
        Assert.DoesNotContain("none.safetensors", folder.Names);
    }

    [Fact]
    public void DequantizeOfAFolderRefusesWhatItCannotDo()
    {
        using var folder = new TemporaryFolder();
        Run("dequantize", Repository.GptqModel, "-o", folder["out.gguf"]).AssertFails(2, "are decoded to .safetensors files");
        Run("dequantize", Repository.GptqModel, "-o", folder["out.safetensors"], "--resume").AssertFails(2, "--resume: only for GGUF models");
        Run("dequantize", Repository.WideModel, "-o", folder["out.safetensors"], "--zero-wrap").AssertFails(2, "--zero-wrap: only GPTQ models");
        Assert.Empty(folder.Names);
    }

    [Fact]
    public void InspectOfAFileIsTheSame()
    {
        JsonElement folder = Succeed("inspect", Repository.GptqModel, "--json").Json;
        JsonElement file = Succeed("inspect", Path.Combine(Repository.GptqModel, "model.safetensors"), "--json", "--tensor", "*.scales").Json;

        Assert.Equal(folder.GetProperty("quantization").ToString(), file.GetProperty("quantization").ToString());
        Assert.Equal((153, 35), (file.Number("tensorCount"), file.GetProperty("selected").Number("tensors")));
        Assert.Equal("gptq", file.GetProperty("quantization").Text("method"));
        JsonElement tensor = file.List("tensors")[0];
        Assert.Equal(("model.layers.0.mlp.down_proj.scales", "F16"), (tensor.Text("name"), tensor.Text("type")));
        Assert.Equal([2, 256], tensor.List("shape").Select(dimension => dimension.GetInt32()));
    }

    [Fact]
    public void InspectOfWhatIsNotQuantizedSaysWhatItTakes()
    {
        using var folder = new TemporaryFolder();
        Succeed("dequantize", Repository.WideModel, "-o", folder["m.safetensors"], "--shard-size", "1MB", "-q");
        string text = Succeed("inspect", folder["m.safetensors.index.json"], "--fit", "1GiB").Out;

        Assert.Contains("parameters    2,231,040, 16.00 bits per weight\n", text, StringComparison.Ordinal);
        Assert.Contains("in memory     4.26 MiB packed, 4.26 MiB as f16, 8.51 MiB as f32\n", text, StringComparison.Ordinal);
        Assert.Contains("as f32 into 1.00 GiB", text, StringComparison.Ordinal);
        Assert.Contains("as f16 into 5.00 MiB", Succeed("inspect", Repository.GptqModel, "--fit", "5MiB").Out, StringComparison.Ordinal);
    }

    [Fact]
    public void APartialFolderIsShownWhereThatIsAskedFor()
    {
        using var folder = new TemporaryFolder();
        Succeed("dequantize", Repository.WideModel, "-o", folder["m.safetensors"], "--shard-size", "1MB", "-q");
        File.Delete(folder["m-00002-of-00005.safetensors"]);

        Run("inspect", folder["m.safetensors.index.json"]).AssertFails(1, "'m-00002-of-00005.safetensors' (--partial shows what is there)");
        Assert.Equal(4, Succeed("inspect", folder["m.safetensors.index.json"], "--partial", "--json").Json.List("files").Count);
    }

    [Fact]
    public void VerifyReadsEverythingAndHashes()
    {
        JsonElement json = Succeed("verify", Repository.GptqModel, "--hash", "--json", "-q").Json;

        Assert.True(json.Flag("sound"));
        Assert.Equal((153, 153), (json.Number("tensors"), json.List("hashes").Count));
        Assert.False(json.TryGetProperty("device", out _));
        Assert.Equal(
            "604a2a784f2442573a1306be2fcb3ece8969e455418d5de49547af2fd160ff24",   // sha256sum of bytes 15792 to 277935 of the file
            json.List("hashes").Find("tensor", "lm_head.weight").Text("sha256"));
        Assert.Contains("153 tensors", Succeed("verify", Repository.GptqModel).Out, StringComparison.Ordinal);
    }

    [Fact]
    public void VerifyFindsWhatIsBroken()
    {
        using var folder = new TemporaryFolder();
        using (SafetensorsWriter writer = SafetensorsWriter.Create(folder["m.safetensors"]))
        {
            writer.AddTensor("x", SafetensorsType.BF16, [3, 2]);
            writer.Write("x", [0, 0, 0, 0, 0, 0, 0x80, 0x7F, 0, 0, 0xC0, 0x7F]);
            writer.Complete();
        }

        ToolResult nan = Run("verify", folder["m.safetensors"], "--json");
        Assert.Equal(1, nan.ExitCode);
        JsonElement defect = Assert.Single(nan.Json.List("defects"));
        Assert.Equal(("x", 1, "2 weights of 6 NaN or infinite"), (defect.Text("tensor"), defect.Number("row"), defect.Text("problem")));

        File.WriteAllBytes(folder["cut.safetensors"], File.ReadAllBytes(Path.Combine(Repository.GptqModel, "model.safetensors"))[..^1]);
        Assert.Contains("truncated", Assert.Single(Run("verify", folder["cut.safetensors"], "--json").Json.List("defects")).Text("problem"));
        Run("verify", folder["none.safetensors"]).AssertFails(1, "no such file");
    }

    [Fact]
    public void VerifyAndInspectSayWhatTheSettingsHaveWrong()
    {
        using var folder = new TemporaryFolder();
        File.Copy(Path.Combine(Repository.GptqModel, "model.safetensors"), folder["model.safetensors"]);
        string config = File.ReadAllText(Path.Combine(Repository.GptqModel, "config.json"));
        File.WriteAllText(folder["config.json"], config.Replace("\"group_size\": 128", "\"group_size\": 64", StringComparison.Ordinal));

        string warning = "model.safetensors: module 'model.layers.0.mlp.down_proj' and 34 others: "
            + "has groups of 128, and config.json quantization_config says groups of 64";
        ToolResult odd = Run("verify", folder[""]);
        Assert.Equal(0, odd.ExitCode);
        Assert.Contains(warning, odd.Error, StringComparison.Ordinal);
        Assert.Contains(warning, Assert.Single(Succeed("inspect", folder[""], "--json").Json.List("warnings")).GetString(), StringComparison.Ordinal);
        Assert.Contains(warning, Run("dequantize", folder[""], "-o", folder["out.safetensors"]).Error, StringComparison.Ordinal);
        File.Delete(folder["out.safetensors"]);

        File.WriteAllText(folder["config.json"], config.Replace("\"checkpoint_format\": \"gptq\"", "\"checkpoint_format\": \"gptq_v2\"", StringComparison.Ordinal));
        ToolResult wrong = Run("verify", folder[""], "--json");
        Assert.Equal((1, false), (wrong.ExitCode, wrong.Json.Flag("sound")));
        JsonElement defect = Assert.Single(wrong.Json.List("defects"));
        Assert.Contains(
            "tensor 'model.layers.0.mlp.down_proj.qzeros' and 34 others: 15360 of 15360 zero points of 4 bits are stored as 7",
            defect.Text("problem"), StringComparison.Ordinal);
        const string Dialect = "as 'gptq_v2', which config.json quantization_config says, they are 7";
        Assert.Contains(Dialect, Run("verify", folder[""], "-q").Out, StringComparison.Ordinal);

        // All commands that read modules warn of it, once.
        Assert.Contains(Dialect, Assert.Single(Succeed("inspect", folder[""], "--json").Json.List("warnings")).GetString(), StringComparison.Ordinal);
        using var results = new TemporaryFolder();
        string[] modules = ["--module", "model.layers.0.mlp.down_proj", "--axis", "out", "--parts", "2"];
        foreach (string[] command in new string[][]
        {
            ["dequantize", folder[""], "-o", results["out.safetensors"]], ["slice", folder[""], .. modules, "-o", results["part.safetensors"]],
            ["slice", folder[""], "--tensor-parallel", "2", "-o", results["ranks"]],
        })
        {
            ToolResult warned = Run(command);
            Assert.Equal(0, warned.ExitCode);
            Assert.Contains(Dialect, Assert.Single(warned.Error.Split('\n'), line => line.Contains("warning", StringComparison.Ordinal)), StringComparison.Ordinal);
        }
    }

    // What one setting has wrong is wrong in all modules: people see the first, programs all.
    [Fact]
    public void TheSameFaultOfAllModulesIsShownOnce()
    {
        using var folder = new TemporaryFolder();
        File.Copy(Path.Combine(Repository.GptqModel, "model.safetensors"), folder["model.safetensors"]);
        string config = File.ReadAllText(Path.Combine(Repository.GptqModel, "config.json"));
        File.WriteAllText(folder["config.json"], config.Replace("\"checkpoint_format\": \"gptq\"", "\"checkpoint_format\": \"foo\"", StringComparison.Ordinal));

        const string Fault = "its checkpoint format is 'foo', expected 'gptq' or 'gptq_v2'";
        foreach (string command in new[] { "verify", "inspect" })
        {
            string text = Run(command, folder[""]).Out;
            Assert.Contains("module 'model.layers.0.mlp.down_proj': " + Fault, Assert.Single(text.Split('\n'), line => line.Contains(Fault, StringComparison.Ordinal)), StringComparison.Ordinal);
            Assert.Contains("... and 34 more modules with the same fault (--json names all)\n", text, StringComparison.Ordinal);
        }

        Assert.Contains("35 defects", Run("verify", folder[""]).Out, StringComparison.Ordinal);
        Assert.Equal(35, Run("verify", folder[""], "--json").Json.List("defects").Count);
        Assert.Equal(35, Run("inspect", folder[""], "--json").Json.List("warnings").Count);

        // Other shapes than those of the first are other faults.
        File.WriteAllText(folder["config.json"], config.Replace("\"intermediate_size\": 256", "\"intermediate_size\": 512", StringComparison.Ordinal));
        string shapes = Run("verify", folder[""]).Out;
        Assert.Contains("'model.layers.0.mlp.gate_proj.weight' is [256, 256], expected [512, 256]", shapes.ReplaceLineEndings(" "), StringComparison.Ordinal);
        Assert.Contains("... and 9 more with the same fault", shapes, StringComparison.Ordinal);
        Assert.Contains("... and 4 more with the same fault", shapes, StringComparison.Ordinal);
    }

    [Fact]
    public void VerifyMissesTheLayersThatTheConfigPromises()
    {
        using var folder = new TemporaryFolder();
        File.Copy(Path.Combine(Repository.GptqModel, "config.json"), folder["config.json"]);
        foreach (string[] names in new string[][] { [], ["model.norm.weight", "lm_head.weight"] })
        {
            using (SafetensorsWriter writer = SafetensorsWriter.Create(folder["model.safetensors"]))
            {
                foreach (string name in names)
                {
                    writer.AddTensor(name, SafetensorsType.F32, [1]);
                }

                Array.ForEach(names, name => writer.Write(name, new byte[sizeof(float)]));
                writer.Complete();
            }

            ToolResult result = Run("verify", folder[""], "--json");
            Assert.Equal((1, false), (result.ExitCode, result.Json.Flag("sound")));
            Assert.Equal(
                $"{folder[""]}: found 0 tensors of layers, expected 5 layers as config.json says",
                Assert.Single(result.Json.List("defects")).Text("problem"));
            File.Delete(folder["model.safetensors"]);
        }
    }

    // Packed integers that are called floats are NaN here and there, which says nothing more.
    [Fact]
    public void ATensorOfTheWrongTypeIsOneDefect()
    {
        using var folder = new TemporaryFolder();
        File.Copy(Path.Combine(Repository.GptqModel, "config.json"), folder["config.json"]);
        byte[] bytes = File.ReadAllBytes(Path.Combine(Repository.GptqModel, "model.safetensors"));
        int name = bytes.AsSpan().IndexOf("\"model.layers.0.mlp.down_proj.qweight\""u8), type = name + bytes.AsSpan(name).IndexOf("I32"u8);
        bytes[type] = (byte)'F';
        File.WriteAllBytes(folder["model.safetensors"], bytes);

        Assert.EndsWith(
            "model.safetensors: tensor 'model.layers.0.mlp.down_proj.qweight' is F32, expected I32 or I16",
            Assert.Single(Run("verify", folder[""], "--json").Json.List("defects")).Text("problem"), StringComparison.Ordinal);
    }

    [Fact]
    public void ScalesThatAreNoNumbersAreWarnedOf()
    {
        using var folder = new TemporaryFolder();
        string path = folder["model.safetensors"];
        File.Copy(Path.Combine(Repository.GptqModel, "model.safetensors"), path);
        File.Copy(Path.Combine(Repository.GptqModel, "config.json"), folder["config.json"]);
        long at;
        using (SafetensorsModel model = SafetensorsModel.Open(path))
        {
            at = model.Tensors["model.layers.1.mlp.up_proj.scales"].FileOffset + 10;
        }

        byte[] bytes = File.ReadAllBytes(path);
        (bytes[at], bytes[at + 1]) = (0x00, 0x7e);   // NaN
        File.WriteAllBytes(path, bytes);
        const string Warning = "tensor 'model.layers.1.mlp.up_proj.scales': 1 of 512 scales are NaN or infinite (first: [0, 5])";
        Assert.EndsWith(Warning, Assert.Single(Succeed("inspect", folder[""], "--json").Json.List("warnings")).GetString(), StringComparison.Ordinal);
        Assert.Contains(Warning, Run("dequantize", folder[""], "-o", folder["out.safetensors"]).Error, StringComparison.Ordinal);
    }

    // What cannot be read is no plain tensor, in a folder or a file without settings.
    [Fact]
    public void FitRefusesToGuessOfSingleFilesToo()
    {
        using var folder = new TemporaryFolder();
        using (SafetensorsWriter writer = SafetensorsWriter.Create(folder["m.safetensors"]))
        {
            writer.AddTensor("a.qweight", SafetensorsType.I32, [8, 64]);
            writer.AddTensor("a.scales", SafetensorsType.F16, [2, 64]);
            writer.Write("a.qweight", new byte[8 * 64 * 4]);
            writer.Write("a.scales", new byte[2 * 64 * 2]);
            writer.Complete();
        }

        Run("inspect", folder["m.safetensors"], "--fit", "1GB").AssertFails(1, "--fit: what its weights take decoded is not known: ", "module 'a'");
    }

    [Fact]
    public void OtherCommandsSayThatTheyTakeGguf()
    {
        using var folder = new TemporaryFolder();

        Run("merge", Repository.GptqModel, "-o", folder["x.gguf"]).AssertFails(1, "is a directory, expected a file");
        Run("split", Path.Combine(Repository.GptqModel, "model.safetensors"), "-o", folder["x"], "--max-tensors", "1")
            .AssertFails(1, "it looks like a safetensors file");
        Run("metadata", Repository.GptqModel).AssertFails(1, "is a safetensors model, expected a GGUF file; 'quantnet inspect' shows its metadata");
        Run("extract", Repository.GptqModel, "--tensor", "x", "-o", folder["x"]).AssertFails(1, "is a safetensors model, expected a GGUF file; 'quantnet slice --module'");
    }

    [Fact]
    public void AFolderWithoutAModelIsNotCalledOne()
    {
        const string Nothing = ": has no model in it: neither *.safetensors nor *.gguf";
        using var folder = new TemporaryFolder();
        string empty = folder["empty"], ggufs = folder["ggufs"];
        Directory.CreateDirectory(empty);
        Directory.CreateDirectory(ggufs);
        File.Copy(Repository.WideModel, folder["ggufs/wide.gguf"]);

        Run("metadata", empty).AssertFails(1, Nothing);
        Run("metadata", ggufs).AssertFails(1, "has no .safetensors file; name one of 'wide.gguf'");
        Run("dequantize", empty, "-o", folder["x.gguf"]).AssertFails(1, Nothing);
        Run("slice", empty, "-o", folder["x"], "--axis", "out", "--range", "0:1", "--tensor", "x").AssertFails(1, Nothing);
        foreach (string[] models in new string[][] { [Repository.WideModel, empty], [empty, Repository.WideModel] })
        {
            ToolResult result = Run(["verify", "--against", .. models]);
            Assert.Equal((1, ""), (result.ExitCode, result.Error));
            Assert.Contains(empty + Nothing, result.Out, StringComparison.Ordinal);
        }
    }
}
