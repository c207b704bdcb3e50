using Quant.Net.Gguf;
using Quant.Net.Safetensors;
using Quant.Net.Tool.Tests.Support;
using static Quant.Net.Tool.Tests.Support.CommandLineTool;

namespace Quant.Net.Tool.Tests.Commands;

/// <summary><c>slice</c> and <c>concat</c>.</summary>
public class SliceTests
{
    private const string Module = "model.layers.0.mlp.down_proj", Tensor = "blk.0.attn_q.weight";

    [Theory]
    [InlineData("out")]
    [InlineData("in")]
    public void JoinedPartsOfAModuleAreTheModule(string axis)
    {
        using var folder = new TemporaryFolder();
        Succeed(
            "slice", Repository.GptqModel, "--module", Module, "--axis", axis, "--parts", "4", "--keep-groups", "-q",
            "-o", folder["part.safetensors"]);
        Assert.Equal(Enumerable.Range(1, 4).Select(part => $"part-{part}-of-4.safetensors"), folder.Names);

        Succeed(["concat", .. folder.Names.Select(name => folder[name]), "--axis", axis, "-o", folder["whole.safetensors"], "-q"]);
        using SafetensorsModel original = SafetensorsModel.Open(Repository.GptqModel);
        using SafetensorsModel whole = SafetensorsModel.Open(folder["whole.safetensors"]);
        Assert.Equal(4, whole.Tensors.Count);
        Assert.All(whole.Tensors, tensor =>
        {
            SafetensorsTensor expected = original.Tensors[tensor.Name];
            Assert.Equal(expected.Type, tensor.Type);
            Assert.Equal(expected.Shape, tensor.Shape);
            Assert.Equal(expected.GetSpan(0, expected.RowCount), tensor.GetSpan(0, tensor.RowCount));
        });
    }

    [Fact]
    public void JoinedPartsOfATensorAreTheTensor()
    {
        using var folder = new TemporaryFolder();
        Succeed("slice", Repository.WideModel, "--tensor", Tensor, "--axis", "out", "--parts", "2", "-o", folder["part.gguf"], "-q");
        Succeed(
            "slice", Repository.WideModel, "--tensor", Tensor, "--axis", "out", "--heads", "4", "--split", "24,40", "-o", folder["head.gguf"], "-q");
        Succeed("concat", folder["part-1-of-2.gguf"], folder["part-2-of-2.gguf"], "--axis", "out", "-o", folder["whole.gguf"], "-q");
        Succeed("metadata", folder["part-2-of-2.gguf"], "--remove", "quantnet.part", "-o", folder["unmarked.gguf"], "-q");
        Succeed("concat", folder["part-1-of-2.gguf"], folder["unmarked.gguf"], "--axis", "in", "-o", folder["wide.gguf"], "-q");

        using GgufFile model = GgufFile.Open(Repository.WideModel);
        using GgufFile whole = GgufFile.Open(folder["whole.gguf"]);
        using GgufFile wide = GgufFile.Open(folder["wide.gguf"]);
        Assert.Empty(whole.Metadata);
        using GgufFile values = GgufFile.Open(folder["head-2-of-2.gguf"]);
        GgufTensor original = model.Tensors[Tensor];
        Assert.Equal(original.GetSpan(0, 256), whole.Tensors[Tensor].GetSpan(0, 256));
        Assert.Equal([512, 128], wide.Tensors[Tensor].Dimensions);
        Assert.Equal([.. original.GetSpan(3, 1), .. original.GetSpan(131, 1)], wide.Tensors[Tensor].GetSpan(3, 1).ToArray());
        Assert.Equal([256, 160], values.Tensors[Tensor].Dimensions);
        Assert.Equal(original.GetSpan(64 + 24, 40), values.Tensors[Tensor].GetSpan(40, 40));

        Succeed("slice", folder["wide.gguf"], "--axis", "in", "--range", "256:512", "-o", folder["half.gguf"], "-q");
        using GgufFile half = GgufFile.Open(folder["half.gguf"]);
        Assert.Equal(original.GetSpan(128, 128), half.Tensors[Tensor].GetSpan(0, 128));
    }

