using System.Globalization;
using System.Text.Json;
using Quant.Net.Tool.Tests.Support;
using static Quant.Net.Tool.Tests.Support.CommandLineTool;

namespace Quant.Net.Tool.Tests.Commands;

/// <summary>Whether a model fits into some memory: <c>inspect --fit</c>.</summary>
public class FitTests
{
    private const long Working = QuantDeviceOptions.DefaultMemoryLimit;

    private static readonly JsonElement Takes =
        Succeed("inspect", Repository.WideModel, "--json").Json.GetProperty("selected");

    [Theory]
    [InlineData("f32Bytes", 0, "f32", null)]
    [InlineData("f32Bytes", -1, "f16", 1)]
    [InlineData("f16Bytes", -10, "packed", 10)]
    [InlineData("packedBytes", -7, null, 7)]
    public void TakesTheWidestFormThatFits(string of, int more, string? form, int? missing)
    {
        ToolResult result = Run("inspect", Repository.WideModel, "--json", "--fit", Text(Takes.Number(of) + more));

        JsonElement fit = result.Json.GetProperty("fit");
        Assert.Equal(form is null ? 1 : 0, result.ExitCode);
        Assert.Equal(form is not null, fit.Flag("fits"));
        Assert.Equal(form, fit.TryGetProperty("form", out JsonElement found) ? found.GetString() : null);
        Assert.Equal("given", fit.Text("where"));
        Assert.Equal(0, fit.Number("workingBytes"));
        Assert.Equal(missing, fit.TryGetProperty("missingBytes", out JsonElement lacks) ? lacks.GetInt32() : null);
    }

    [Fact]
    public void SaysWhatToDo()
    {
        Assert.Contains("load it decoded to f16", Succeed("inspect", Repository.WideModel, "--fit", "5MB").Out, StringComparison.Ordinal);
        ToolResult small = Run("inspect", Repository.WideModel, "--fit", "100KiB");
        Assert.Equal(1, small.ExitCode);
        Assert.Contains("not into 100 KiB of memory", small.Out, StringComparison.Ordinal);
        Assert.Contains("decode a tensor at a time", small.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void TheHostIsAPlaceToo() =>
        Assert.Equal("cpu", Succeed("inspect", Repository.WideModel, "--json", "--fit", "cpu").Json.GetProperty("fit").Text("where"));

    [Theory]
    [InlineData("much")]
    [InlineData("cuda:x")]
    [InlineData("0")]
    public void APlaceThatIsNoneIsWrongUsage(string place) =>
        Run("inspect", Repository.WideModel, "--fit", place).AssertFails(2, place);

    [FakeGpuFact]
    public void OnAGpuCountsWhatIsFreeAndWhatDecodingWorksIn()
    {
        JsonElement fit = Fit(Takes.Number("f16Bytes") + Working);
        Assert.Equal("cuda:0", fit.Text("where"));
        Assert.Equal(Working, fit.Number("workingBytes"));
        Assert.Equal("f16", fit.Text("form"));

        Assert.Equal("packed", Fit(Takes.Number("f16Bytes") + Working - 1).Text("form"));
    }

    [FakeGpuFact]
    public void AGpuThatCannotBeHadIsAnError() =>
        FakeGpu.Run("version=10020", $"quantnet inspect '{Repository.WideModel}' --fit cuda:0")
            .AssertFails(1, "cuda:0 cannot be had", "needed is 11.0 or later");

    private static JsonElement Fit(long memory) =>
        FakeGpu.Run($"memory={Text(memory)}", $"quantnet inspect '{Repository.WideModel}' --json --fit cuda:0").Json.GetProperty("fit");

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
