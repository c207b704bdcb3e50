using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Quant.Net.Tool.Tests.Support;
using static Quant.Net.Tool.Tests.Support.CommandLineTool;

namespace Quant.Net.Tool.Tests.Commands;

public class CompareTests
{
    [Fact]
    public void ErrorsOfEachTensorAndTypeAreShown()
    {
        using var folder = new TemporaryFolder();
        Succeed("dequantize", Repository.WideModel, "-o", folder["x.safetensors"], "-q");
        string shown = Succeed("compare", folder["x.safetensors"], Repository.WideModel).Out;

        Assert.Matches(@"\nblk\.0\.attn_q\.weight +F16 +Q4_K +\d\.\d\de-\d +0\.0\d+ % +", shown);
        Assert.Matches(@"\nblk\.0\.attn_norm\.weight +F16 +F32 ", shown);
        Assert.Matches(@"\nQ4_K +32 +4\.5 ", shown);
        Assert.Matches(@"\nall +48 ", shown);
        Assert.Matches(@"\nidentical +[\d,]+ of 2,231,040 weights\n", shown);
    }

    [Fact]
    public void MoreThanTheLargestErrorIsExitCode1()
    {
        using var folder = new TemporaryFolder();
        string original = Tiny("x", 1, 2, 3, 4).Write(folder["a.gguf"]), model = Tiny("x", 1, 2, 3, 4.5f).Write(folder["b.gguf"]);

        Succeed("compare", original, model);
        Succeed("compare", original, model, "--max-error", "0.1");
        ToolResult result = Run("compare", original, model, "--max-error", "0.05");
        Assert.Equal(1, result.ExitCode);
        Assert.EndsWith("larger errors than --max-error: x", result.Out.TrimEnd(), StringComparison.Ordinal);
        Assert.Equal(["x"], Run("compare", original, model, "--max-error", "0", "--json").Json.List("exceeding").Select(name => name.GetString()));
        Succeed("compare", original, original, "--max-error", "0");
    }

    [Fact]
    public void WhatIsNotFiniteInOneOnlyIsAnErrorBeyondEveryLimit()
    {
        using var folder = new TemporaryFolder();
        float nan = float.NaN, infinity = float.PositiveInfinity;
        string original = Tiny("x", 1, 2, nan, infinity).Write(folder["a.gguf"]);
        string same = Tiny("x", 1, 2, -nan, infinity).Write(folder["same.gguf"]);
        Succeed("compare", original, same, "--max-error", "0");

        foreach (float[] values in new float[][] { [1, 2, 3, infinity], [1, 2, nan, 5], [1, 2, nan, -infinity], [1, nan, nan, infinity] })
        {
            string model = Tiny("x", values).Write(folder["b.gguf"]);
            foreach ((string first, string second) in new[] { (original, model), (model, original) })
            {
                ToolResult result = Run("compare", first, second, "--max-error", "1e9");
                Assert.Equal(1, result.ExitCode);
                Assert.Contains("\nlarger errors than --max-error: x\n", result.Out, StringComparison.Ordinal);
                Assert.Matches(@"\nNaN or infinite, and not the same in both: x \(1 weight, the first in row 0, column [123]\)\n", result.Out);
            }
        }
    }

