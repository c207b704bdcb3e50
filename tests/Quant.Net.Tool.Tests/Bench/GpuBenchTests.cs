using System.Text.Json;
using Quant.Net.Tool.Tests.Support;

namespace Quant.Net.Tool.Tests.Bench;

/// <summary>What is measured on a GPU, by the driver that needs none.</summary>
public class GpuBenchTests
{
    private const string Bench = "quantnet bench --device cuda:0 --gpu-memory 1MiB --seconds 0.001 --quiet", Sized = $"{Bench} --size 1MiB";

    [FakeGpuFact]
    public void MeasuresEachFormatAndTypeBesideACopyOfAsManyBytes()
    {
        JsonElement json = Run($"{Sized} --format 'Q[48]_0' --to all --json").Json;

        IReadOnlyList<JsonElement> measurements = json.List("measurements");
        Assert.Equal(["Q4_0", "Q8_0"], measurements.Texts("format").Distinct());
        Assert.Equal(["f32", "f16", "bf16", "f32", "f16", "bf16"], measurements.Texts("output"));
        Assert.All(measurements, measurement =>
        {
            Assert.Equal("gpu", measurement.Text("cache"));
            Assert.Equal("copy", measurement.Text("yardstick"));
            Assert.EndsWith($"/{measurement.Text("format")}/{measurement.Text("output")}", measurement.Text("kernel"), StringComparison.Ordinal);
            Assert.Equal(1, Number(measurement, "share"), tolerance: 0.01);
            Assert.True(Number(measurement, "firstSeconds") > 0);
        });
        Assert.Equal("cuda:0", json.GetProperty("gpu").Text("device"));
        Assert.Equal(0, Number(json.GetProperty("gpu"), "startAllocatedBytes"));
        Assert.False(json.TryGetProperty("load", out _));
        Assert.False(json.TryGetProperty("bandwidth", out _));
    }

    [FakeGpuFact]
    public void MeasuresLayoutsOfPackedMatrices()
    {
        IReadOnlyList<JsonElement> measurements =
            Run($"{Bench} --size 128KiB --layout '*' --format Q8_0 --json").Json.List("measurements");
        string[] layouts = [.. PackedMatrixLayouts.All.SelectMany(layout => layout.Bits.Select(bits => $"{layout.Name}:{bits}"))];
        Assert.Equal(["Q8_0", .. layouts], measurements.Texts("format"));
        Assert.All(measurements.Skip(1), matrix =>
        {
            Assert.Equal(("gpu", "copy", "rows", false), (matrix.Text("cache"), matrix.Text("yardstick"), matrix.Text("order"), matrix.Flag("actOrder")));
            Assert.EndsWith($"/{matrix.Text("format")!.Split(':')[0]}/{matrix.Text("output")}", matrix.Text("kernel"), StringComparison.Ordinal);
            Assert.Equal(1, Number(matrix, "share"), tolerance: 0.01);
            Assert.True(Number(matrix, "firstSeconds") > 0);
        });
    }

    [FakeGpuFact]
    public void MeasuresLayoutsInBothOrdersToEveryType()
    {
        JsonElement[] all = [.. Run($"{Sized} --layout 'GPTQ:4' --order both --to all --json").Json.List("measurements")];

        Assert.Equal(["f32", "f16", "bf16", "f32", "f16", "bf16"], all.Texts("output"));
        Assert.Equal(["rows", "rows", "rows", "columns", "columns", "columns"], all.Texts("order"));

        // 256 Ki weights in groups of 128, as on the CPU.
        Assert.All(all, one => Assert.Equal((262144 / 2) + (262144 / 128 * 2.5), Number(one, "packedBytes")));
        Assert.Equal([262144 * 4, 262144 * 2, 262144 * 2], all[..3].Select(one => Number(one, "outputBytes")));
    }

    [FakeGpuFact]
    public void MeasuresActOrder()
    {
        JsonElement json = Run($"{Sized} --layout 'GPTQ:4' --act-order --to f16 --json").Json;
        JsonElement plain = Run($"{Sized} --layout 'GPTQ:4' --to f16 --json").Json.List("measurements").Single();

        // 512 columns, each with the number of its group.
        JsonElement matrix = json.List("measurements").Single();
        Assert.True(matrix.Flag("actOrder"));
        Assert.Equal(512 * 4, Number(matrix, "packedBytes") - Number(plain, "packedBytes"));
        Assert.Contains("GPTQ:4, act-order", Run($"{Sized} --layout 'GPTQ:4' --act-order").Out, StringComparison.Ordinal);
    }

    [FakeGpuFact]
    public void LoadsAModelThatIsNamedOrMade()
    {
        using var folder = new TemporaryFolder();
        JsonElement named = Run($"{Sized} --format Q4_0 --load '{Repository.StoriesModel}' --json").Json.GetProperty("load");
        JsonElement made = Run($"TMPDIR='{folder.Path}' {Sized} --format Q4_0 --load --json").Json.GetProperty("load");

        // 32 layers of 256 Ki weights of Q4_K, and of 256 of F32.
        Assert.Equal(32 * (1024 * 144 + 1024), Number(made, "packedBytes"));
        Assert.Equal(32 * (1024 * 512 + 512), Number(made, "outputBytes"));
        Assert.Empty(Directory.GetFiles(folder.Path));
        foreach (JsonElement load in new[] { named, made })
        {
            Assert.True(Number(load, "share") > 0);
            Assert.True(Number(load, "fileBytesPerSecond") > 0);
            Assert.True(Number(load, "busBytesPerSecond") > 0);
        }
    }

    [FakeGpuFact]
    public void ShowsItToPeople()
    {
        string shown = Run($"{Sized} --format Q4_K --load '{Repository.StoriesModel}'").Out;

        Assert.Contains("In the memory of cuda:0: 262,144 weights at a time", shown, StringComparison.Ordinal);
        Assert.Contains("GB/s read and written", shown, StringComparison.Ordinal);
        Assert.Contains("us of the host for 262,144 weights, 0 B allocated", shown, StringComparison.Ordinal);
        Assert.Contains("of the lesser of the next two", shown, StringComparison.Ordinal);
        Assert.Contains("Share of copy", shown, StringComparison.Ordinal);
    }

    [FakeGpuFact]
    public void RefusesWhatMakesNoSense()
    {
        FakeGpu.Run("", $"{Sized} --cache l2").AssertFails(2, "--cache: device cuda:0 decodes in its own memory");
        FakeGpu.Run("", "quantnet bench --load").AssertFails(2, "--load: the CPU has no memory of its own");
        FakeGpu.Run("memory=67108864", $"{Sized} --format Q4_0 --load none.gguf").AssertFails(1, "none.gguf: no such file");
        FakeGpu.Run("memory=500000", Sized).AssertFails(1, "cuda:0: there is memory for 17857 weights, expected 32768 at least");
        FakeGpu.Run("memory=67108864 fault=3:719", $"{Sized} --format Q4_0").AssertFails(1, "cuda:0 is lost");
    }

    private static ToolResult Run(string commandLine)
    {
        ToolResult result = FakeGpu.Run("memory=67108864", commandLine);
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal("", result.Error);
        return result;
    }

    private static double Number(JsonElement element, string key) => element.GetProperty(key).GetDouble();
}
