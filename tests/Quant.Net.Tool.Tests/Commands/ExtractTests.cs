using System.Runtime.InteropServices;
using System.Text;
using Quant.Net.Gguf;
using Quant.Net.Tool.Tests.Support;
using static Quant.Net.Tool.Tests.Support.CommandLineTool;

namespace Quant.Net.Tool.Tests.Commands;

public class ExtractTests
{
    private const string Tensor = "blk.0.ffn_down.weight";

    [Theory]
    [InlineData("f32", "<f4")]
    [InlineData("f16", "<f2")]
    public void NpyFilesHoldDecodedWeights(string type, string description)
    {
        using var folder = new TemporaryFolder();
        Succeed("extract", Repository.WideModel, "--tensor", Tensor, "-o", folder["x.npy"], "--type", type, "-q");

        byte[] file = File.ReadAllBytes(folder["x.npy"]);
        string head = Encoding.ASCII.GetString(file, 10, BitConverter.ToUInt16(file, 8));
        using GgufFile model = GgufFile.Open(Repository.WideModel);
        Assert.Equal([0x93, .. "NUMPY\u0001\0"u8], file[..8]);
        Assert.Equal(
            $"{{'descr': '{description}', 'fortran_order': False, 'shape': ({string.Join(", ", model.Tensors[Tensor].Shape)}), }}",
            head.TrimEnd());
        Assert.EndsWith("\n", head, StringComparison.Ordinal);
        Assert.Equal(0, (10 + head.Length) % 64);
        Assert.Equal(Decode(model.Tensors[Tensor], type), file[(10 + head.Length)..]);
        Assert.Equal(["x.npy"], folder.Names);
    }

    [Fact]
    public void ShapesOfOneAndOfNoDimensionsAreTuples()
    {
        using var folder = new TemporaryFolder();
        string model = new TinyGguf().AddTensor("one", 26, [3], new byte[12]).AddTensor("none", 0, [], new byte[4]).Write(folder["m.gguf"]);
        Succeed("extract", model, "--tensor", "one", "-o", folder["one.npy"], "-q");
        Succeed("extract", model, "--tensor", "none", "-o", folder["none.npy"], "-q");

        Assert.Contains("'descr': '<i4', 'fortran_order': False, 'shape': (3,), ", File.ReadAllText(folder["one.npy"]), StringComparison.Ordinal);
        Assert.Contains("'shape': (), ", File.ReadAllText(folder["none.npy"]), StringComparison.Ordinal);
    }

    [Fact]
    public void OtherFilesHoldThePackedBytes()
    {
        using var folder = new TemporaryFolder();
        Succeed("extract", Repository.WideModel, "--tensor", Tensor, "-o", folder["x.bin"], "-q");

        using GgufFile model = GgufFile.Open(Repository.WideModel);
        Assert.Equal(model.Tensors[Tensor].GetSpan(0, model.Tensors[Tensor].RowCount).ToArray(), File.ReadAllBytes(folder["x.bin"]));
    }

    [Fact]
    public void TypesThatNobodyKnowsAreCopiedButNotDecoded()
    {
        using var folder = new TemporaryFolder();
        string model = new TinyGguf().AddTensor("x", 99, [32], [.. Enumerable.Range(0, 64).Select(i => (byte)i)]).Write(folder["m.gguf"]);
        Succeed("extract", model, "--tensor", "x", "-o", folder["x.bin"], "-q");

        Assert.Equal(Enumerable.Range(0, 64).Select(i => (byte)i), File.ReadAllBytes(folder["x.bin"]));
        Run("extract", model, "--tensor", "x", "-o", folder["x.npy"]).AssertFails(1, "'x (type 99)'");
        Assert.Equal(["m.gguf", "x.bin"], folder.Names);
    }

    [Fact]
    public void FaultsLeaveNothing()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["x.npy"], "precious");

        Run("extract", Repository.WideModel, "--tensor", Tensor, "-o", folder["x.npy"]).AssertFails(1, "exists", "--force");
        Run("extract", Repository.WideModel, "--tensor", "blk.0.ffn_dawn.weight", "-o", folder["y.npy"])
            .AssertFails(1, "no tensor 'blk.0.ffn_dawn.weight'", $"did you mean '{Tensor}'?");
        Run("extract", Repository.WideModel, "--tensor", Tensor, "-o", folder["y.bin"], "--type", "f16").AssertFails(2, "--type", ".npy");
        Assert.Equal("precious", File.ReadAllText(folder["x.npy"]));
        Assert.Equal(["x.npy"], folder.Names);
    }

    private static byte[] Decode(GgufTensor tensor, string type)
    {
        using QuantDevice device = QuantDevice.Open("cpu");
        float[] weights = new float[tensor.ElementCount];
        tensor.Dequantize(device, 0, tensor.RowCount, weights);
        return type == "f32"
            ? MemoryMarshal.AsBytes(weights.AsSpan()).ToArray()
            : MemoryMarshal.AsBytes(weights.Select(weight => (Half)weight).ToArray().AsSpan()).ToArray();
    }
}
