using System.Text.Json;
using Quant.Net.Tool.Tests.Support;
using static Quant.Net.Tool.Tests.Support.CommandLineTool;

namespace Quant.Net.Tool.Tests.Bench;

public class BenchTests
{
    private static readonly string[] Short = ["--size", "1MiB", "--seconds", "0.001"];

    [Fact]
    public void MeasuresEachPlaceOutputTypeAndInstructionSet()
    {
        JsonElement json = Bench("--format", "Q4_K", "--to", "all", "--isa", "all", "--json").Json;

        int sets = QuantDevice.InstructionSets.Count(set => set.Available);
        IReadOnlyList<JsonElement> measurements = json.List("measurements");
        Assert.Equal(2 * 3 * sets, measurements.Count);
        Assert.Equal(["l2", "memory"], measurements.Texts("cache").Distinct());
        Assert.Equal(["f32", "f16", "bf16"], measurements.Texts("output").Distinct());
        Assert.Equal(sets, measurements.Texts("instructionSet").Distinct().Count());
        Assert.All(measurements, measurement =>
        {
            Assert.Equal($"{measurement.Text("instructionSet")}/Q4_K/{measurement.Text("output")}", measurement.Text("kernel"));
            Assert.True(Number(measurement, "share") > 0);
            Assert.Equal(
                Number(measurement, "weights") / Number(measurement, "seconds"), Number(measurement, "weightsPerSecond"), tolerance: 1);
        });
    }

    [Fact]
    public void ComparesWithMemsetInTheCacheAndWithTheRoofOutOfIt()
    {
        string cache = Bench("--format", "Q8_0", "--cache", "l2").Out;
        string memory = Bench("--format", "Q8_0", "--cache", "memory", "--threads", "2").Out;

        Assert.Contains("In cache: 65,536 weights at a time, 1 thread", cache, StringComparison.Ordinal);
        Assert.Contains("Share of memset", cache, StringComparison.Ordinal);
        Assert.DoesNotContain("Out of cache", cache, StringComparison.Ordinal);
        Assert.Contains("Out of cache: 262,144 weights at a time, 2 threads", memory, StringComparison.Ordinal);
        Assert.Contains("Share of roof", memory, StringComparison.Ordinal);
        Assert.Contains("GB/s stored", memory, StringComparison.Ordinal);
        Assert.DoesNotContain("In cache", memory, StringComparison.Ordinal);
    }

    [Fact]
    public void MeasuresLayoutsOfPackedMatrices()
    {
        JsonElement json = Bench("--layout", "GPTQ:4", "--layout", "*:1", "--order", "both", "--to", "f16", "--json").Json;

        IReadOnlyList<JsonElement> measurements = json.List("measurements");
        Assert.Equal(["GPTQ:4", "GPTQ:4", "PACK_QUANTIZED:1", "PACK_QUANTIZED:1"], measurements.Take(4).Texts("format"));
        Assert.Equal(["rows", "columns", "rows", "columns"], measurements.Take(4).Texts("order"));
        Assert.Equal(8, measurements.Count);

        // 64 Ki weights in groups of 128: codes of half a byte, a scale of two bytes and a zero point of half a byte for each group.
        Assert.Equal((64 * 1024 / 2) + (64 * 1024 / 128 * 2.5), Number(measurements[0], "packedBytes"));
        Assert.Contains("/GPTQ/f16", measurements[0].Text("kernel"), StringComparison.Ordinal);
        Assert.All(measurements, measurement => Assert.True(Number(measurement, "share") > 0));
    }

    [Fact]
    public void MeasuresActOrderWhereLayoutsMayHaveIt()
    {
        IReadOnlyList<JsonElement> all = Bench("--layout", "*:8", "--act-order", "--cache", "l2", "--json").Json.List("measurements");
        JsonElement plain = Bench("--layout", "GPTQ:8", "--cache", "l2", "--json").Json.List("measurements").Single();

        Assert.Equal(["GPTQ:8", "PACK_QUANTIZED:8"], all.Texts("format"));
        Assert.All(all, measurement => Assert.True(measurement.Flag("actOrder")));
        Assert.False(plain.Flag("actOrder"));
        Assert.Equal(256 * 4, Number(all[0], "packedBytes") - Number(plain, "packedBytes"));
        Run("bench", "--layout", "AWQ*", "--act-order").AssertFails(1, "--act-order: no layout that matches 'AWQ*' has lists of groups");
        Run("bench", "--act-order").AssertFails(2, "--act-order: formats have none; it goes with --layout");
    }

    [Fact]
    public void MeasuresEveryLayoutAndBothWithFormats()
    {
        JsonElement json = Bench("--layout", "*", "--format", "Q8_0", "--cache", "l2", "--json").Json;

        string[] layouts = [.. PackedMatrixLayouts.All.SelectMany(layout => layout.Bits.Select(bits => $"{layout.Name}:{bits}"))];
        Assert.Equal(["Q8_0", .. layouts], json.List("measurements").Texts("format"));
        Assert.Contains("f32 rows", Bench("--layout", "FLOAT8", "--cache", "memory").Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--layout", "[Q", 2, "without ']'")]
    [InlineData("--layout", "GGML", 1, "no layout matches 'GGML'")]
    [InlineData("--layout", "GPTQ:5", 1, "no layout that matches 'GPTQ' has codes of 5 bits")]
    [InlineData("--layout", "GPTQ:x", 2, "'x' in 'GPTQ:x' is no number of bits")]
    [InlineData("--order", "rows", 2, "--order: formats have none")]
    [InlineData("--format", "[Q", 2, "without ']'")]
    [InlineData("--format", "Q99", 1, "no format matches 'Q99'")]
    [InlineData("--to", "f64", 2, "f64")]
    [InlineData("--cache", "l3", 2, "l3")]
    [InlineData("--size", "none", 2, "'none' is not a size")]
    [InlineData("--size", "1KB", 2, "'1KB' is too little, expected at least 128 KiB")]
    [InlineData("--size", "9000TB", 1, "more than half of the memory here, expected at most")]
    [InlineData("--seconds", "0", 2, "'0' is not a time")]
    [InlineData("--seconds", "nan", 2, "'nan' is not a time")]
    [InlineData("--isa", "avx9", 2, "'avx9' is no instruction set")]
    [InlineData("--device", "tpu", 2, "tpu")]
    public void RefusesWhatMakesNoSense(string option, string value, int exitCode, string words) =>
        Run("bench", option, value).AssertFails(exitCode, words);

    private static ToolResult Bench(params string[] arguments) => Succeed(["bench", .. arguments, .. Short]);

    private static double Number(JsonElement element, string key) => element.GetProperty(key).GetDouble();
}
