using System.Text.Json;
using Quant.Net.Tool.Tests.Support;
using static Quant.Net.Tool.Tests.Support.CommandLineTool;

namespace Quant.Net.Tool.Tests.Commands;

public class InspectTests
{
    [Fact]
    public void ShowsWhatIsInAModel()
    {
        string text = Succeed("inspect", Repository.WideModel).Out;

        Assert.Contains("architecture  llama\n", text, StringComparison.Ordinal);
        Assert.Contains("parameters    2,231,040", text, StringComparison.Ordinal);
        Assert.Contains("blk.0.attn_q.weight", text, StringComparison.Ordinal);
        Assert.Contains("(512 elements)", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', text);
    }

    [Fact]
    public void JsonHoldsTheSame()
    {
        JsonElement json = Succeed("inspect", Repository.WideModel, "--json").Json;

        Assert.Equal(1, json.Number("schema"));
        Assert.Equal(48, json.List("tensors").Count);
        Assert.Equal(2231040, json.GetProperty("selected").Number("parameters"));
        Assert.Equal(2231040 * 4, json.GetProperty("selected").Number("f32Bytes"));
        Assert.Equal(1.0, json.List("types").Sum(type => type.GetProperty("share").GetDouble()), 9);
        JsonElement tensor = json.List("tensors").Find("name", "blk.2.attn_v.weight");
        Assert.Equal("Q6_K", tensor.Text("type"));
        Assert.Equal([256, 128], tensor.List("shape").Select(dimension => dimension.GetInt32()));
        Assert.Equal(26880, tensor.Number("bytes"));
        Assert.Equal(736192, tensor.Number("offset"));
        JsonElement tokens = json.List("metadata").Find("key", "tokenizer.ggml.tokens");
        Assert.Equal(512, tokens.Number("count"));
        Assert.Equal(8, tokens.List("value").Count);
        Assert.True(tokens.Flag("shortened"));
    }

    [Fact]
    public void AllShowsLongMetadataWhole()
    {
        string text = Succeed("inspect", Repository.StoriesModel, "--all").Out;
        JsonElement json = Succeed("inspect", Repository.StoriesModel, "--all", "--json").Json;

        Assert.DoesNotContain("elements)", text, StringComparison.Ordinal);
        Assert.All(
            json.List("metadata").Where(entry => entry.TryGetProperty("count", out _)),
            entry => Assert.Equal(entry.Number("count"), entry.List("value").Count));
    }

    [Fact]
    public void PatternsSelectTensors()
    {
        JsonElement json = Succeed("inspect", Repository.WideModel, "--json", "--tensor", "blk.[01].attn_q.*", "--tensor", "output*").Json;

        Assert.Equal(
            ["output.weight", "output_norm.weight", "blk.0.attn_q.weight", "blk.1.attn_q.weight"],
            json.List("tensors").Texts("name"));
        Assert.Equal(4, json.GetProperty("selected").Number("tensors"));
        Assert.Equal(48, json.Number("tensorCount"));
        Assert.Contains("2 of 48", Succeed("inspect", Repository.WideModel, "--tensor", "output*").Out, StringComparison.Ordinal);
    }

    [Fact]
    public void APatternThatMatchesNothingFails() =>
        Run("inspect", Repository.WideModel, "--tensor", "blk.99.*").AssertFails(1, "'blk.99.*'", "wide-Q4_K_M.gguf");

    [Fact]
    public void NamesFromTheFileCannotDisturbATerminal()
    {
        using var folder = new TemporaryFolder();
        string model = new TinyGguf()
            .Add("general.architecture", "\u001b[31mllama\u001b]0;title\u0007")
            .Add("evil.\u009bkey", "line\nbreak \u202e reversed [red]")
            .AddTensor("[red]\u001b[2Jname", 0, [2], new byte[8])
            .Write(folder["evil.gguf"]);

        foreach (string[] options in new string[][] { [], ["--all"], ["--json"] })
        {
            string text = Succeed(["inspect", model, .. options]).Out;
            Assert.DoesNotContain(text, character => char.IsControl(character) && character != '\n');
            Assert.DoesNotContain('\u202e', text);
            Assert.Contains("[red]", text, StringComparison.Ordinal);
        }

        Assert.Equal("[red]\u001b[2Jname", Succeed("inspect", model, "--json").Json.GetProperty("tensors")[0].Text("name"));
    }

    [Fact]
    public void StrangeNumbersAreValidJson()
    {
        using var folder = new TemporaryFolder();
        string model = new TinyGguf().Add("a.b", float.NaN, float.PositiveInfinity, float.NegativeInfinity, 1.5f).Write(folder["nan.gguf"]);

        JsonElement value = Succeed("inspect", model, "--json").Json.GetProperty("metadata")[0].GetProperty("value");

        Assert.Equal("[\"NaN\",\"Infinity\",\"-Infinity\",1.5]", JsonSerializer.Serialize(value));
    }

    [Fact]
    public void UnknownTypesAreListedByNumber()
    {
        using var folder = new TemporaryFolder();
        string model = new TinyGguf().AddTensor("x.weight", 99, [32], new byte[64]).Write(folder["new.gguf"]);

        Assert.Contains("type 99", Succeed("inspect", model).Out, StringComparison.Ordinal);
    }

    [Fact]
    public void CompanionScalesAreShownWithTheirTensor()
    {
        using var folder = new TemporaryFolder();
        string model = new TinyGguf()
            .AddTensor("x.weight", 1, [4], new byte[8])
            .AddTensor("x.scale", 0, [1], new byte[4])
            .Write(folder["scaled.gguf"]);

        JsonElement tensors = Succeed("inspect", model, "--json").Json.GetProperty("tensors");
        Assert.Equal("x.scale", tensors[0].Text("scale"));
        Assert.False(tensors[1].TryGetProperty("scale", out _));
        Assert.Contains("F16 with scale", Succeed("inspect", model).Out, StringComparison.Ordinal);
    }

    [Fact]
    public void AModelOfManyGigabytesIsInspectedAtOnce()
    {
        using var folder = new TemporaryFolder();
        string model = new TinyGguf().AddHole("big.weight", 1, [1 << 20, 4096], 2L << 32).Write(folder["big.gguf"]);

        Assert.Contains("8.00 GiB packed", Succeed("inspect", model).Out, StringComparison.Ordinal);
    }

    [Fact]
    public void MissingFilesAndDirectoriesAreNamed()
    {
        using var folder = new TemporaryFolder();
        Run("inspect", folder["none.gguf"]).AssertFails(1, folder["none.gguf"], "no such file");
        Run("inspect", folder.Path).AssertFails(1, folder.Path, "has no model in it: neither *.safetensors nor *.gguf");
        Run("split", folder.Path, "-o", folder["x"], "--max-tensors", "1").AssertFails(1, folder.Path, "is a directory");
    }

    [Fact]
    public void FilesThatAreNoModelsAreRefused()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["other.gguf"], [2, 0, 0, 0, 0, 0, 0, 0, (byte)'{', (byte)'}']);
        Run("inspect", folder["other.gguf"]).AssertFails(1, folder["other.gguf"], "it looks like a safetensors file");
        File.WriteAllText(folder["text.gguf"], "this is no model at all, not even nearly");
        File.WriteAllBytes(folder["empty.gguf"], []);
        File.WriteAllBytes(folder["cut.gguf"], File.ReadAllBytes(Repository.WideModel)[..100_000]);

