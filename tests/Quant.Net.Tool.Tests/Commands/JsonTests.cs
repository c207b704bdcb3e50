using System.Text.Json;
using Quant.Net.Tool.Doctor;
using Quant.Net.Tool.Tests.Doctor;
using Quant.Net.Tool.Tests.Support;

namespace Quant.Net.Tool.Tests.Commands;

/// <summary>What is printed with --json and what docs/json.md promises are the same keys.</summary>
public class JsonTests
{
    [Fact]
    public void InspectKeysAreDocumented()
    {
        using var folder = new TemporaryFolder();
        string scaled = new TinyGguf()
            .AddTensor("x.weight", 1, [4], new byte[8])
            .AddTensor("x.scale", 0, [1], new byte[4])
            .Write(folder["scaled.gguf"]);

        Compare("inspect", CommandLineTool.Succeed("inspect", Repository.WideModel, "--json").Json, CommandLineTool.Succeed("inspect", scaled, "--json").Json);
    }

    [Fact]
    public void FormatsKeysAreDocumented() => Compare("formats", CommandLineTool.Succeed("formats", "--json").Json);

    [Fact]
    public void DoctorKeysAreDocumented()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["wrong.bin"], AnswerMaker.Make([new KnownAnswer(QuantFormat.I8, true, [1], [2f])]));

        Compare("doctor", CommandLineTool.Succeed("doctor", "--json").Json, CommandLineTool.Run("doctor", "--json", "--answers", folder["wrong.bin"]).Json);
    }

    [Fact]
    public void DequantizeKeysAreDocumented()
    {
        using var folder = new TemporaryFolder();

        Compare("dequantize", CommandLineTool.Succeed("dequantize", Repository.StoriesModel, "-o", folder["out.safetensors"], "--json", "--quiet").Json);
    }

    private static void Compare(string command, params JsonElement[] documents)
    {
        HashSet<string> documented = [.. JsonKeys.Documented(command).Select(entry => entry.Key)];
        HashSet<string> printed = JsonKeys.Of(documents);
        Assert.Empty(printed.Except(documented));
        Assert.Empty(documented.Except(printed));
        Assert.All(
            documents,
            document => Assert.Empty(JsonKeys.Documented(command).Where(entry => !entry.IsOptional && !entry.Key.Contains('.', StringComparison.Ordinal)).Select(entry => entry.Key).Except(JsonKeys.Of(document))));
    }
}
