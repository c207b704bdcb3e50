using System.Text.Json;
using Quant.Net.Tool.Tests.Support;
using static Quant.Net.Tool.Tests.Support.CommandLineTool;

namespace Quant.Net.Tool.Tests.Commands;

public sealed class QuantizeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public QuantizeTests()
    {
        _model = _folder["wide-f16.gguf"];
        Succeed("dequantize", Repository.WideModel, "-o", _model, "-q");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WhatWasPlannedIsWritten()
    {
        ToolResult plan = Succeed("quantize", _model, "q4_k_m", "--dry-run", "--json");
        Assert.Empty(plan.Json.List("outputs"));
        string written = Succeed("quantize", _model, "-o", _folder["x.gguf"], "q4_k_m").Out;
        Assert.Matches(@"^written +.*x\.gguf\ntype +Q4_K_M\narchitecture +llama\ntensors +4\.26 MiB → 1\.29 MiB\nbits/weight +16\.\d\d → 4\.84\nfile +1\.\d+ MiB \(", written);

        Assert.Equal(new FileInfo(_folder["x.gguf"]).Length, plan.Json.Number("fileBytes"));
        Dictionary<string, string> types = Succeed("inspect", _folder["x.gguf"], "--json").Json.List("tensors")
            .ToDictionary(tensor => tensor.Text("name")!, tensor => tensor.Text("type")!);
        Assert.All(plan.Json.List("tensors"), tensor => Assert.Equal(types[tensor.Text("name")!], tensor.Text("to")));
        Assert.Equal("Q6_K", types["output.weight"]);
    }

    [Fact]
    public void APlanSaysWhatBecomesOfEachTensorAndWhy()
    {
        string shown = Succeed("quantize", _model, "Q4_K_M", "--dry-run", "--tensor-type", "blk.1.ffn_up=Q8_0", "--exclude", "blk.2.*").Out;
        Assert.Matches(@"\nTensor +Shape +From +To +Before +After +Bits +Why\n", shown);
        Assert.Matches(@"\nblk\.0\.attn_norm\.weight +256 +F32 +F32 +1\.00 KiB +1\.00 KiB +32 +a vector\n", shown);
        Assert.Matches(@"\nblk\.1\.ffn_up\.weight +256 × 256 +F16 +Q8_0 +128 KiB +68\.0 KiB +8\.5 +tensor type 'blk\.1\.ffn_up=Q8_0'\n", shown);
        Assert.Matches(@"\nblk\.2\.ffn_up\.weight +256 × 256 +F16 +F16 .* left out by an option\n", shown);
        Assert.Matches(@"\nall +48 +2,231,040 +", shown);
        Assert.Matches(@"\nmodel +.*wide-f16\.gguf\ntype +Q4_K_M\n", shown);
        Assert.Single(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void WhatNeedsImportanceIsRefusedAndNamed()
    {
        Run("quantize", _model, "-o", _folder["x.gguf"], "IQ2_XS").AssertFails(
            1, "tensors that need an importance matrix: 'blk.0.attn_k.weight (IQ2_XS)'", "(--imatrix FILE gives one)");
        Assert.False(File.Exists(_folder["x.gguf"]));

        ToolResult plan = Run("quantize", _model, "IQ2_XS", "--dry-run");
        Assert.Equal(1, plan.ExitCode);
        Assert.StartsWith("quantnet: ", plan.Error, StringComparison.Ordinal);
        Assert.Contains("tensors that need an importance matrix: 'blk.0.attn_k.weight (IQ2_XS)'", plan.Error, StringComparison.Ordinal);
        plan = Run("quantize", _model, "IQ2_XS", "--dry-run", "--json");
        Assert.Equal(1, plan.ExitCode);
        Assert.Single(plan.Json.List("faults"));
        Assert.Contains(plan.Json.List("tensors"), tensor => tensor.GetProperty("needsImportance").GetBoolean());
    }

    [Fact]
    public void SubstitutionsAreSaidAndStrictRefusesThem()
    {
        string odd = new TinyGguf().Add("general.architecture", "odd").AddTensor("x.weight", 0, [96, 2], new byte[768]).Write(_folder["odd.gguf"]);
        ToolResult plan = Run("quantize", odd, "Q4_K_M", "--dry-run");
        Assert.Equal(0, plan.ExitCode);
        Assert.Matches(@"\nx\.weight +.*F32 +Q5_0 +.* rows of 96 values are not whole blocks of Q4_K \(256\)\n", plan.Out);
        Assert.Matches(@"\narchitecture +odd, by names and shapes\n", plan.Out);
        Assert.Matches(@"^quantnet: warning: .*: architecture 'odd' is not known; quantized by the names and shapes of its tensors\n", plan.Error);
        Succeed("quantize", odd, "Q4_K_M", "--dry-run", "-q");

        Run("quantize", odd, "-o", _folder["x.gguf"], "Q4_K_M", "--strict").AssertFails(1, "'x.weight (Q5_0 instead of Q4_K)' (without --strict they get these)");
        AssertPlanWithFaults(["quantize", odd, "Q4_K_M", "--strict"], "'x.weight (Q5_0 instead of Q4_K)'");
        ToolResult written = Run("quantize", odd, "-o", _folder["x.gguf"], "Q4_K_M");
        Assert.Equal(0, written.ExitCode);
        Assert.Contains("quantnet: warning:", written.Error, StringComparison.Ordinal);
        Succeed("quantize", odd, "-o", _folder["y.gguf"], "Q4_K_M", "-q");
    }

    [Theory]
    [InlineData("no tensor matches 'nothing'", "--tensor-type", "nothing=Q4_0")]
    [InlineData("no tensor matches 'nothing*'", "--include", "nothing*")]
    [InlineData("no tensor matches 'nothing*'", "--exclude", "nothing*")]
    [InlineData("/nowhere: no such file", "--imatrix", "/nowhere")]
    [InlineData("rows that do not fit into 1 byte of memory", "--max-memory", "1")]
    [InlineData("(--max-memory SIZE gives more)", "--max-memory", "10")]
    public void WhatCannotBeDoneIsExitCode1(string complaint, params string[] options)
    {
        Run(["quantize", _model, "-o", _folder["x.gguf"], "Q4_0", .. options]).AssertFails(1, complaint);
        Assert.Single(Directory.GetFiles(_folder.Path));
    }

    [Theory]
    [InlineData(float.NaN, "row 0, column 0 is NaN, expected a finite number")]
    [InlineData(1e30f, "row 0, column 0 is 1E+30, too large for Q8_0")]
    public void WeightsThatNoBlockHoldsAreRefusedUnlessAllowed(float weight, string complaint)
    {
        string odd = new TinyGguf().Add("general.architecture", "made-up")
            .AddTensor("x.weight", 0, [32, 2], [.. BitConverter.GetBytes(weight), .. new byte[63 * sizeof(float)]]).Write(_folder["odd.gguf"]);
        string[] command = ["quantize", odd, "-o", _folder["x.gguf"], "Q8_0", "-q"];
        Run(command).AssertFails(1, complaint, "(--allow-nonfinite takes it as it is)");
        Succeed([.. command, "--allow-nonfinite"]);
    }

    [Fact]
    public void WhatIsQuantizedAlreadyIsRefusedUnlessAllowed()
    {
        Run("quantize", Repository.WideModel, "-o", _folder["x.gguf"], "Q4_0").AssertFails(1, "quantized already", "'token_embd.weight (Q4_K)'", "(--allow-requantize allows it)");
        AssertPlanWithFaults(["quantize", Repository.WideModel, "Q4_0"], "quantized already");
        Succeed("quantize", Repository.WideModel, "-o", _folder["x.gguf"], "Q4_0", "--allow-requantize");
    }

    [Fact]
    public void AnExistingOutputIsReplacedOnlyByForceAndTheModelNever()
    {
        File.WriteAllText(_folder["x.gguf"], "mine");
        Run("quantize", _model, "-o", _folder["x.gguf"], "Q8_0").AssertFails(1, "x.gguf: exists already (--force replaces it)");
        Assert.Equal("mine", File.ReadAllText(_folder["x.gguf"]));
        Run("quantize", _model, "-o", _model, "Q8_0", "--force").AssertFails(1, "is the model itself");
        Succeed("quantize", _model, "-o", _folder["x.gguf"], "Q8_0", "--force");
    }

    [Fact]
    public void ADryRunLooksAtThePlaceOfTheOutputAndCreatesNothing()
    {
        File.WriteAllText(_folder["mine.gguf"], "mine");
        AssertPlanWithFaults(["quantize", _model, "Q8_0", "-o", _folder["mine.gguf"]], "mine.gguf: exists already (--force replaces it)");
        AssertPlanWithFaults(["quantize", _model, "Q8_0", "-o", _folder["nowhere/x.gguf"]], "nowhere/x.gguf: there is no directory");
        AssertPlanWithFaults(["quantize", _model, "Q8_0", "-o", _model, "--force"], "is the model itself");
        AssertPlanWithFaults(
            ["quantize", _model, "IQ2_XS", "-o", _folder["mine.gguf"], "--allow-requantize"], "need an importance matrix", "exists already");

        Succeed("quantize", _model, "Q8_0", "-o", _folder["x.gguf"], "--dry-run");
        Succeed("quantize", _model, "Q8_0", "-o", _folder["mine.gguf"], "--dry-run", "--force");
        Assert.Equal(["mine.gguf", "wide-f16.gguf"], _folder.Names);
    }

    [MountFact]
    public void ADryRunSaysWhenThereIsTooLittleRoomOrAFolderIsReadOnly()
    {
        foreach ((string kind, string fault) in new[] { ("size=64k", @"x\.gguf: needs \d+ bytes, but only \d+ are free there\n"), ("ro", @"x\.gguf: read-only file system\n") })
        {
            ToolResult result = RunInShell(
                $"""
                mkdir -p '{_folder["small"]}' && mount -t tmpfs -o {kind} tmpfs '{_folder["small"]}' || exit 77
                quantnet quantize '{_model}' Q8_0 -o '{_folder["small/x.gguf"]}' --dry-run
                code=$?
                umount '{_folder["small"]}'
                exit $code
                """);
            Assert.Equal(1, result.ExitCode);
            Assert.Matches(fault, result.Error);
        }
    }

    [UnprivilegedFact]
    public void ADryRunSeesAFolderThatMayNotBeWritten()
    {
        RunInShell($"mkdir -m 555 '{_folder["fixed"]}'");
        AssertPlanWithFaults(["quantize", _model, "Q8_0", "-o", _folder["fixed/x.gguf"]], "no permission to write into");
        Run("quantize", _model, "Q8_0", "-o", _folder["x.gguf"], "--report", _folder["fixed/x.json"]).AssertFails(1, "x.json: cannot be written: permission denied");
        Assert.False(File.Exists(_folder["x.gguf"]));
    }

    [Fact]
    public void PartsThatAreThereAlreadyAreFoundBeforeAnythingLong()
    {
        File.WriteAllText(_folder["x-00002-of-00003.gguf"], "mine");
        string[] divided = ["quantize", _model, "-o", _folder["x.gguf"], "--split-max-size", "1MB"];
        Run([.. divided, "Q8_0"]).AssertFails(1, "x-00002-of-00003.gguf: exists already (--force replaces it)");
        AssertPlanWithFaults([.. divided, "Q8_0"], "x-00002-of-00003.gguf: exists already");
        Succeed([.. divided, "Q8_0", "--force", "-q"]);
        Run([.. divided, "--target-bpw", "4.5"]).AssertFails(1, "x-00001-of-00003.gguf: exists already");   // and no progress of measuring

        // A set's part names the set, as it does where a model is read.
        string[] kept = ["quantize", _folder["x-00001-of-00003.gguf"], "-o", _folder["y-00001-of-00003.gguf"], "Q4_0", "--allow-requantize", "--keep-split"];
        Assert.Matches(@"\nwritten +.*y-00001-of-00003\.gguf and 2 more files\n", "\n" + Succeed(kept).Out);
        Assert.Equal(["y-00001-of-00003.gguf", "y-00002-of-00003.gguf", "y-00003-of-00003.gguf"], _folder.Names.Where(name => name.StartsWith('y')));
        Run(kept).AssertFails(1, "y-00001-of-00003.gguf: exists already");
    }

    [Theory]
    [InlineData("--target-size")]
    [InlineData("--split-max-size", "Q8_0")]
    [InlineData("--max-memory", "Q8_0")]
    public void AWrongSizeIsNamedWithItsOption(string option, params string[] type) =>
        Run(["quantize", _model, .. type, "--dry-run", option, "4XB"]).AssertFails(2, $"{option}: '4XB' is not a size, such as ");

    [Theory]
    [InlineData("Q4KM", "Q4_K_M")]
    [InlineData("iq4-xs", "IQ4_XS")]
    [InlineData("Q5_K_N", "Q5_K_M")]
    public void AMistypedTypeIsGuessed(string typed, string meant) =>
        Run("quantize", _model, typed, "--dry-run").AssertFails(2, $"TYPE: '{typed}' is no file type; did you mean '{meant}'?");

    [Fact]
    public void WhatIsMeantByTypesAndNamesIsSaid()
    {
        Run("quantize", _model, "banana", "--dry-run").AssertFails(2, "TYPE: 'banana' is none of ", "Q4_K_M");
        Run("quantize", _model, "-o", _folder[".gguf"], "Q8_0").AssertFails(2, ".gguf' has no name before its extension");
    }

    [Fact]
    public void RowsThatFitNoFormatOfTheRecipeAreShownInThePlan()
    {
        string[] command = ["quantize", Repository.StoriesModel, "Q8_0", "--allow-requantize"];
        string[] words = ["5 tensors with rows that are not whole blocks", "'blk.0.ffn_down.weight (Q8_0, rows of 172)'", "(--tensor-type PATTERN=TYPE, --exclude GLOB)"];
        Run([.. command, "-o", _folder["x.gguf"]]).AssertFails(1, words);
        AssertPlanWithFaults(command, words[1]);
        Assert.Matches(
            @"\nblk\.4\.ffn_down\.weight +64 × 172 +F16 +not possible +.* rows of 172 values are not whole blocks of Q8_0 \(32\), and the recipe has no other format\n",
            Run([.. command, "--dry-run"]).Out);
        JsonElement tensor = Run([.. command, "--dry-run", "--json"]).Json.List("tensors").Single(tensor => tensor.Text("name") == "blk.4.ffn_down.weight");
        Assert.Equal(("impossible", false), (tensor.Text("reason"), tensor.TryGetProperty("to", out _)));
    }

    [Theory]
    [InlineData("effort best has no effect, because ", "Q8_0", "--effort", "best")]
    [InlineData("leave output tensor has no effect, because ", "COPY", "--leave-output-tensor")]
    [InlineData("exclude '*norm*' has no effect, because ", "Q8_0", "--exclude", "*norm*")]
    [InlineData("keep split divides nothing, because the model is one file", "Q8_0", "--keep-split")]
    [InlineData("nothing is quantized: all tensors stay as they are: left out by an option, a vector", "Q8_0", "--exclude", "*")]
    public void OptionsWithoutEffectAreWarnedOfInDryRunsToo(string warning, params string[] options)
    {
        foreach (string[] where in new string[][] { ["--dry-run"], ["-o", _folder["x.gguf"]] })
        {
            ToolResult result = Run(["quantize", _model, .. where, .. options]);
            Assert.Equal(0, result.ExitCode);
            Assert.Matches($@"^quantnet: warning: .*{System.Text.RegularExpressions.Regex.Escape(warning)}.*\n$", result.Error);
        }

        Succeed(["quantize", _model, "--dry-run", "-q", .. options]);
    }

    [Fact]
    public void RowsThatDoNotFitAreSaidOfABudgetToo() =>
        Run("quantize", _model, "-o", _folder["x.gguf"], "--target-bpw", "4", "--max-memory", "1KiB", "-q").AssertFails(
            1, "bytes to measure, expected at most 1024 (--max-memory SIZE gives more)");

    [Fact]
    public void ABudgetThatIsLargerThanTheModelIsSaid() => Assert.Contains(
        "nothing is quantized: 99 bits per weight are enough for all tensors as they are",
        Run("quantize", _model, "--target-bpw", "99", "--dry-run").Error, StringComparison.Ordinal);

    [Fact]
    public void ABudgetChoosesTheTypes()
    {
        JsonElement result = Succeed("quantize", _model, "-o", _folder["x.gguf"], "--target-size", "1.2MB", "--json", "-q").Json;
        Assert.InRange(new FileInfo(_folder["x.gguf"]).Length, 1_180_000, 1_200_000);
        Assert.Equal(1_200_000, result.Number("targetBytes"));
        Assert.All(
            result.List("tensors").Where(tensor => tensor.Text("reason") == "budget"),
            tensor => Assert.InRange(tensor.GetProperty("estimatedError").GetDouble(), 0, 1));

        // Not quiet, which would leave these lines out; a slow machine may show progress, too.
        string shown = Run("quantize", _model, "--target-bpw", "4.5", "--dry-run").Out;
        Assert.Matches(@" Error +Why\n", shown);
        Assert.Matches(@"\ntype +mostly .*, chosen for 4\.5 bits per weight\n", shown);
        Assert.Matches(@"\nerror +\d.* % of what was measured\n", shown);
    }

    [Fact]
    public void OfABudgetThatIsTooSmallTheSmallestPlanIsShown()
    {
        const string Fault = "0.5 bits per weight are too few, expected at least ";
        string[] command = ["quantize", _model, "--target-bpw"];
        AssertPlanWithFaults([.. command, "0.5"], Fault);
        Assert.Matches(@"\ntype +mostly .*, the smallest there is, and more than 0\.5 bits per weight\n", Run([.. command, "0.5", "--dry-run"]).Out);
        Assert.Contains("the smallest there is, and more than 10.0 KiB", Run("quantize", _model, "--target-size", "10KiB", "--dry-run").Out, StringComparison.Ordinal);
        ToolResult refused = Run([.. command, "0.5", "-o", _folder["y.gguf"], "-q"]);
        refused.AssertFails(1, Fault, " bytes of tensors), with the smallest type for each tensor, mostly ");
        string least = refused.Error.Split("at least ")[1].Split(' ')[0];
        Succeed([.. command, least, "--dry-run", "-q"]);
    }

    [Fact]
    public void MoreEffortMakesErrorsLower()
    {
        JsonElement result = Succeed("quantize", _model, "-o", _folder["best.gguf"], "Q2_K", "--effort", "best", "--json").Json;
        Assert.Equal("best", result.GetProperty("effort").GetString());
        Succeed("quantize", _model, "-o", _folder["usual.gguf"], "Q2_K");
        double Error(string file) => Succeed("compare", _model, _folder[file], "--json").Json.GetProperty("total").GetProperty("error").GetProperty("relativeError").GetDouble();
        Assert.InRange(Error("best.gguf"), 0.5 * Error("usual.gguf"), 0.99 * Error("usual.gguf"));
        Run("quantize", _model, "-o", _folder["x.gguf"], "Q2_K", "--effort", "most").AssertFails(2, "--effort: 'most' is none of reference, best");
    }

    [Fact]
    public void ErrorsAreReportedAsCompareDoes()
    {
        string shown = Succeed("quantize", _model, "-o", _folder["x.gguf"], "Q4_0", "--report", "-").Out;
        Assert.Matches(@"\nblk\.0\.attn_q\.weight +F16 +Q4_0 +[\d.e-]+ +\d+(\.\d+)? % +", shown);

        Succeed("quantize", _model, "-o", _folder["y.gguf"], "Q4_0", "--report", _folder["errors.json"]);
        Succeed("quantize", _model, "-o", _folder["y.gguf"], "Q4_0", "--report", _folder["errors.html"], "--force");
        Assert.StartsWith("<!DOCTYPE html>", File.ReadAllText(_folder["errors.html"]), StringComparison.Ordinal);
        JsonElement reported = JsonDocument.Parse(File.ReadAllText(_folder["errors.json"])).RootElement;
        JsonElement compared = Succeed("compare", _model, _folder["y.gguf"], "--json").Json;
        Assert.Equal(Errors(compared), Errors(reported));

        Run("quantize", _model, "-o", _folder["z.gguf"], "Q4_0", "--report", _folder["errors.json"]).AssertFails(1, "errors.json: exists already");
        Run("quantize", _model, "-o", _folder["z.gguf"], "Q4_0", "--report", _folder["nowhere/x.json"]).AssertFails(1, "its folder is not there");
        Assert.False(File.Exists(_folder["z.gguf"]));

        Directory.CreateDirectory(_folder["plain"]);
        Succeed("dequantize", Repository.WideModel, "-o", _folder["plain/model.safetensors"], "--shard-size", "1MB");
        string index = _folder["plain/model.safetensors.index.json"], before = File.ReadAllText(index);
        Run("quantize", index, "-o", _folder["z.gguf"], "Q4_0", "--report", index, "--force").AssertFails(1, "may be a file of the model");
        Assert.Equal(before, File.ReadAllText(index));
        Run("quantize", _model, "-o", _folder["z.gguf"], "Q4_0", "--imatrix", index, "--report", index, "--force").AssertFails(1, "is the importance matrix");
        Run("quantize", _model, "-o", _folder["z.gguf"], "-o", _folder["y.gguf"], "Q4_0").AssertFails(2, "--output is given 2 times, expected once");
        Run("metadata", _model, "-o", _folder["z.gguf"], "-o", _folder["y.gguf"], "--set", "a=b").AssertFails(2, "--output is given 2 times, expected once");
    }

    [MountFact]
    public void AReportThatCannotBeWrittenAfterwardsDoesNotHideTheModel()
    {
        // A file system without room for anything but empty files.
        ToolResult result = RunInShell(
            $"""
            mkdir '{_folder["small"]}' && mount -t tmpfs -o size=4k tmpfs '{_folder["small"]}' || exit 77
            quantnet quantize '{_model}' Q8_0 -o '{_folder["x.gguf"]}' --report '{_folder["small/errors.json"]}'
            code=$?
            ls -A '{_folder["small"]}' >&2
            umount '{_folder["small"]}'
            exit $code
            """);
        Assert.Equal(1, result.ExitCode);
        Assert.Matches(@"^quantnet: .*errors\.json: cannot be written: .*; the model is complete: .*x\.gguf\n$", result.Error);
        Assert.StartsWith("written ", result.Out, StringComparison.Ordinal);
        Succeed("inspect", _folder["x.gguf"], "--json");
    }

    [Fact]
    public void FilesMayBeSplit()
    {
        JsonElement result = Succeed("quantize", _model, "-o", _folder["x.gguf"], "Q8_0", "--split-max-size", "1MB", "--json", "-q").Json;
        Assert.Equal(
            ["x-00001-of-00003.gguf", "x-00002-of-00003.gguf", "x-00003-of-00003.gguf"],
            result.List("outputs").Select(file => Path.GetFileName(file.GetString())));
        Succeed("quantize", _folder["x-00002-of-00003.gguf"], "-o", _folder["y.gguf"], "Q4_0", "--allow-requantize", "--keep-split");
        Assert.True(File.Exists(_folder["y-00003-of-00003.gguf"]));
    }

    [Fact]
    public void SafetensorsAreQuantizedByTheirNames()
    {
        Directory.CreateDirectory(_folder["checkpoint"]);
        Succeed("dequantize", Repository.WideModel, "-o", _folder["checkpoint/model.safetensors"], "-q");
        ToolResult result = Run("quantize", _folder["checkpoint"], "-o", _folder["x.gguf"], "Q8_0");
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("a safetensors model names no architecture of GGUF", result.Error, StringComparison.Ordinal);
        Assert.Equal(48, Succeed("inspect", _folder["x.gguf"], "--json").Json.List("tensors").Count());
        Run("quantize", Repository.GptqModel, "-o", _folder["y.gguf"], "Q8_0").AssertFails(1, "is quantized already", "dequantize it first");
    }

    /// <summary>Checks that a dry run shows the plan and then what speaks against it, and that its JSON has the same.</summary>
    private static void AssertPlanWithFaults(string[] arguments, params string[] faults)
    {
        ToolResult plan = Run([.. arguments, "--dry-run", "-q"]);
        Assert.Equal(1, plan.ExitCode);
        Assert.Matches(@"\nall +\d+ +", plan.Out);
        string[] lines = plan.Error.TrimEnd('\n').Split('\n');
        Assert.Equal(faults.Length, lines.Length);
        Assert.All(lines.Zip(faults), pair => Assert.Contains(pair.Second, pair.First, StringComparison.Ordinal));

        ToolResult json = Run([.. arguments, "--dry-run", "-q", "--json"]);
        Assert.Equal((1, plan.Error), (json.ExitCode, json.Error));
        Assert.Equal(lines, json.Json.List("faults").Select(fault => $"quantnet: {fault.GetString()}"));
        Assert.NotEmpty(json.Json.List("tensors"));
    }

    private static IEnumerable<(string, double)> Errors(JsonElement report) => report.List("tensors")
        .Select(tensor => (tensor.Text("name")!, tensor.GetProperty("error").GetProperty("rmse").GetDouble()))
        .OrderBy(tensor => tensor.Item1, StringComparer.Ordinal);
}
