using Quant.Net.Gguf;
using Quant.Net.Tool.Tests.Support;
using static Quant.Net.Tool.Tests.Support.CommandLineTool;

namespace Quant.Net.Tool.Tests.Commands;

/// <summary><c>split</c> and <c>merge</c>.</summary>
public class SplitTests
{
    [Theory]
    [InlineData(3, "--max-size", "500KB")]
    [InlineData(5, "--max-tensors", "10")]
    [InlineData(48, "--max-size", "1")]
    public void WhatWasSplitIsMergedToTheSameBytes(int files, params string[] limit)
    {
        using var folder = new TemporaryFolder();
        Succeed(["split", Repository.WideModel, "-o", folder["part"], "-q", .. limit]);
        Assert.Equal(
            Enumerable.Range(1, files).Select(number => $"part-{number:D5}-of-{files:D5}.gguf"),
            folder.Names);

        Succeed("merge", folder[folder.Names[^1]], "-o", folder["whole.gguf"], "-q");
        Assert.Equal(File.ReadAllBytes(Repository.WideModel), File.ReadAllBytes(folder["whole.gguf"]));
    }

    [Fact]
    public void EachFileSaysWhichItIs()
    {
        using var folder = new TemporaryFolder();
        Succeed("split", Repository.WideModel, "-o", folder["part"], "--max-tensors", "30", "-q");

        using GgufFile model = GgufFile.Open(folder["part-00001-of-00002.gguf"]);
        using GgufFile whole = GgufFile.Open(Repository.WideModel);
        Assert.Equal([.. whole.Metadata.Keys, "split.no", "split.tensors.count", "split.count"], model.Parts[0].Metadata.Keys);
        Assert.Equal(["split.no", "split.tensors.count", "split.count"], model.Parts[1].Metadata.Keys);
        Assert.Equal([30, 18], model.Parts.Select(part => part.TensorCount));
        Assert.All(model.Parts, (part, i) =>
        {
            Assert.Equal((GgufValueType.UInt16, i), (part.Metadata["split.no"].Type, part.Metadata.Get<int>("split.no")));
            Assert.Equal((GgufValueType.UInt16, 2), (part.Metadata["split.count"].Type, part.Metadata.Get<int>("split.count")));
            Assert.Equal(
                (GgufValueType.Int32, 48), (part.Metadata["split.tensors.count"].Type, part.Metadata.Get<int>("split.tensors.count")));
        });
        Assert.Empty(model.Warnings);
    }

    [Fact]
    public void OneFileIsAModelToo()
    {
        using var folder = new TemporaryFolder();
        Succeed("split", Repository.WideModel, "-o", folder["part.gguf"], "--max-size", "1GB", "-q");

        using GgufFile model = GgufFile.Open(folder["part-00001-of-00001.gguf"]);
        Assert.Empty(model.Warnings);
    }

    [Fact]
    public void FilesOfAnEarlierOutputAreNamed()
    {
        using var folder = new TemporaryFolder();
        Succeed("split", Repository.WideModel, "-o", folder["part"], "--max-tensors", "30", "-q");
        Assert.Equal("", Run("split", Repository.WideModel, "-o", folder["part"], "--max-tensors", "30", "--force", "--json").Error);

        ToolResult result = Run("split", Repository.WideModel, "-o", folder["part"], "--max-tensors", "20", "--force", "--json");
        Assert.EndsWith(
            "part: files of an earlier output are still beside it: 'part-00001-of-00002.gguf', 'part-00002-of-00002.gguf'",
            Assert.Single(result.Json.GetProperty("warnings").EnumerateArray()).GetString(), StringComparison.Ordinal);

        // What the parts are made of is no earlier output.
        folder.Names.Where(name => name.EndsWith("3.gguf", StringComparison.Ordinal)).ToList().ForEach(name => File.Delete(folder[name]));
        result = Run("split", folder["part-00001-of-00002.gguf"], "-o", folder["part"], "--max-tensors", "10");
        Assert.DoesNotContain("warning", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void ASplitModelIsCutAnew()
    {
        using var folder = new TemporaryFolder();
        Succeed("split", Repository.WideModel, "-o", folder["a"], "--max-tensors", "20", "-q");
        Directory.CreateDirectory(folder["other"]);
        Succeed("split", folder["a-00002-of-00003.gguf"], "-o", folder["other"], "--max-tensors", "24", "-q");
        Succeed("split", Repository.WideModel, "-o", folder["b"], "--max-tensors", "24", "-q");

        foreach (string number in new[] { "00001", "00002" })
        {
            Assert.Equal(File.ReadAllBytes(folder[$"b-{number}-of-00002.gguf"]), File.ReadAllBytes(folder[$"other/a-{number}-of-00002.gguf"]));
        }
    }

    [Fact]
    public void TypesThatNobodyKnowsAreKept()
    {
        using var folder = new TemporaryFolder();
        string model = new TinyGguf()
            .Add("general.name", "x")
            .AddTensor("a", 99, [32], new byte[64])
            .AddTensor("b", 0, [2], new byte[8])
            .Write(folder["m.gguf"]);
        Succeed("split", model, "-o", folder["part"], "--max-tensors", "1", "-q");
        Succeed("merge", folder["part-00001-of-00002.gguf"], "-o", folder["whole.gguf"], "-q");

        Assert.Equal(File.ReadAllBytes(model), File.ReadAllBytes(folder["whole.gguf"]));
    }

    [Fact]
    public void ExistingAndMissingFilesAreRefused()
    {
        using var folder = new TemporaryFolder();
        Succeed("split", Repository.WideModel, "-o", folder["part"], "--max-tensors", "20", "-q");
        File.WriteAllText(folder["part-00002-of-00003.gguf"], "precious");

        Run("split", Repository.WideModel, "-o", folder["part"], "--max-tensors", "20").AssertFails(1, "part-00001-of-00003.gguf", "exists");
        Assert.Equal("precious", File.ReadAllText(folder["part-00002-of-00003.gguf"]));
        File.Delete(folder["part-00002-of-00003.gguf"]);
        Run("merge", folder["part-00001-of-00003.gguf"], "-o", folder["whole.gguf"])
            .AssertFails(1, "1 of 3 parts are missing: 'part-00002-of-00003.gguf'");
        Assert.Equal(2, folder.Names.Count);
    }

    [Fact]
    public void AModelIsNotWrittenOverItself()
    {
        using var folder = new TemporaryFolder();
        Succeed("split", Repository.WideModel, "-o", folder["part"], "--max-tensors", "24", "-q");
        byte[] before = File.ReadAllBytes(folder["part-00001-of-00002.gguf"]);

        Run("split", folder["part-00001-of-00002.gguf"], "-o", folder["part"], "--max-tensors", "24", "--force").AssertFails(1, "the model itself");
        Run("merge", folder["part-00001-of-00002.gguf"], "-o", folder["part-00002-of-00002.gguf"], "--force").AssertFails(1, "the model itself");
        Assert.Equal(before, File.ReadAllBytes(folder["part-00001-of-00002.gguf"]));
        Assert.Equal(2, folder.Names.Count);
    }
}
