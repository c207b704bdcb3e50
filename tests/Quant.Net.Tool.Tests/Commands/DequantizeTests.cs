using System.Runtime.InteropServices;
using System.Text.Json;
using Quant.Net.Gguf;
using Quant.Net.Tool.Tests.Support;
using static Quant.Net.Tool.Tests.Support.CommandLineTool;

namespace Quant.Net.Tool.Tests.Commands;

public class DequantizeTests
{
    [Theory]
    [InlineData("f32", "F32")]
    [InlineData("f16", "F16")]
    [InlineData("BF16", "BF16")]
    public void SafetensorsHoldTheDecodedWeights(string type, string expectedType)
    {
        using var folder = new TemporaryFolder();
        Run("dequantize", Repository.WideModel, "-o", folder["out.safetensors"], "--type", type);

        var output = new PlainSafetensors(folder["out.safetensors"]);
        using GgufFile model = GgufFile.Open(Repository.WideModel);
        using QuantDevice device = QuantDevice.Open("cpu", new QuantDeviceOptions { InstructionSet = InstructionSet.Scalar });
        Assert.Equal(model.Tensors.Select(tensor => tensor.Name).Order(), output.Names.Order());
        foreach (GgufTensor tensor in model.Tensors)
        {
            Assert.Equal(expectedType, output.TypeOf(tensor.Name));
            Assert.Equal(tensor.Shape, output.ShapeOf(tensor.Name));
            Assert.True(output.DataOf(tensor.Name).SequenceEqual(Decode(tensor, device, type)), tensor.Name);
        }
    }

    [Fact]
    public void GgufKeepsMetadataAndVectors()
    {
        using var folder = new TemporaryFolder();
        Run("dequantize", Repository.StoriesModel, "-o", folder["out.gguf"]);

        JsonElement before = Succeed("inspect", Repository.StoriesModel, "--json").Json;
        JsonElement after = Succeed("inspect", folder["out.gguf"], "--json").Json;
        Assert.Equal(before.Number("tensorCount"), after.Number("tensorCount"));
        Assert.Equal(before.Text("architecture"), after.Text("architecture"));
        Assert.Equal(["F16", "F32"], after.List("types").Texts("type"));
        Assert.All(
            after.List("tensors"),
            tensor => Assert.Equal(tensor.List("shape").Count == 1 ? "F32" : "F16", tensor.Text("type")));
    }

    [Fact]
    public void SaysWhatWasDone()
    {
        using var folder = new TemporaryFolder();
        ToolResult result = Run("dequantize", Repository.WideModel, "-o", folder["out.safetensors"]);

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("48 tensors, 2,231,040 parameters as f16", result.Out, StringComparison.Ordinal);
        Assert.Contains(folder["out.safetensors"], result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void QuietSaysNothing()
    {
        using var folder = new TemporaryFolder();

        Assert.Equal("", Succeed("dequantize", Repository.WideModel, "-o", folder["out.safetensors"], "--quiet").Out);
        Assert.Equal(["out.safetensors"], folder.Names);
    }

    [Fact]
    public void JsonSaysTheSameOnAnyDeviceOptions()
    {
        using var folder = new TemporaryFolder();
        JsonElement json = Succeed(
            "dequantize", Repository.WideModel, "-o", folder["a.safetensors"], "--json",
            "--device", "cpu", "--threads", "3", "--isa", "scalar").Json;
        Succeed("dequantize", Repository.WideModel, "-o", folder["b.safetensors"], "--json");

        Assert.Equal("safetensors", json.Text("container"));
        Assert.Equal(48, json.Number("tensors"));
        Assert.Equal(new FileInfo(folder["a.safetensors"]).Length, json.Number("bytesWritten"));
        Assert.Equal("scalar", json.GetProperty("device").Text("instructionSet"));
        Assert.Equal(3, json.GetProperty("device").Number("threads"));
        Assert.Contains("scalar/Q4_K/f16", json.List("kernels").Select(kernel => kernel.GetString()));
        Assert.Equal(File.ReadAllBytes(folder["a.safetensors"]), File.ReadAllBytes(folder["b.safetensors"]));
    }

    [Fact]
    public void PatternsSelectTensors()
    {
        using var folder = new TemporaryFolder();
        Succeed(
            "dequantize", Repository.WideModel, "-o", folder["out.safetensors"], "-q",
            "--tensor", "blk.0.attn_[qk].weight", "--tensor", "output_norm*");

        Assert.Equal(
            ["blk.0.attn_k.weight", "blk.0.attn_q.weight", "output_norm.weight"],
            new PlainSafetensors(folder["out.safetensors"]).Names.Order());
        Run("dequantize", Repository.WideModel, "-o", folder["none.safetensors"], "--tensor", "nothing.*").AssertFails(1, "'nothing.*'");
        Assert.Equal(["out.safetensors"], folder.Names);
    }

    [Fact]
    public void ShardsHaveAnIndex()
    {
        using var folder = new TemporaryFolder();
        JsonElement json = Succeed(
            "dequantize", Repository.WideModel, "-o", folder["out.safetensors"], "--shard-size", "2MB", "--json").Json;

        Assert.Equal(
            [
                "out-00001-of-00003.safetensors",
                "out-00002-of-00003.safetensors",
                "out-00003-of-00003.safetensors",
                "out.safetensors.index.json",
            ],
            folder.Names);
        Assert.Equal(folder.Names, json.List("outputs").Select(path => Path.GetFileName(path.GetString()!)));
    }

    [Fact]
    public void AnExistingFileIsReplacedOnlyByForce()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["out.safetensors"], "precious");

        Run("dequantize", Repository.WideModel, "-o", folder["out.safetensors"]).AssertFails(1, "out.safetensors", "exists");
        Assert.Equal("precious", File.ReadAllText(folder["out.safetensors"]));
        Succeed("dequantize", Repository.WideModel, "-o", folder["out.safetensors"], "--force", "-q");
        Assert.Equal(48, new PlainSafetensors(folder["out.safetensors"]).Names.Count());
    }