        Run("inspect", folder["text.gguf"]).AssertFails(1, "text.gguf");
        Run("inspect", folder["empty.gguf"]).AssertFails(1, "empty.gguf");
        Run("inspect", folder["cut.gguf"]).AssertFails(1, "cut.gguf", "100000");
    }

    [UnprivilegedFact]
    public void AFileThatMayNotBeReadIsNamed()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["secret.gguf"], File.ReadAllBytes(Repository.WideModel));

        RunInShell($"chmod 000 '{folder["secret.gguf"]}' && quantnet inspect '{folder["secret.gguf"]}'").AssertFails(1, "secret.gguf");
    }

    [LinuxFact]
    public void AModelMayBeCalledLikeAResponseFile()
    {
        using var folder = new TemporaryFolder();
        File.Copy(Repository.WideModel, folder["@model.gguf"]);

        ToolResult result = RunInShell($"cd '{folder.Path}' && quantnet inspect @model.gguf");
        Assert.Equal(0, result.ExitCode);
    }

    [Fact]
    public void ASplitModelMayBeIncompleteIfAskedFor()
    {
        using var folder = new TemporaryFolder();
        Split(folder, 0);
        Split(folder, 2);

        Run("inspect", folder["m-00001-of-00003.gguf"]).AssertFails(1, "m-00002-of-00003.gguf");
        JsonElement json = Succeed("inspect", folder["m-00001-of-00003.gguf"], "--partial", "--json").Json;
        Assert.Equal(2, json.List("files").Count);
        Assert.Equal(["t0", "t2"], json.List("tensors").Texts("name"));
        Assert.Contains("m-00002-of-00003.gguf", json.GetProperty("warnings")[0].GetString(), StringComparison.Ordinal);
    }

    private static void Split(TemporaryFolder folder, ushort number) => new TinyGguf()
        .Add("split.no", number)
        .Add("split.count", (ushort)3)
        .Add("split.tensors.count", 3)
        .AddTensor($"t{number}", 0, [8], new byte[32])
        .Write(folder[$"m-0000{number + 1}-of-00003.gguf"]);
}
