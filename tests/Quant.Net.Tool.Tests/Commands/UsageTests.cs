using Quant.Net.Tool.Tests.Support;
using static Quant.Net.Tool.Tests.Support.CommandLineTool;

namespace Quant.Net.Tool.Tests.Commands;

public class UsageTests
{
    [Theory]
    [InlineData("expected a command: inspect, dequantize, quantize, extract, split, merge, metadata, slice, concat, verify, compare, formats, doctor, bench, completion (see 'quantnet --help')")]
    [InlineData("MODEL is missing (see 'quantnet inspect --help')", "inspect")]
    [InlineData("MODEL is empty", "inspect", "")]
    [InlineData("'--all' is not an option of quantnet verify", "verify", "--all")]
    [InlineData("TYPE is empty", "quantize", "MODEL", "-o", "x.gguf", "")]
    [InlineData("'-' is no file; nothing is read from the standard input", "inspect", "-")]
    [InlineData("'nothing' is not a command (see 'quantnet --help')", "help", "nothing")]
    [InlineData("'inspcet' is not a command; did you mean 'inspect'?", "inspcet", "--help")]
    [InlineData("'--json' is one argument too many for quantnet inspect; options stand before '--'", "inspect", "--", "MODEL", "--json")]
    [InlineData("'inspect' stands behind '--', expected a command before it", "--", "inspect", "MODEL")]
    [InlineData("--json takes no value, found 'maybe'", "inspect", "MODEL", "--json=maybe")]
    [InlineData("-q takes no value, found 'maybe'", "inspect", "-q:maybe")]
    [InlineData("--axis out|in is required (see 'quantnet concat --help')", "concat", "MODEL", "-o", "x.gguf")]
    [InlineData("--axis has no value, expected out|in (see 'quantnet concat --help')", "concat", "MODEL", "-o", "x.gguf", "--axis")]
    [InlineData("--output is given 2 times, expected once", "concat", "MODEL", "-o", "x.gguf", "--output", "y.gguf", "--axis", "in")]
    [InlineData("--tensor has no value, expected GLOB (see", "inspect", "MODEL", "--tensor", "a", "--tensor")]
    [InlineData("--tensor has no value, expected GLOB; found the option '--json'", "inspect", "MODEL", "--tensor", "--json")]
    [InlineData("--output has no value, expected OUT; found the option '-q'", "dequantize", "MODEL", "-o", "-q")]
    [InlineData("--tensor is empty, expected GLOB", "inspect", "MODEL", "--tensor", "")]
    [InlineData("--imatrix is empty, expected FILE", "quantize", "MODEL", "-o", "x.gguf", "Q4_0", "--imatrix", "")]
    [InlineData("--output is empty, expected", "split", "MODEL", "-o", "", "--max-tensors", "3")]
    [InlineData("--output is empty, expected", "extract", "MODEL", "--tensor", "output.weight", "-o", "")]
    [InlineData("--against is empty, expected ORIGINAL", "verify", "MODEL", "--against", "")]
    [InlineData("--manifest is empty, expected FILE", "verify", "MODEL", "--manifest", "")]
    [InlineData("--answers is empty, expected", "doctor", "--answers", "")]
    [InlineData("cannot be had together with --json", "formats", "--markdown", "--json")]
    [InlineData("has no name before its extension", "dequantize", "MODEL", "-o", ".safetensors")]
    [InlineData("did you mean 'inspect'?", "inpsect", "model.gguf")]
    [InlineData("'banana' is not a command", "banana")]
    [InlineData("'--jsn' is not an option of quantnet inspect; did you mean '--json'?", "inspect", "--jsn", "model.gguf")]
    [InlineData("'--jsn' is not an option of quantnet formats; did you mean '--json'?", "formats", "--jsn")]
    [InlineData("'more' is one argument too many for quantnet doctor", "doctor", "more")]
    [InlineData("--output OUT is required", "dequantize", "model.gguf")]
    [InlineData("neither in .safetensors nor in .gguf", "dequantize", "model.gguf", "-o", "model.bin")]
    [InlineData("'f8' is none of f32, f16, bf16", "dequantize", "model.gguf", "-o", "out.gguf", "--type", "f8")]
    [InlineData("--shard-size: '5 apples' is not a size", "dequantize", "model.gguf", "-o", "out.safetensors", "--shard-size", "5 apples")]
    [InlineData("only .safetensors output", "dequantize", "MODEL", "-o", "out.gguf", "--shard-size", "5GB")]
    [InlineData("expected TYPE, such as Q4_K_M, or --target-size or --target-bpw", "quantize", "MODEL", "-o", "x.gguf")]
    [InlineData("IN is missing", "quantize")]
    [InlineData("TYPE: 'Q4_K_N' is no file type; did you mean 'Q4_K_M'?", "quantize", "MODEL", "-o", "x.gguf", "Q4_K_N")]
    [InlineData("did you mean 'Q4_K_M'?", "quantize", "MODEL", "-o", "x.gguf", "q4_km")]
    [InlineData("--output is required, or --dry-run", "quantize", "MODEL", "Q4_0")]
    [InlineData("does not end in .gguf", "quantize", "MODEL", "-o", "x", "Q4_0")]
    [InlineData("--target-bpw chooses the types, expected no TYPE", "quantize", "MODEL", "-o", "x.gguf", "Q4_0", "--target-bpw", "4")]
    [InlineData("--target-size and --target-bpw cannot be had together", "quantize", "MODEL", "-o", "x.gguf", "--target-size", "1GB", "--target-bpw", "4")]
    [InlineData("--pure goes with TYPE", "quantize", "MODEL", "-o", "x.gguf", "--pure", "--target-bpw", "4")]
    [InlineData("--target-bpw: '-4' is not a number of bits", "quantize", "MODEL", "-o", "x.gguf", "--target-bpw", "-4")]
    [InlineData("--tensor-type: 'Q9' is no format", "quantize", "MODEL", "-o", "x.gguf", "Q4_0", "--tensor-type", "x=Q9")]
    [InlineData("'x' is no rule, expected PATTERN=TYPE", "quantize", "MODEL", "-o", "x.gguf", "Q4_0", "--tensor-type", "x")]
    [InlineData("Regular expression '(' is malformed at character 1: insufficient closing parentheses (see", "quantize", "MODEL", "-o", "x.gguf", "Q4_0", "--tensor-type", "(=Q4_0")]
    [InlineData("--output-tensor-type: 'Q8_K' is no format", "quantize", "MODEL", "-o", "x.gguf", "Q4_0", "--output-tensor-type", "Q8_K")]
    [InlineData("--include has no value, expected GLOB", "quantize", "MODEL", "-o", "x.gguf", "Q4_0", "--include", "a", "--include")]
    [InlineData("--keep-split and --split-max-size cannot be had together", "quantize", "MODEL", "-o", "x.gguf", "Q4_0", "--keep-split", "--split-max-size", "1GB")]
    [InlineData("--report: 'x.txt' ends neither in .json nor in .html", "quantize", "MODEL", "-o", "x.gguf", "Q4_0", "--report", "x.txt")]
    [InlineData("--report does not go with --resume", "quantize", "MODEL", "-o", "x.gguf", "Q4_0", "--report", "x.json", "--resume")]
    [InlineData("--report does not go with --dry-run", "quantize", "MODEL", "Q4_0", "--report", "x.json", "--dry-run")]
    [InlineData("--report - and --json cannot be had together", "quantize", "MODEL", "-o", "x.gguf", "Q4_0", "--report", "-", "--json")]
    [InlineData("expected one of --max-size and --max-tensors", "split", "MODEL", "-o", "x")]
    [InlineData("expected one of --max-size and --max-tensors", "split", "MODEL", "-o", "x", "--max-size", "5GB", "--max-tensors", "3")]
    [InlineData("'0' is not a number of tensors", "split", "MODEL", "-o", "x", "--max-tensors", "0")]
    [InlineData("does not end in .gguf", "merge", "MODEL", "-o", "x")]
    [InlineData("ORIGINAL is missing", "compare")]
    [InlineData("MODEL is missing", "compare", "MODEL")]
    [InlineData("ORIGINAL is empty", "compare", "", "MODEL")]
    [InlineData("--max-error: '-1' is not a number from 0", "compare", "MODEL", "MODEL", "--max-error", "-1")]
    [InlineData("--max-error: 'NaN' is not a number from 0", "compare", "MODEL", "MODEL", "--max-error", "NaN")]
    [InlineData("--html: 'x.gguf' does not end in .html", "compare", "MODEL", "MODEL", "--html", "x.gguf")]
    [InlineData("--force goes with --html FILE", "compare", "MODEL", "MODEL", "--force")]
    [InlineData("--set needs -o OUT: the model itself is never changed", "metadata", "MODEL", "--set", "a=1")]
    [InlineData("-o needs something to change", "metadata", "MODEL", "-o", "x.gguf")]
    [InlineData("does not end in .gguf", "metadata", "MODEL", "-o", "x", "--remove", "a")]
    [InlineData("--get does not go with --remove", "metadata", "MODEL", "-o", "x.gguf", "--remove", "a", "--get", "b")]
    [InlineData("--raw goes with one --get KEY", "metadata", "MODEL", "--raw")]
    [InlineData("--raw and --json cannot be had together", "metadata", "MODEL", "--get", "a", "--raw", "--json")]
    [InlineData("--force goes with -o OUT", "metadata", "MODEL", "--force")]
    [InlineData("--set: 'a' is not KEY[:TYPE]=VALUE", "metadata", "MODEL", "-o", "x.gguf", "--set", "a")]
    [InlineData("--rename: 'a=' is not OLD=NEW", "metadata", "MODEL", "-o", "x.gguf", "--rename", "a=")]
    [InlineData("--set: 'a' is new, so say its type: a:TYPE=VALUE", "metadata", "MODEL", "-o", "x.gguf", "--set", "a=1")]
    [InlineData("--set: 'u7' is no type; there are uint8,", "metadata", "MODEL", "-o", "x.gguf", "--set", "a:u7=1")]
    [InlineData("--set a: '256' is no value of the type uint8", "metadata", "MODEL", "-o", "x.gguf", "--set", "a:uint8=256")]
    [InlineData("--set a: '[256' is no array of boolean as JSON has it", "metadata", "MODEL", "-o", "x.gguf", "--set", "a:bool[]=[256")]
    [InlineData("'split.no' says which part of a split model a file is", "metadata", "MODEL", "-o", "x.gguf", "--set", "split.no:u16=1")]
    [InlineData("expected one of --range, --parts, and --heads", "slice", "MODEL", "--axis", "in", "-o", "x.gguf")]
    [InlineData("--heads and --split need each other", "slice", "MODEL", "--axis", "in", "-o", "x.gguf", "--heads", "3")]
    [InlineData("'9:3' is not a range of features", "slice", "MODEL", "--axis", "in", "-o", "x.gguf", "--range", "9:3")]
    [InlineData("'4,x' is not a list of widths", "slice", "MODEL", "--axis", "in", "-o", "x.gguf", "--heads", "3", "--split", "4,x")]
    [InlineData("'0' is not a number from 1", "slice", "MODEL", "--axis", "in", "-o", "x.gguf", "--parts", "0")]
    [InlineData("'up' is none of out, in", "slice", "MODEL", "--axis", "up", "-o", "x.gguf", "--parts", "2")]
    [InlineData("does not end in .gguf", "slice", "MODEL", "--axis", "in", "-o", "x.safetensors", "--parts", "2")]
    [InlineData("expected --tensor", "slice", "MODEL", "--axis", "in", "-o", "x.gguf", "--parts", "2", "--module", "x")]
    [InlineData("'bf16' is none of f32, f16", "extract", "MODEL", "--tensor", "x", "-o", "x.npy", "--type", "bf16")]
    [InlineData("--cache: 'disk' is none of l2, memory, both", "bench", "--cache", "disk")]
    [InlineData("--order: 'up' is none of rows, columns, both", "bench", "--layout", "GPTQ", "--order", "up")]
    [InlineData("--to: 'f8' is none of f32, f16, bf16, all", "bench", "--to", "f8")]
    [InlineData("'csh' is none of the shells", "completion", "csh")]
    [InlineData("'blk.[0-3' has '[' without ']'", "inspect", "model.gguf", "--tensor", "blk.[0-3")]
    [InlineData("'0' is not a number of threads", "doctor", "--threads", "0")]
    [InlineData("'-1' is not a number of threads", "doctor", "--threads", "-1")]
    [InlineData("--gpu-memory: '1000' is too little, expected at least 1.00 MiB", "doctor", "--gpu-memory", "1000")]
    [InlineData("--gpu-memory goes with --device cuda:N or auto", "dequantize", "MODEL", "-o", "x.gguf", "--gpu-memory", "5MiB")]
    [InlineData("--gpu-memory goes with --device cuda:N or auto", "formats", "--device", "cpu", "--gpu-memory", "5MiB")]
    [InlineData("'1025' is not a number of threads from 1 to 1024", "doctor", "--threads", "1025")]
    [InlineData("'mmx' is no instruction set; there are scalar, avx2", "formats", "--isa", "mmx")]
    [InlineData("gpu", "formats", "--device", "gpu")]
    [InlineData("cuda:x", "formats", "--device", "cuda:x")]
    [InlineData("[31m' is no device name", "formats", "--device", "\u001b[31m")]
    [InlineData("\\n", "a\nb")]
    public void WrongUsageIsOneLineAndExitCode2(string complaint, params string[] arguments) =>
        Run([.. arguments.Select(argument => argument == "MODEL" ? Repository.WideModel : argument)]).AssertFails(2, complaint);