    [Fact]
    public void FilesOfAnEarlierOutputAreNamed()
    {
        using var folder = new TemporaryFolder();
        Succeed("dequantize", Repository.WideModel, "-o", folder["out.safetensors"], "--shard-size", "2MB", "-q");
        File.WriteAllText(folder["out-of-season.safetensors"], "");
        Run("dequantize", Repository.WideModel, "-o", folder["out.safetensors"], "--shard-size", "2MB").AssertFails(
            1, "out.safetensors.index.json: exists already (--force replaces it)");

        ToolResult result = Run("dequantize", Repository.WideModel, "-o", folder["out.safetensors"]);

        Assert.Equal(0, result.ExitCode);
        Assert.Contains(
            "files of an earlier output are still beside it: 'out-00001-of-00003.safetensors', 'out-00002-of-00003.safetensors', "
            + "'out-00003-of-00003.safetensors', 'out.safetensors.index.json'\n", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void ATensorLargerThanAFileMayBeIsAWarning()
    {
        using var folder = new TemporaryFolder();
        string model = new TinyGguf().AddTensor("x.weight", 0, [2], Bytes(1, 2)).Write(folder["m.gguf"]);

        ToolResult result = Run("dequantize", model, "-o", folder["out.safetensors"], "--shard-size", "3");

        Assert.Contains("1 tensor larger than the limit of 3 bytes", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void TheLongestNameThatTheSystemTakesIsTaken()
    {
        using var folder = new TemporaryFolder();
        string name = new string('n', 250) + ".gguf";

        Succeed("dequantize", Repository.StoriesModel, "-o", folder[name], "-q");
        Assert.Equal([name], folder.Names);
        Run("dequantize", Repository.StoriesModel, "-o", folder["n" + name]).AssertFails(1, "the name has 256 bytes, expected at most 255");
    }

    [Fact]
    public void TheModelIsNeverItsOwnOutput()
    {
        using var folder = new TemporaryFolder();
        File.Copy(Repository.WideModel, folder["m.gguf"]);

        Run("dequantize", folder["m.gguf"], "-o", folder["m.gguf"], "--force").AssertFails(1, "m.gguf");
        Assert.Equal(File.ReadAllBytes(Repository.WideModel), File.ReadAllBytes(folder["m.gguf"]));
        Assert.Equal(["m.gguf"], folder.Names);
    }

    [Fact]
    public void ScalesAreAppliedWhenAskedFor()
    {
        using var folder = new TemporaryFolder();
        string model = new TinyGguf()
            .AddTensor("x.weight", 0, [2], Bytes(1.5f, -2f))
            .AddTensor("x.scale", 0, [1], Bytes(4f))
            .Write(folder["m.gguf"]);

        ToolResult kept = Run("dequantize", model, "-o", folder["kept.safetensors"], "--type", "f32");
        Assert.Equal(0, kept.ExitCode);
        Assert.Contains("quantnet: warning: ", kept.Error, StringComparison.Ordinal);
        Assert.Equal(Bytes(1.5f, -2f), new PlainSafetensors(folder["kept.safetensors"]).DataOf("x.weight").ToArray());

        Succeed("dequantize", model, "-o", folder["applied.safetensors"], "--type", "f32", "--apply-scales", "-q");
        var applied = new PlainSafetensors(folder["applied.safetensors"]);
        Assert.Equal(["x.weight"], applied.Names);
        Assert.Equal(Bytes(6f, -8f), applied.DataOf("x.weight").ToArray());
    }

    [Fact]
    public void StrictRefusesWhatDoesNotFit()
    {
        using var folder = new TemporaryFolder();
        string model = new TinyGguf().AddTensor("x.weight", 0, [2, 2], Bytes(1e6f, 1f, 2f, 3f)).Write(folder["m.gguf"]);

        ToolResult warned = Run("dequantize", model, "-o", folder["out.safetensors"]);
        Assert.Equal(0, warned.ExitCode);
        Assert.Contains("x.weight", warned.Error, StringComparison.Ordinal);
        Run("dequantize", model, "-o", folder["strict.safetensors"], "--strict").AssertFails(1, "x.weight");
        Assert.Equal(["m.gguf", "out.safetensors"], folder.Names);
    }

    [Fact]
    public void UnknownTypesAreRefusedByName()
    {
        using var folder = new TemporaryFolder();
        string model = new TinyGguf().AddTensor("x.weight", 99, [32], new byte[64]).Write(folder["m.gguf"]);

        Run("dequantize", model, "-o", folder["out.safetensors"]).AssertFails(1, "1 tensor of types", "x.weight", "99");
    }

    [Fact]
    public void ANameThatSafetensorsKeepForThemselvesIsRefused()
    {
        using var folder = new TemporaryFolder();
        string model = new TinyGguf().AddTensor("__metadata__", 0, [2], Bytes(1, 2)).Write(folder["m.gguf"]);

        Run("dequantize", model, "-o", folder["out.safetensors"]).AssertFails(1, model, "'__metadata__'");
    }

    [Fact]
    public void MissingPlacesAreNamed()
    {
        using var folder = new TemporaryFolder();
        Run("dequantize", folder["none.gguf"], "-o", folder["out.safetensors"]).AssertFails(1, folder["none.gguf"], "no such file");
        Run("dequantize", Repository.WideModel, "-o", folder["no/such/out.safetensors"]).AssertFails(1, "there is no directory", "no/such");
        Run("dequantize", Repository.WideModel, "-o", folder["no/such/out.gguf"]).AssertFails(1, "there is no directory", "no/such");
        File.WriteAllBytes(folder["cut.gguf"], File.ReadAllBytes(Repository.WideModel)[..500_000]);
        Run("dequantize", folder["cut.gguf"], "-o", folder["out.safetensors"]).AssertFails(1, "cut.gguf");
        Assert.Equal(["cut.gguf"], folder.Names);
    }

    private static byte[] Decode(GgufTensor tensor, QuantDevice device, string type)
    {
        float[] weights = new float[tensor.ElementCount];
        tensor.Dequantize(device, 0, tensor.RowCount, weights);
        return type switch
        {
            "f32" => MemoryMarshal.AsBytes(weights.AsSpan()).ToArray(),
            "f16" => MemoryMarshal.AsBytes(weights.Select(weight => (Half)weight).ToArray().AsSpan()).ToArray(),
            _ => MemoryMarshal.AsBytes(weights.Select(weight => (BFloat16)weight).ToArray().AsSpan()).ToArray(),
        };
    }

    private static byte[] Bytes(params float[] values) => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
}
