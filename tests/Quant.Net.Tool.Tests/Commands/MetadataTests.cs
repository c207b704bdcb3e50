using System.Text;
using Quant.Net.Gguf;
using Quant.Net.Tool.Tests.Support;
using static Quant.Net.Tool.Tests.Support.CommandLineTool;

namespace Quant.Net.Tool.Tests.Commands;

public class MetadataTests
{
    [Fact]
    public void AllKeysAreListed()
    {
        string[] lines = Succeed("metadata", Repository.StoriesModel).Out.TrimEnd().Split('\n');

        Assert.Equal(22, lines.Length);
        Assert.Matches(@"^tokenizer\.ggml\.tokens +string\[512\] +\[""<unk>"".*…\] \(512 elements\)$", lines[1]);
        Assert.Matches(@"^general\.file_type +uint32 +15$", lines[^1]);
    }

    [Fact]
    public void AKeyThatIsAskedForIsShownWhole()
    {
        string shown = Succeed("metadata", Repository.StoriesModel, "--get", "tokenizer.ggml.tokens", "--get", "general.name").Out;

        Assert.DoesNotContain(" elements)", shown, StringComparison.Ordinal);
        Assert.Matches(@"general\.name +string +llama$", shown.TrimEnd());
    }

    [Fact]
    public void RawIsTheTextAndNothingElse()
    {
        using var folder = new TemporaryFolder();
        string model = new TinyGguf().Add("template", "{% if x %}\n\ty\u001b\r\n").Add("number", 3).Write(folder["x.gguf"]);

        Assert.Equal("{% if x %}\n\ty\u001b\r\n", Succeed("metadata", model, "--get", "template", "--raw").Out);
        Run("metadata", model, "--get", "number", "--raw").AssertFails(1, "metadata 'number' is of the type int32, expected a string for --raw");
    }