    [Fact]
    public void ErrorsWithoutNumbersAreCountedAndHaveAPlace()
    {
        using var folder = new TemporaryFolder();
        string original = new TinyGguf().AddTensor("<x>", 0, [2, 2], Bytes(1, 2, float.NaN, 4)).Write(folder["a.gguf"]);
        string model = new TinyGguf().AddTensor("<x>", 0, [2, 2], Bytes(1, 2, 5, float.NaN)).Write(folder["b.gguf"]);

        ToolResult result = Run("compare", original, model, "--json", "--html", folder["page.html"]);
        Assert.Equal((1, ""), (result.ExitCode, result.Error));
        JsonElement found = result.Json;
        Assert.False(found.GetProperty("good").GetBoolean());
        JsonElement tensor = found.List("tensors").Single();
        Assert.Equal((2, 2), (tensor.GetProperty("error").Number("nonFiniteErrors"), found.GetProperty("total").GetProperty("error").Number("nonFiniteErrors")));
        Assert.Equal([1L, 0], tensor.List("nonFiniteErrorAt").Select(place => place.GetInt64()));
        Assert.Equal(0, tensor.GetProperty("error").GetProperty("rmse").GetDouble());
        Assert.Contains("&lt;x&gt; (2 weights, the first in row 1, column 0)", File.ReadAllText(folder["page.html"]), StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsNotInBothIsExitCode1AndNamed()
    {
        using var folder = new TemporaryFolder();
        string original = Tiny("x", 1).AddTensor("y", 0, [1], new byte[4]).Write(folder["a.gguf"]), model = Tiny("x", 1).Write(folder["b.gguf"]);

        ToolResult result = Run("compare", original, model, "-q");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"only in {original}: y", result.Out, StringComparison.Ordinal);
        Succeed("compare", original, model, "--tensor", "x");
        Run("compare", original, model, "--tensor", "z").AssertFails(1, "no tensor matches 'z'");
    }

    [Fact]
    public void ModelsWithoutAnyNameInCommonAreRefused() =>
        Run("compare", Repository.WideModel, Repository.GptqModel).AssertFails(1, "has no tensor of a name that", "expected 'output.weight' and so on");

    [Fact]
    public void WhatIsNotThereIsSaid() => Run("compare", Repository.WideModel, "/nowhere.gguf").AssertFails(1, "/nowhere.gguf: no such file");

    [Fact]
    public void TheLargestErrorHasAPlace()
    {
        using var folder = new TemporaryFolder();
        string original = new TinyGguf().AddTensor("x", 0, [2, 2], Bytes(1, 2, 3, 4)).Write(folder["a.gguf"]);
        string model = new TinyGguf().AddTensor("x", 0, [2, 2], Bytes(1, 2, 5, 4)).Write(folder["b.gguf"]);

        JsonElement tensor = Succeed("compare", original, model, "--json").Json.List("tensors").Single();
        Assert.Equal([1L, 0], tensor.List("maxErrorAt").Select(place => place.GetInt64()));
        Assert.Equal(1, tensor.List("worstRows").Single().Number("row"));
    }

    [Fact]
    public void ThePageStandsAlone()
    {
        using var folder = new TemporaryFolder();
        Succeed("dequantize", Repository.WideModel, "-o", folder["x.safetensors"], "-q");
        Succeed("compare", folder["x.safetensors"], Repository.WideModel, "--html", folder["page.html"], "-q");
        string page = File.ReadAllText(folder["page.html"]);

        Assert.StartsWith("<!DOCTYPE html>", page, StringComparison.Ordinal);
        Assert.Contains("prefers-color-scheme: dark", page, StringComparison.Ordinal);
        Assert.DoesNotContain("http", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"\bNaN\b|\bInfinity\b|∞""", page);
        XElement[] plots = Plots(page);
        Assert.Equal(
            ["Relative error by layer", "Relative error by bits per weight", "How many errors there are of each size"],
            plots.Select(plot => plot.Attribute("aria-label")!.Value));
        Assert.Equal(48, plots[1].Elements("circle").Count());
        Assert.Contains(plots[0].Elements("circle"), dot => dot.Value.StartsWith("blk.0.attn_q.weight, Q4_K: ", StringComparison.Ordinal));
        Assert.NotEmpty(plots[2].Elements("rect"));
        Assert.All(plots.SelectMany(plot => plot.Elements("circle")), dot =>
        {
            Assert.InRange((double)dot.Attribute("cx")!, 0, 1000);
            Assert.InRange((double)dot.Attribute("cy")!, 0, 380);
        });
        Assert.Equal(["page.html", "x.safetensors"], folder.Names);
    }

    [Fact]
    public void ThePageOfOneModelHasNoPlotsOfErrorsThatAreNotThere()
    {
        using var folder = new TemporaryFolder();
        Succeed("compare", Repository.WideModel, Repository.WideModel, "--html", folder["page.html"], "-q");

        Assert.Equal("Relative error by bits per weight", Assert.Single(Plots(File.ReadAllText(folder["page.html"]))).Attribute("aria-label")!.Value);
    }

    [Fact]
    public void MarksOfAnAxisAreToldApart()
    {
        // One weight of thousands differs: all marks of the plot that counts are near to nothing.
        using var folder = new TemporaryFolder();
        float[] values = new float[4096];
        string original = Tiny("x", values).Write(folder["a.gguf"]);
        values[7] = 1;
        Succeed("compare", original, Tiny("x", values).Write(folder["b.gguf"]), "--html", folder["page.html"], "-q");
        XElement[] plots = Plots(File.ReadAllText(folder["page.html"]));
        Assert.Equal(2, plots.Length);
        Assert.All(plots, plot =>
        {
            string[] marks = [.. plot.Elements("text").Where(text => text.Attribute("text-anchor")!.Value == "end").Select(text => text.Value)];
            Assert.True(marks.Length > 2);
            Assert.Equal(marks.Distinct(), marks);
        });
    }

    [Fact]
    public void NamesAreNoPartOfThePagesText()
    {
        using var folder = new TemporaryFolder();
        const string Name = "blk.1.<script>&\"'\u001b";
        string original = Tiny(Name, 1, 0).Write(folder["a.gguf"]), model = Tiny(Name, 2, float.PositiveInfinity).Write(folder["b.gguf"]);
        Run("compare", original, model, "--html", folder["page.html"], "-q");
        string page = File.ReadAllText(folder["page.html"]);

        Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', page);
        Assert.Contains("blk.1.&lt;script&gt;&amp;&quot;&#39;\\u{1B}", page, StringComparison.Ordinal);
        Assert.NotEmpty(Plots(page));
    }

    [Fact]
    public void AnExistingPageIsKept()
    {
        using var folder = new TemporaryFolder();
        string model = Tiny("x", 1).Write(folder["a.gguf"]);
        File.WriteAllText(folder["page.html"], "precious");

        Run("compare", model, model, "--html", folder["page.html"]).AssertFails(1, "exists already (--force replaces it)");

        Directory.CreateDirectory(folder["folder.html"]);
        Run("compare", model, model, "--html", folder["folder.html"], "--force").AssertFails(1, "folder.html: is a directory, expected a file");

        // Not after a comparison, which takes long.
        Run("compare", model, model, "--html", folder["none/page.html"]).AssertFails(1, "none/page.html: cannot be written: its folder is not there");
        Run("compare", model, model, "--html", folder[new string('x', 252) + ".html"]).AssertFails(1, "x.html: cannot be written: the name is too long");
        Assert.Equal("precious", File.ReadAllText(folder["page.html"]));
        Succeed("compare", model, model, "--html", folder["page.html"], "--force");
    }

    [Fact]
    public void NoPageReplacesAModelWhateverItsName()
    {
        using var folder = new TemporaryFolder();
        string model = folder["model.html"];
        File.Copy(Repository.WideModel, model);
        Run("compare", model, model, "--html", model, "--force", "-q").AssertFails(1, "model.html: is a GGUF file, which is not replaced");
        Assert.Equal(File.ReadAllBytes(Repository.WideModel), File.ReadAllBytes(model));
    }

    [MountFact]
    public void APageThatTheDiskHasNoRoomForIsSaid()
    {
        using var folder = new TemporaryFolder();
        ToolResult result = RunInShell(
            $"""
            mkdir '{folder["small"]}' && mount -t tmpfs -o size=16k tmpfs '{folder["small"]}' || exit 77
            quantnet compare '{Repository.WideModel}' '{Repository.WideModel}' -q --html '{folder["small/x.html"]}' --json >'{folder["shown"]}'
            code=$?
            ls -A '{folder["small"]}'
            umount '{folder["small"]}'
            exit $code
            """);

        result.AssertFails(1, "small/x.html: cannot be written: No space left on device");
        Assert.EndsWith("device", result.Error.TrimEnd(), StringComparison.Ordinal);

        // What took long to find out is shown all the same.
        Assert.True(JsonDocument.Parse(File.ReadAllText(folder["shown"])).RootElement.Flag("good"));
    }

    private static XElement[] Plots(string page) => [.. Regex.Matches(page, "<svg .*?</svg>", RegexOptions.Singleline).Select(svg => XElement.Parse(svg.Value))];

    private static TinyGguf Tiny(string name, params float[] values) => new TinyGguf().AddTensor(name, 0, [values.Length], Bytes(values));

    private static byte[] Bytes(params float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];
}