    [Theory]
    [InlineData("wide-Q4_K_M.gguf: tensor 'blk.0.attn_q.weight': input features 0:64 are not whole blocks of 256, as Q4_K has them; nearest cuts: 0 and 256", "--tensor", Tensor, "--axis", "in", "--range", "0:64")]
    [InlineData("tensor 'blk.0.attn_q.weight': 256 output features do not divide into 3 equal parts; nearest numbers of parts: 2 and 4", "--tensor", Tensor, "--axis", "out", "--parts", "3")]
    [InlineData("256 input features do not divide into 2 equal parts of a multiple of 256; nearest number of parts: 1", "--tensor", Tensor, "--axis", "in", "--parts", "2")]
    [InlineData("Q4_K_M.gguf: tensor 'blk.0.attn_q.weight': output features 200:300 are not all there, expected some of 0:256", "--tensor", Tensor, "--axis", "out", "--range", "200:300")]
    [InlineData("tensor 'blk.0.attn_q.weight': 3 heads of 64 are 192 output features, expected 256", "--tensor", Tensor, "--axis", "out", "--heads", "3", "--split", "24,40")]
    [InlineData("tensor 'blk.0.attn_norm.weight': has 1 dimension, expected 2 or more to have output features", "--tensor", "blk.0.attn_norm.weight", "--axis", "out", "--parts", "2")]
    [InlineData("has no tensor 'blk.0.attn_x.weight'; did you mean", "--tensor", "blk.0.attn_x.weight", "--axis", "out", "--parts", "2")]
    [InlineData("has 48 tensors, --tensor says which, such as 'output.weight'", "--axis", "out", "--parts", "2")]
    public void WhatCannotBeCutLeavesNoFiles(string complaint, params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        Run(["slice", Repository.WideModel, "-o", folder["x.gguf"], .. arguments]).AssertFails(1, complaint);
        Assert.Empty(folder.Names);
    }

    // Parts say what they are of the whole: of the quarters 1 to 4 some are joined.
    [Theory]
    [InlineData("are in another order than they were cut in: expected", "out", "2", "1")]
    [InlineData("are in another order than they were cut in: expected", "out", "1", "3", "2", "4")]
    [InlineData("no part has output features 64:128 of 256", "out", "1", "3")]
    [InlineData("has output features 0:64, and", "out", "1", "1")]
    [InlineData("was cut along output features, expected input features to join along", "in", "1", "2")]
    public void PartsThatAreJoinedWronglyAreRefused(string complaint, string axis, params string[] parts)
    {
        using var folder = new TemporaryFolder();
        Succeed("slice", Repository.WideModel, "--tensor", Tensor, "--axis", "out", "--parts", "4", "-o", folder["q.gguf"], "-q");
        Run(["concat", .. parts.Select(part => folder[$"q-{part}-of-4.gguf"]), "--axis", axis, "-o", folder["x.gguf"]]).AssertFails(1, complaint);

        // The module has as many outputs.
        Succeed("slice", Repository.GptqModel, "--module", Module, "--axis", "out", "--parts", "4", "-o", folder["q.safetensors"], "-q");
        Run(["concat", .. parts.Select(part => folder[$"q-{part}-of-4.safetensors"]), "--axis", axis, "-o", folder["x.safetensors"]]).AssertFails(1, complaint);
        Assert.DoesNotContain(folder.Names, name => name.StartsWith('x'));
    }

    [Fact]
    public void JoinedNeighboursAreAPart()
    {
        using var folder = new TemporaryFolder();
        Succeed("slice", Repository.GptqModel, "--module", Module, "--axis", "in", "--parts", "4", "--keep-groups", "-o", folder["q.safetensors"], "-q");
        string Part(int part) => folder[$"q-{part}-of-4.safetensors"];
        Succeed("concat", Part(2), Part(3), "--axis", "in", "-o", folder["middle.safetensors"], "-q");
        Run("concat", folder["middle.safetensors"], Part(1), "--axis", "in", "-o", folder["x.safetensors"]).AssertFails(1, "in another order");
        Run("concat", folder["middle.safetensors"], Part(3), "--axis", "in", "-o", folder["x.safetensors"]).AssertFails(1, "expected none twice");
        Succeed("concat", Part(1), folder["middle.safetensors"], Part(4), "--axis", "in", "-o", folder["whole.safetensors"], "-q");
        using SafetensorsModel whole = SafetensorsModel.Open(folder["whole.safetensors"]);
        Assert.DoesNotContain(whole.Files[0].Metadata.Keys, key => key.StartsWith("quantnet.part", StringComparison.Ordinal));
        Succeed("verify", "--against", Repository.GptqModel, folder["middle.safetensors"], Part(4), Part(1), "-q");
    }

    // Keys and values are head by head in the whole.
    [Fact]
    public void JoinedPartsOfHeadsAreTheWhole()
    {
        using var folder = new TemporaryFolder();
        string[] heads = ["--axis", "out", "--heads", "4", "--split", "24,40", "-q"];
        Succeed(["slice", Repository.WideModel, "--tensor", Tensor, "-o", folder["h.gguf"], .. heads]);
        Succeed("concat", folder["h-1-of-2.gguf"], folder["h-2-of-2.gguf"], "--axis", "out", "-o", folder["whole.gguf"], "-q");
        using (GgufFile model = GgufFile.Open(Repository.WideModel), whole = GgufFile.Open(folder["whole.gguf"]))
        {
            Assert.Equal(model.Tensors[Tensor].GetSpan(0, 256), whole.Tensors[Tensor].GetSpan(0, 256));
            Assert.Empty(whole.Metadata);
        }

        Succeed(["slice", Repository.GptqModel, "--module", Module, "-o", folder["h.safetensors"], .. heads]);
        Succeed("concat", folder["h-1-of-2.safetensors"], folder["h-2-of-2.safetensors"], "--axis", "out", "-o", folder["whole.safetensors"], "-q");
        using (SafetensorsModel model = SafetensorsModel.Open(Repository.GptqModel), whole = SafetensorsModel.Open(folder["whole.safetensors"]))
        {
            Assert.All(whole.Tensors, tensor => Assert.Equal(model.Tensors[tensor.Name].GetSpan(0, tensor.RowCount), tensor.GetSpan(0, tensor.RowCount)));
            Assert.DoesNotContain(whole.Files[0].Metadata.Keys, key => key.StartsWith("quantnet.part", StringComparison.Ordinal));
        }

        Run("concat", folder["h-2-of-2.gguf"], folder["h-1-of-2.gguf"], "--axis", "out", "-o", folder["x.gguf"]).AssertFails(1, "in another order");
        Succeed(
            "slice", Repository.WideModel, "--tensor", Tensor, "--axis", "out", "--heads", "4", "--split", "24,8,32", "-o", folder["t.gguf"], "-q");
        Run("concat", folder["t-1-of-3.gguf"], folder["t-3-of-3.gguf"], "--axis", "out", "-o", folder["x.gguf"])
            .AssertFails(1, "t-1-of-3.gguf: 'blk.0.attn_q.weight': no part has output features 24:32 of 256");
    }

