using System.Security.Cryptography;
using System.Text.Json;
using Quant.Net.Gguf;
using Quant.Net.Tool.Tests.Support;
using static Quant.Net.Tool.Tests.Support.CommandLineTool;

namespace Quant.Net.Tool.Tests.Commands;

public class VerifyTests
{
    [Fact]
    public void SoundModelsAreExitCode0()
    {
        ToolResult result = Run("verify", Repository.WideModel);

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Contains("48 tensors", result.Out, StringComparison.Ordinal);
        Assert.Contains("sound", result.Out, StringComparison.Ordinal);
        Assert.Equal("", Succeed("verify", Repository.StoriesModel, "-q").Out);
    }

    [Theory]
    [InlineData(0x7E00)]
    [InlineData(0x7C00)]
    [InlineData(0xFC00)]
    public void AScaleThatIsNoNumberIsADefect(int scale)
    {
        using var folder = new TemporaryFolder();
        byte[] q8 = new byte[34 * 8];
        Array.Fill(q8, (byte)1);
        BitConverter.TryWriteBytes(q8.AsSpan(34 * 5), (ushort)scale);
        string model = new TinyGguf()
            .AddTensor("good", 8, [32, 8], new byte[34 * 8])
            .AddTensor("bad", 8, [64, 4], q8)
            .Write(folder["m.gguf"]);
        ToolResult result = Run("verify", model, "--json");

        Assert.Equal((1, ""), (result.ExitCode, result.Error));
        Assert.False(result.Json.GetProperty("sound").GetBoolean());
        JsonElement defect = Assert.Single(result.Json.List("defects"));
        Assert.Equal("bad", defect.Text("tensor"));
        Assert.Equal(2, defect.Number("row"));
        Assert.Equal("32 weights of 256 NaN or infinite", defect.Text("problem"));
        Assert.Equal(1, Run("verify", model, "-q").ExitCode);
    }

    [Fact]
    public void DoublesBeyondFloatsAreSoundAndTheirInfinitiesAreNot()
    {
        using var folder = new TemporaryFolder();
        string model = new TinyGguf()
            .AddTensor("large", 28, [1], BitConverter.GetBytes(1e300))
            .AddTensor("infinite", 28, [1], BitConverter.GetBytes(double.NegativeInfinity))
            .Write(folder["m.gguf"]);

        Assert.Equal("infinite", Assert.Single(Run("verify", model, "--json").Json.List("defects")).Text("tensor"));
    }

    [Fact]
    public void WhatCannotBeOpenedIsADefect()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["cut.gguf"], File.ReadAllBytes(Repository.WideModel)[..500_000]);
        Succeed("split", Repository.WideModel, "-o", folder["part"], "--max-tensors", "30", "-q");
        File.Delete(folder["part-00002-of-00002.gguf"]);

        Assert.Contains("truncated", Assert.Single(Defects(1, folder["cut.gguf"])).Text("problem"), StringComparison.Ordinal);
        Assert.Contains(
            "'part-00002-of-00002.gguf'", Assert.Single(Defects(1, folder["part-00001-of-00002.gguf"])).Text("problem"), StringComparison.Ordinal);
        Run("verify", folder["none.gguf"]).AssertFails(1, "no such file");
        Run("verify").AssertFails(2, "quantnet verify --help");
    }

    [Fact]
    public void OdditiesAreWarnings()
    {
        using var folder = new TemporaryFolder();
        string model = new TinyGguf().AddTensor("a", 0, [8], new byte[32]).AddTensor("x", 99, [32], new byte[64]).Write(folder["m.gguf"]);
        string longer = new TinyGguf().AddTensor("a", 0, [8], new byte[32]).Write(folder["longer.gguf"]);
        File.AppendAllText(longer, "more");

        ToolResult unknown = Run("verify", model);
        Assert.Equal(0, unknown.ExitCode);
        Assert.Contains($"warning: {model}: tensor 'x' has type 99: its weights are not checked", unknown.Error, StringComparison.Ordinal);
        Assert.Contains("4 bytes behind the last tensor", Run("verify", longer).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void HashesAreThoseOfThePackedBytes()
    {
        JsonElement json = Succeed("verify", Repository.WideModel, "--hash", "--json").Json;

        using GgufFile model = GgufFile.Open(Repository.WideModel);
        Assert.Equal(
            model.Tensors.Select(tensor => (tensor.Name, Hash(tensor.GetSpan(0, tensor.RowCount)))),
            json.List("hashes").Select(hash => (hash.Text("tensor")!, hash.Text("sha256")!)));
        Assert.StartsWith("sha256", Run("verify", Repository.WideModel, "--hash", "-q").Out, StringComparison.Ordinal);
    }

    [Fact]
    public void AManifestTellsWhatIsNotTheSame()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["wide.json"], Succeed("verify", Repository.WideModel, "--hash", "--json").Out);
        File.WriteAllText(folder["wide.txt"], Succeed("verify", Repository.WideModel, "--hash", "-q").Out);

        foreach (string manifest in new[] { folder["wide.json"], folder["wide.txt"] })
        {
            JsonElement same = Succeed("verify", Repository.WideModel, "--manifest", manifest, "--json").Json;
            Assert.True(same.Flag("sound"));
            Assert.Empty(same.List("hashes"));

            ToolResult other = Run("verify", Repository.StoriesModel, "--manifest", manifest, "--json");
            Assert.Equal((1, ""), (other.ExitCode, other.Error));
            Assert.Equal(48, other.Json.List("defects").Count);
            Assert.StartsWith(
                $"{manifest}: tensor 'output.weight' has the SHA-256 ", other.Json.List("defects")[0].Text("problem"), StringComparison.Ordinal);
        }

        File.WriteAllText(folder["bad"], "x");
        Run("verify", Repository.WideModel, "--manifest", folder["bad"]).AssertFails(1, "line 1 is 'x', expected a SHA-256");
        Run("verify", Repository.WideModel, "--manifest", folder["none"]).AssertFails(1, "no such file");
    }

    private static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexString(SHA256.HashData(bytes)).ToLowerInvariant();

    private static IReadOnlyList<JsonElement> Defects(int exitCode, string model)
    {
        ToolResult result = Run("verify", model, "--json");
        Assert.Equal(exitCode, result.ExitCode);
        return [.. result.Json.List("defects")];
    }
}
