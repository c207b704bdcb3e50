using System.CommandLine;
using Quant.Net;
using Quant.Net.Benchmarks;
using Quant.Net.Benchmarks.Api;
using Quant.Net.Benchmarks.Encoders;
using Quant.Net.Benchmarks.Files;
using Quant.Net.Benchmarks.Kernels;
using Quant.Net.Benchmarks.Matrices;
using Quant.Net.Benchmarks.Report;
using Quant.Net.Tool.Bench;

var peers = new Option<string[]>("--peer")
{
    Description = "A ggml library to compare with (libggml-base.so), and what to call it; may be repeated",
    HelpName = "[NAME=]PATH",
    DefaultValueFactory = _ => [],
};
var format = new Option<string>("--format")
{
    Description = "Only formats whose name matches, while working on one",
    HelpName = "GLOB",
    DefaultValueFactory = _ => "*",
};
var output = new Option<DirectoryInfo>("--output")
{
    Description = "The folder for latest.md and latest.svg",
    HelpName = "FOLDER",
    Required = true,
};
var seconds = new Option<double>("--seconds")
{
    Description = "About how long to measure each kernel",
    HelpName = "SECONDS",
    DefaultValueFactory = _ => 0.05,
};
var tool = new Option<string?>("--tool") { Description = "The published tool's assembly, to measure its start", HelpName = "PATH" };
var hello = new Option<string?>("--hello") { Description = "That of a program to compare with", HelpName = "PATH" };
var model = new Option<string?>("--model") { Description = "The model that the tool looks into", HelpName = "PATH" };
var matrices = new Option<bool>("--matrices") { Description = "Only packed matrices (GPTQ, AWQ ...), which have a page of their own" };
var encoders = new Option<bool>("--encoders") { Description = "Only encoders, which have a page of their own" };
var files = new Option<bool>("--files") { Description = "Only quantizing whole models of 1 GiB, which has a page of its own" };
var llamaQuantize = new Option<string?>("--llama-quantize")
{
    Description = "With --files: llama.cpp's program, to compare with",
    HelpName = "PATH",
};
var python = new Option<string?>("--python")
{
    Description = "With --matrices: a Python that has torch or numpy, to compare with the usual unpacking",
    HelpName = "PATH",
};
var command = new RootCommand("Measures the kernels, the .NET API and the start of the tool, and writes a page and a plot of them.")
{
    peers, format, output, seconds, tool, hello, model, matrices, encoders, files, llamaQuantize, python,
};
command.SetAction(parsed =>
{
    if (parsed.GetValue(matrices))
    {
        DirectoryInfo pages = parsed.GetRequiredValue(output);
        Unpack? usual = parsed.GetValue(python) is { } interpreter ? Unpack.Measure(interpreter) : null;
        IReadOnlyList<MatrixResult> measured = MatrixContest.Run(10 * parsed.GetValue(seconds), Console.Error.WriteLine);
        pages.Create();
        using var matrixPage = new StreamWriter(Path.Combine(pages.FullName, "matrices.md"));
        string line = usual is null ? "./build.sh bench --matrices" : "./build.sh bench --matrices --python python3";
        MatrixPage.Write(matrixPage, line, measured, usual);
        return;
    }

    if (parsed.GetValue(files))
    {
        string? other = parsed.GetValue(llamaQuantize);
        DirectoryInfo pages = parsed.GetRequiredValue(output);
        using var contest = new WholeFileContest(parsed.GetRequiredValue(tool)!, other);
        IReadOnlyList<WholeFile> measured = contest.Run(Console.Error.WriteLine);
        pages.Create();
        using var filePage = new StreamWriter(Path.Combine(pages.FullName, "files.md"));
        WholeFilePage.Write(filePage, $"./build.sh bench --files{(other is null ? "" : " --llama-quantize ...")}", measured);
        return;
    }

    Peer[] libraries = [.. parsed.GetRequiredValue(peers).Select(LoadPeer)];
    var chosen = new NamePattern(parsed.GetRequiredValue(format));
    QuantFormatInfo[] formats = [.. QuantFormats.All.Where(info => chosen.IsMatch(info.Name))];
    string shown = string.Concat(libraries.Select(peer => $" --peer {peer.Name}=..."));
    shown += formats.Length < QuantFormats.All.Count ? $" --format '{chosen}'" : "";
    DirectoryInfo folder = parsed.GetRequiredValue(output);
    folder.Create();
    if (parsed.GetValue(encoders))
    {
        IReadOnlyList<EncoderRace> races = EncoderContest.Run(formats, libraries, parsed.GetValue(seconds), Console.Error.WriteLine);
        using var encoderPage = new StreamWriter(Path.Combine(folder.FullName, "encoders.md"));
        new EncoderPage(races, libraries, encoderPage).Write($"./build.sh bench --encoders{shown}");
        return;
    }

    BenchResult kernels = KernelContest.Run(formats, libraries, parsed.GetValue(seconds), Console.Error.WriteLine);
    Console.Error.WriteLine("comparing bits");
    var differences = libraries.SelectMany(peer => formats.Select(info =>
            (Key: (peer.Name, info.Name), Count: PeerCheck.CountDifferences(peer, info))))
        .Where(one => one.Count is not null)
        .ToDictionary(one => one.Key, one => one.Count!.Value);
    Console.Error.WriteLine("the .NET API");
    IReadOnlyList<ApiResult> api = ApiBenchmarks.Run(Path.Combine(Path.GetTempPath(), "quantnet-benchmarks"));
    ToolStart? start = parsed.GetValue(tool) is { } toolPath && parsed.GetValue(hello) is { } helloPath
        ? ToolStart.Measure(toolPath, helloPath, parsed.GetValue(model)!, seconds: 5)
        : null;

    var results = new Results($"./build.sh bench{shown}", kernels, libraries, differences, api, start);
    using (var page = new StreamWriter(Path.Combine(folder.FullName, "latest.md")))
    {
        new ResultsPage(results, page).Write("latest.svg");
    }

    File.WriteAllText(Path.Combine(folder.FullName, "latest.svg"), new ResultsPlot(results).Draw());
});
return command.Parse(args).Invoke();

static Peer LoadPeer(string argument)
{
    int separator = argument.IndexOf('=', StringComparison.Ordinal);
    return separator < 0 ? new Peer("ggml", argument) : new Peer(argument[..separator], argument[(separator + 1)..]);
}
