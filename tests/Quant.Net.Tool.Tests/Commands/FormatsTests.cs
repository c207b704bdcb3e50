using System.Text.Json;
using Quant.Net.Tool.Tests.Support;
using static Quant.Net.Tool.Tests.Support.CommandLineTool;

namespace Quant.Net.Tool.Tests.Commands;

public class FormatsTests
{
    [Fact]
    public void ListsEveryFormatOfTheLibrary()
    {
        string text = Succeed("formats").Out;
        JsonElement json = Succeed("formats", "--json").Json;

        Assert.Equal(QuantFormats.All.Select(format => format.Name), json.List("formats").Texts("name"));
        Assert.All(QuantFormats.All, format => Assert.Contains(format.Name, text, StringComparison.Ordinal));
    }

    [Fact]
    public void ListsEveryLayoutOfPackedMatrices()
    {
        string text = Succeed("formats").Out;
        JsonElement json = Succeed("formats", "--json").Json;

        Assert.Equal(PackedMatrixLayouts.All.Select(layout => layout.Name), json.List("layouts").Texts("name"));
        Assert.All(PackedMatrixLayouts.All, layout => Assert.Contains(layout.Name, text, StringComparison.Ordinal));
    }

    [Fact]
    public void TellsWhatIsTunedForLayouts()
    {
        string text = Succeed("formats", "--isa", "avx2").Out;
        JsonElement gptq = Succeed("formats", "--json", "--isa", "avx2").Json.List("layouts").Single(layout => layout.Text("name") == "GPTQ");

        Assert.Matches(@"GPTQ +avx2/GPTQ/\{f32,f16,bf16\} +by hand", text);
        Assert.Matches(@"AWQ_GEMV_FAST +avx2/AWQ_GEMV_FAST/\{f32,f16,bf16\} +in general", text);
        Assert.Equal(4 * 2 * 3, gptq.List("kernels").Count);
        Assert.All(gptq.List("kernels"), kernel => Assert.True(kernel.Flag("supported") && kernel.Flag("tuned")));
    }

    [FakeGpuFact]
    public void NamesTheKernelsOfLayoutsOnGpus()
    {
        JsonElement json = FakeGpu.Run("", "quantnet formats --json --device cuda:0").Json;

        Assert.All(
            json.List("layouts").SelectMany(layout => layout.List("kernels")),
            kernel => Assert.StartsWith("sm_", kernel.Text("kernel"), StringComparison.Ordinal));
    }

    [Fact]
    public void NamesTheKernelsOfTheInstructionSetAskedFor()
    {
        JsonElement json = Succeed("formats", "--json", "--device", "cpu", "--isa", "scalar").Json;

        JsonElement device = Assert.Single(json.List("devices"));
        Assert.Equal("scalar", device.Text("instructionSet"));
        Assert.All(
            json.List("formats").Concat(json.List("layouts")).SelectMany(format => format.List("kernels")),
            kernel => Assert.StartsWith("scalar", kernel.Text("kernel"), StringComparison.Ordinal));
    }

    [Fact]
    public void TheMarkdownTablesAreTheSameOnEveryMachine()
    {
        string table = Succeed("formats", "--markdown").Out;

        Assert.Contains("| Q4_K | 12 | 256 | 144 | 4.5 |", table, StringComparison.Ordinal);
        string[] tables = table.TrimEnd().Split("\n\n");
        Assert.Equal([QuantFormats.All.Count + 2, PackedMatrixLayouts.All.Count + 2], tables.Select(lines => lines.Split('\n').Length));
        Assert.DoesNotContain("avx", table, StringComparison.Ordinal);
        Assert.Equal(table, Succeed("formats", "--markdown", "--isa", "scalar").Out);
    }
}