    [Fact]
    public void ADeviceThatCannotBeHadIsExitCode1() => Run("formats", "--device", "cuda:97").AssertFails(1, "cuda:97");

    [Theory]
    [InlineData("inspect")]
    [InlineData("dequantize")]
    [InlineData("quantize")]
    [InlineData("extract")]
    [InlineData("split")]
    [InlineData("merge")]
    [InlineData("metadata")]
    [InlineData("slice")]
    [InlineData("concat")]
    [InlineData("verify")]
    [InlineData("compare")]
    [InlineData("formats")]
    [InlineData("doctor")]
    [InlineData("completion")]
    public void HelpEndsInExamplesThatTheCommandLineAccepts(string command)
    {
        string help = Succeed(command, "--help").Out;

        Assert.Contains("--json", help, StringComparison.Ordinal);
        Assert.Contains("--quiet", help, StringComparison.Ordinal);
        string[] examples = [.. help.Split("Examples:")[1].Split('\n').Where(line => line.StartsWith("  quantnet ", StringComparison.Ordinal))];
        Assert.True(examples.Length >= 3);
        Assert.All(examples, example => Assert.StartsWith($"  quantnet {command}", example, StringComparison.Ordinal));
    }

    [Fact]
    public void HelpIsACommandToo()
    {
        Assert.Equal(Succeed("--help").Out, Succeed("help").Out);
        Assert.Equal(Succeed("inspect", "--help").Out, Succeed("help", "inspect").Out);
        Assert.Equal(Succeed("--help").Out, Succeed("help", "help").Out);
        Assert.Equal(Succeed("inspect", "--help").Out, Succeed("inspect", "--unknown", "--help").Out);
    }

