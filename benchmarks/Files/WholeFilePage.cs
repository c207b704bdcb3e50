using System.Globalization;
using Quant.Net.Tool.Bench;

namespace Quant.Net.Benchmarks.Files;

/// <summary>Writes what was measured of whole files as a page.</summary>
internal static class WholeFilePage
{
    private static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    public static void Write(TextWriter page, string command, IReadOnlyList<WholeFile> files)
    {
        BenchMachine machine = BenchMachine.Here();
        page.WriteLine("# Quantizing whole files: results of the last run");
        page.WriteLine();
        page.WriteLine($"Written by `{command}`; [performance.md](../../docs/performance.md) explains it.");
        page.WriteLine();
        page.WriteLine($"- {DateTimeOffset.Now.ToString("yyyy-MM-dd", Culture)}, Quant.Net {machine.Library}");
        page.WriteLine($"- {machine.Cpu}; {machine.System}");
        page.WriteLine();
        page.WriteLine("`quantnet quantize` of a model in float16 that is in the system's cache of files, with all threads; seconds from its start to");
        page.WriteLine("its end, medians of rounds. *Read and write*: a loop that reads the model and writes as many bytes as the result has, to the");
        page.WriteLine("disk as the tool does. *Memory* is without what is mapped from files.");
        page.WriteLine();
        page.WriteLine("| Type | Model | Result | Seconds | Against | Its seconds | Times as fast | Memory |");
        page.WriteLine("| --- | ---: | ---: | ---: | --- | ---: | ---: | ---: |");
        foreach (WholeFile file in files)
        {
            page.WriteLine(string.Create(
                Culture,
                $"| {file.Type} | {Mebibytes(file.InputBytes)} | {Mebibytes(file.OutputBytes)} | {Median.Of(file.Seconds):F2} | {file.Against} | {Median.Of(file.OtherSeconds):F2} | {file.Ratio:F2} | {Mebibytes(file.PeakBytes)} |"));
        }
    }

    private static string Mebibytes(long bytes) => string.Create(Culture, $"{bytes / (1 << 20)} MiB");
}
