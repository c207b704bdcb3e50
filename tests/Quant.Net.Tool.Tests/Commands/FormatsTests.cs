using System.Text.Json;
using Quant.Net.Tool.Tests.Support;

namespace Quant.Net.Tool.Tests.Commands;

public class FormatsTests
{
    [Fact]
    public void ListsEveryFormatOfTheLibrary()
    {
        string text = CommandLineTool.Succeed("formats").Out;
        JsonElement json = CommandLineTool.Succeed("formats", "--json").Json;

        Assert.Equal(QuantFormats.All.Select(format => format.Name), json.GetProperty("formats").EnumerateArray().Select(format => format.GetProperty("name").GetString()));
        Assert.All(QuantFormats.All, format => Assert.Contains(format.Name, text, StringComparison.Ordinal));
    }

    [Fact]
    public void NamesTheKernelsOfTheInstructionSetAskedFor()
    {
        JsonElement json = CommandLineTool.Succeed("formats", "--json", "--device", "cpu", "--isa", "scalar").Json;

        JsonElement device = Assert.Single(json.GetProperty("devices").EnumerateArray());
        Assert.Equal("scalar", device.GetProperty("instructionSet").GetString());
        Assert.All(
            json.GetProperty("formats").EnumerateArray().SelectMany(format => format.GetProperty("kernels").EnumerateArray()),
            kernel => Assert.StartsWith("scalar", kernel.GetProperty("kernel").GetString(), StringComparison.Ordinal));
    }

    [Fact]
    public void TheMarkdownTableIsTheSameOnEveryMachine()
    {
        string table = CommandLineTool.Succeed("formats", "--markdown").Out;

        Assert.Contains("| Q4_K | 12 | 256 | 144 | 4.5 |", table, StringComparison.Ordinal);
        Assert.Equal(QuantFormats.All.Count + 2, table.TrimEnd().Split('\n').Length);
        Assert.DoesNotContain("avx", table, StringComparison.Ordinal);
        Assert.Equal(table, CommandLineTool.Succeed("formats", "--markdown", "--isa", "scalar").Out);
    }
}
