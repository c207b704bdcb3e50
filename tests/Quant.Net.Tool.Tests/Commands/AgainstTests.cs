using System.Text.Json;
using Quant.Net.Safetensors;
using Quant.Net.Tool.Tests.Support;
using static Quant.Net.Tool.Tests.Support.CommandLineTool;

namespace Quant.Net.Tool.Tests.Commands;

/// <summary><c>verify --against</c>: parts compared with the whole.</summary>
public class AgainstTests
{
    private const string Module = "model.layers.0.mlp.down_proj", Tensor = "blk.0.attn_q.weight";

    [Theory]
    [InlineData("out")]
    [InlineData("in")]
    public void PartsThatSliceHasCutAreTheWhole(string axis)
    {
        using var folder = new TemporaryFolder();
        Succeed("slice", Repository.GptqModel, "--module", Module, "--axis", axis, "--parts", "4", "-q", "-o", folder["p.safetensors"]);
        Succeed("slice", Repository.WideModel, "--tensor", Tensor, "--axis", axis, "--range", "0:256", "-q", "-o", folder["p.gguf"]);
        string[] parts = [.. Enumerable.Range(1, 4).Select(part => folder[$"p-{part}-of-4.safetensors"])];

        JsonElement result = Succeed(["verify", "--against", Repository.GptqModel, .. parts, "--json", "-q"]).Json;
        Assert.True(result.Flag("sound"));
        Assert.Equal(4, result.List("parts").Count);
        Assert.Equal(1, result.GetProperty("tensors").GetInt32());
        Succeed(["verify", .. parts, "--against", Repository.GptqModel, "--axis", axis, "-q"]);
        Succeed("verify", "--against", Repository.WideModel, folder["p.gguf"], "-q");
    }

    [Fact]
    public void HeadsAreCompared()
    {
        using var folder = new TemporaryFolder();
        string[] heads = ["--axis", "out", "--heads", "4", "--split", "24,40"];
        Succeed(["slice", Repository.WideModel, "--tensor", Tensor, .. heads, "-o", folder["h.gguf"], "-q"]);
        string[] verify = ["verify", "--against", Repository.WideModel, folder["h-1-of-2.gguf"], folder["h-2-of-2.gguf"], "-q"];
        Succeed([.. verify, .. heads]);
        Succeed(verify);   // the parts say where they were
    }

    [Fact]
    public async Task RanksAreCompared()
    {
        using var folder = new TemporaryFolder();
        using (SafetensorsModel model = SafetensorsModel.Open(Repository.GptqModel))
        {
            await ModelConverter.SliceAsync(TensorParallelPlan.Make(model, 2), folder["ranks"]);
        }

        string first = folder["ranks/rank-0-of-2"], second = folder["ranks/rank-1-of-2"];
        Succeed("verify", "--against", Repository.GptqModel, first, second, "-q");

        Succeed("verify", "--against", Repository.GptqModel, second, first, "-q");
        Succeed("verify", "--against", Repository.GptqModel, folder["ranks"], "-q");
        Run("verify", "--against", Repository.GptqModel, folder["ranks"], "--axis", "out").AssertFails(2, "--axis: '", "holds ranks");

        ToolResult missing = Run("verify", "--against", Repository.GptqModel, first, "--json", "-q");
        Assert.Equal(1, missing.ExitCode);
        Assert.Equal("rank 1 of 2 is missing", Assert.Single(missing.Json.List("defects")).Text("problem"));

        string weights = Path.Combine(second, "model.safetensors");
        File.WriteAllBytes(weights, File.ReadAllBytes(weights)[..^1]);
        ToolResult cut = Run("verify", "--against", Repository.GptqModel, first, second, "--json", "-q");
        Assert.Equal(1, cut.ExitCode);
        Assert.StartsWith(weights, Assert.Single(cut.Json.List("defects")).Text("problem"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("PART goes with --against", "a", "b")]
    [InlineData("--axis goes with --against", "a", "--axis", "in")]
    [InlineData("--heads goes with --against", "a", "--heads", "2", "--split", "3,4")]
    [InlineData("--hash does not go with --against", "a", "--against", "b", "--hash")]
    [InlineData("--manifest does not go with --against", "a", "--against", "b", "--manifest", "c")]
    [InlineData("--heads and --split need each other", "a", "--against", "b", "--heads", "2")]
    [InlineData("--heads needs --axis", "a", "--against", "b", "--heads", "2", "--split", "3,4")]
    [InlineData("PART is missing: --against ORIGINAL needs parts", "--against", "b")]
    [InlineData("MODEL is missing")]
    public void NonsenseIsOneLine(string complaint, params string[] arguments) => Run(["verify", .. arguments]).AssertFails(2, complaint);

    [Fact]
    public void PartsAreOfTheKindOfTheOriginal()
    {
        Run("verify", Repository.GptqModel, "--against", Repository.WideModel).AssertFails(2, "is safetensors, expected GGUF");
        Run("verify", Repository.GptqModel, "--against", "none").AssertFails(1, "none: no such file");
        Run("verify", Repository.GptqModel, "none", "--against", Repository.GptqModel).AssertFails(1, "none: no such file");
        Run("verify", Repository.GptqModel, "--against", Repository.GptqModel, "--axis", "in", "--heads", "x", "--split", "1")
            .AssertFails(2, "--heads: 'x' is not a number from 1");
    }
}