    // Parts that lie about what they are: their metadata say more features than there are.
    [Fact]
    public void MarksThatDoNotFitAreRefused()
    {
        using var folder = new TemporaryFolder();
        Succeed("slice", Repository.WideModel, "--tensor", Tensor, "--axis", "out", "--parts", "2", "-o", folder["h.gguf"], "-q");
        Succeed("metadata", folder["h-2-of-2.gguf"], "--set", "quantnet.part=output 128:250 of 256", "-o", folder["less.gguf"], "-q");
        Run("concat", folder["h-1-of-2.gguf"], folder["less.gguf"], "--axis", "out", "-o", folder["x.gguf"])
            .AssertFails(1, "less.gguf: has 128 output features, expected 122 as its metadata say");
    }

    [Fact]
    public void PartsThatDoNotBelongTogetherAreNamed()
    {
        using var folder = new TemporaryFolder();
        string Cut(string name, params string[] arguments)
        {
            Succeed(["slice", .. arguments, "-o", folder[name], "-q"]);
            return folder[name];
        }

        string module = Cut("a.safetensors", Repository.GptqModel, "--module", Module, "--axis", "out", "--range", "0:64");
        string other = Cut("b.safetensors", Repository.GptqModel, "--module", "model.layers.0.mlp.up_proj", "--axis", "out", "--range", "0:64");
        Run("concat", module, other, "--axis", "out", "-o", folder["x.safetensors"])
            .AssertFails(1, "b.safetensors: module 'model.layers.0.mlp.up_proj': has its inputs in other groups (g_idx) than the first part");
        string half = Cut("c.safetensors", Repository.GptqModel, "--module", Module, "--axis", "in", "--range", "0:128");
        Run("concat", module, half, "--axis", "out", "-o", folder["x.safetensors"])
            .AssertFails(1, "c.safetensors: was cut along input features, expected output features to join along");
        Run("concat", module, half, "--axis", "in", "-o", folder["x.safetensors"]).AssertFails(1, "a.safetensors: was cut along output features");

        string tensor = Cut("a.gguf", Repository.WideModel, "--tensor", Tensor, "--axis", "out", "--range", "0:64");
        string norm = folder["norm.gguf"];
        Succeed("slice", Repository.WideModel, "--tensor", "blk.0.attn_norm.weight", "--axis", "in", "--range", "0:64", "-o", norm, "-q");
        Run("concat", tensor, norm, "--axis", "out", "-o", folder["x.gguf"])
            .AssertFails(1, "norm.gguf: tensor 'blk.0.attn_norm.weight': is F32 [64], expected Q4_K [256, 64] as in", "but for the number of output features");
    }

    [Fact]
    public void ExistingFilesAndOtherModulesAreRefused()
    {
        using var folder = new TemporaryFolder();
        string[] slice = ["slice", Repository.GptqModel, "--axis", "out", "-q", "-o", folder["x.safetensors"]];
        Run([.. slice, "--parts", "2", "--module", "model.layers.0.mlp.down"]).AssertFails(1, "has no packed module 'model.layers.0.mlp.down'; did you mean");
        Run([.. slice, "--parts", "2", "--module", "lm_head"]).AssertFails(1, "module 'lm_head' is not packed, expected a packed one, such as 'model.layers.0.mlp.");
        Run([.. slice, "--range", "0:12", "--module", Module]).AssertFails(1, "model.safetensors: module 'model.layers.0.mlp.down_proj': output features 0:12 are 12, expected a multiple of 8 as GPTQ of 4 bits holds it; nearest ends: 8 or 16");
        Assert.Empty(folder.Names);

        Succeed([.. slice, "--range", "0:8", "--module", Module]);
        Run([.. slice, "--range", "8:16", "--module", Module]).AssertFails(1, "exists already");
        Succeed([.. slice, "--range", "8:16", "--module", Module, "--force"]);
    }
}