    [Fact]
    public void ChangesAreMadeInTheirPlaces()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["template"], "{{ größe }}\n", new UTF8Encoding(false));
        string output = folder["out.gguf"];
        Succeed(
            "metadata", Repository.StoriesModel, "-o", output, "-q",
            "--set", "general.name=A = B", "--set", "llama.context_length=4096", "--set", "tokenizer.ggml.scores=[1.5, -2e3]",
            "--set", "general.file_type:i64=-7", "--set", "new.list:string[]=[\"a\", \"b c\"]", "--set", "new.flag:bool=true",
            "--set-file", "tokenizer.chat_template=" + folder["template"],
            "--remove", "tokenizer.ggml.model", "--rename", "llama.block_count=llama.blocks");

        using GgufFile before = GgufFile.Open(Repository.StoriesModel);
        using GgufFile after = GgufFile.Open(output);
        Assert.Equal(
            [
                .. before.Metadata.Keys.Where(key => key != "tokenizer.ggml.model").Select(key => key == "llama.block_count" ? "llama.blocks" : key),
                "new.list", "new.flag", "tokenizer.chat_template",
            ],
            after.Metadata.Keys);
        Assert.Equal("A = B", after.Metadata.GetString("general.name"));
        Assert.Equal((GgufValueType.UInt32, 4096), (after.Metadata["llama.context_length"].Type, after.Metadata.Get<int>("llama.context_length")));
        Assert.Equal([1.5f, -2000f], after.Metadata["tokenizer.ggml.scores"].ToArray<float>());
        Assert.Equal((GgufValueType.Int64, -7), (after.Metadata["general.file_type"].Type, after.Metadata.Get<int>("general.file_type")));
        Assert.Equal(["a", "b c"], after.Metadata["new.list"].ToStringArray());
        Assert.True(after.Metadata["new.flag"].GetBoolean());
        Assert.Equal("{{ größe }}\n", after.Metadata.GetString("tokenizer.chat_template"));
        Assert.Equal(5, after.Metadata.Get<int>("llama.blocks"));
        Assert.Equal(
            Succeed("verify", Repository.StoriesModel, "--hash", "-q").Out, Succeed("verify", output, "--hash", "-q").Out);
    }

    [Fact]
    public void WhatIsSetBackGivesTheSameBytes()
    {
        using var folder = new TemporaryFolder();
        Succeed("metadata", Repository.WideModel, "-o", folder["a.gguf"], "--rename", "general.name=x", "-q");
        Succeed("metadata", folder["a.gguf"], "-o", folder["b.gguf"], "--rename", "x=general.name", "-q");

        Assert.Equal(File.ReadAllBytes(Repository.WideModel), File.ReadAllBytes(folder["b.gguf"]));
    }

    [Fact]
    public void AnotherAlignmentPlacesTensorsAnew()
    {
        using var folder = new TemporaryFolder();
        Succeed("metadata", Repository.StoriesModel, "-o", folder["a.gguf"], "--set", "general.alignment:u32=4096", "-q");

        using GgufFile model = GgufFile.Open(folder["a.gguf"]);
        Assert.All(model.Tensors, tensor => Assert.Equal(0, tensor.FileOffset % 4096));
        Run("metadata", folder["a.gguf"], "-o", folder["b.gguf"], "--set", "general.alignment=7")
            .AssertFails(1, "a.gguf: general.alignment is 7, expected a power of two, as u32");
        Assert.Equal(["a.gguf"], folder.Names);
    }

    [Fact]
    public void ASplitModelBecomesOneFile()
    {
        using var folder = new TemporaryFolder();
        Succeed("split", Repository.WideModel, "-o", folder["part"], "--max-tensors", "30", "-q");
        Succeed("metadata", folder["part-00002-of-00002.gguf"], "-o", folder["x.gguf"], "--set", "general.name=x", "-q");

        using GgufFile model = GgufFile.Open(folder["x.gguf"]);
        Assert.Equal(("x", 48), (model.Metadata.GetString("general.name"), model.Tensors.Count));
        Assert.False(model.Metadata.ContainsKey("split.count"));
    }

    [Fact]
    public void WhatCannotBeIsRefusedAndNothingIsLeft()
    {
        using var folder = new TemporaryFolder();
        string[] edit = ["metadata", Repository.StoriesModel, "-o", folder["x.gguf"]];
        File.WriteAllBytes(folder["bytes"], [0xFF]);

        Run([.. edit, "--remove", "general.nam"]).AssertFails(1, "has no metadata 'general.nam'; did you mean 'general.name'?");
        Run([.. edit, "--rename", "nothing=x"]).AssertFails(1, "has no metadata 'nothing'");
        Run([.. edit, "--rename", "general.name=general.architecture"]).AssertFails(1, "260K-Q4_K_M.gguf: has metadata 'general.architecture' already, expected a new key for 'general.name'");
        Run([.. edit, "--remove", "general.name", "--rename", "general.name=x"]).AssertFails(1, "260K-Q4_K_M.gguf: has no metadata 'general.name'");
        Run([.. edit, "--set", ":u16=1"]).AssertFails(2, "--set: ':u16' has no key, expected KEY:TYPE");
        Run([.. edit, "--set", "split.count:u16=1"]).AssertFails(2, "--set: 'split.count' says which part of a split model a file is, and so it cannot be edited");
        Run([.. edit, "--set-file", "a=" + folder["nowhere"]]).AssertFails(1, "no such file");
        Run([.. edit, "--set-file", "a=" + folder["bytes"]]).AssertFails(1, "is not UTF-8");
        Run([.. edit, "--set-file", "a=" + folder.Path]).AssertFails(1, "is a directory, expected a file");
        Run("metadata", Repository.StoriesModel, "--get", "x").AssertFails(1, "has no metadata 'x'");
        Run("metadata", Repository.StoriesModel, "-o", Repository.StoriesModel, "--remove", "general.name", "--force").AssertFails(1, "is the model itself");
        Assert.Equal(["bytes"], folder.Names);

        File.WriteAllText(folder["x.gguf"], "precious");
        Run([.. edit, "--remove", "general.name"]).AssertFails(1, "exists already (--force replaces it)");
        Assert.Equal("precious", File.ReadAllText(folder["x.gguf"]));
        Succeed([.. edit, "--remove", "general.name", "--force", "-q"]);
    }

    [LinuxFact]
    public void ATextMayComeFromAPipeButNotWithoutEnd()
    {
        using var folder = new TemporaryFolder();
        string edit = $"quantnet metadata '{Repository.StoriesModel}' -o '{folder["x.gguf"]}' -q";

        RunInShell($"{edit} --set-file general.name=/dev/zero").AssertFails(1, "/dev/zero: has more than 64.0 MiB");
        ToolResult ended = RunInShell(
            $"""
            mkfifo '{folder["pipe"]}'
            '{DotNet}' '{Assembly}' {edit["quantnet ".Length..]} --set-file general.name='{folder["pipe"]}' &
            until grep -q '{Path.GetFileName(Repository.StoriesModel)}' /proc/$!/maps; do sleep 0.1; done
            sleep 0.5; kill -TERM $!; wait $!
            """);
        ended.AssertFails(130, "interrupted");
        Assert.Equal(["pipe"], folder.Names);
        Assert.Equal(0, RunInShell($"{edit} --set-file general.name=<(printf piped)").ExitCode);
        Assert.Equal("piped", Succeed("metadata", folder["x.gguf"], "--get", "general.name", "--raw").Out);
    }

    [Fact]
    public void StrangeKeysDoNotDisturbATerminal()
    {
        using var folder = new TemporaryFolder();
        string model = new TinyGguf().Add("a\u001b[31m\n", "b\u202e").Write(folder["x.gguf"]);

        Assert.Contains(@"a\u{1B}[31m\n  string  b\u{202E}", Run("metadata", model, "-q").Out, StringComparison.Ordinal);
    }
}