    [Fact]
    public void BehindTwoDashesANameMayLookLikeAnOption() =>
        Run("inspect", "--", "-x.gguf").AssertFails(1, "-x.gguf: no such file");

    [Fact]
    public void BehindAnEqualsSignAValueMayLookLikeAnOption() =>
        Run("inspect", Repository.WideModel, "--tensor=--json").AssertFails(1, "no tensor matches '--json'");

    [Fact]
    public void ARegularExpressionThatTakesTooLongIsOneLine()
    {
        using var folder = new TemporaryFolder();
        string name = new string('a', 40) + "!", model = new TinyGguf().AddTensor(name, 0, [32], new byte[32 * sizeof(float)]).Write(folder["m.gguf"]);

        Run("quantize", model, "-o", folder["q.gguf"], "Q4_0", "--tensor-type", "(a+)+$=Q8_0")
            .AssertFails(1, $"the regular expression '(a+)+$' takes too long on '{name}'");
    }

    [Fact]
    public void HelpListsTheCommands()
    {
        string help = Succeed("--help").Out;

        string[] commands = ["inspect", "dequantize", "quantize", "extract", "split", "merge", "metadata", "slice", "concat", "verify", "compare", "formats", "doctor", "completion"];
        Assert.All(commands, command => Assert.Contains($"  {command}", help, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("do", "doctor")]
    [InlineData("formats --device c", "cpu", "cuda:0")]
    [InlineData("dequantize m.gguf --type b", "bf16")]
    public void CompletesWhatIsTyped(string typed, params string[] expected) =>
        Assert.Equal(expected, Succeed($"[suggest:{typed.Length}]", typed).Out.TrimEnd().Split(Environment.NewLine));

    [Fact]
    public void VersionIsOneLine() => Assert.Matches(@"^quantnet \d+\.\d+\.\d+\s*$", Succeed("--version").Out);

    [LinuxFact]
    public void AMissingLibraryIsOneLine() =>
        RunInShell("QUANTNET_LIBRARY=/nowhere/libquantnet.so quantnet formats").AssertFails(1, "/nowhere/libquantnet.so");

    [LinuxFact]
    public void TheStackIsShownOnlyWhenAskedFor()
    {
        ToolResult result = RunInShell("QUANTNET_DEBUG=1 quantnet inspect /nowhere.gguf");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("   at Quant.Net.Tool.", result.Error, StringComparison.Ordinal);
    }
}
