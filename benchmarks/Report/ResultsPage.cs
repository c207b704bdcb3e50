using System.Globalization;
using Quant.Net.Benchmarks.Api;
using Quant.Net.Benchmarks.Kernels;
using Quant.Net.Tool.Bench;

namespace Quant.Net.Benchmarks.Report;

/// <summary>The results as a Markdown page.</summary>
internal sealed class ResultsPage(Results results, TextWriter output)
{
    private const string F32 = "f32";

    /// <summary>Writes the page.</summary>
    /// <param name="plot">The file name of the plot beside it.</param>
    public void Write(string plot)
    {
        WriteMachine(plot);
        WriteBars();
        WriteCache();
        WriteOtherOutputs();
        WriteMemory();
        WriteApi();
    }

    private void WriteMachine(string plot)
    {
        BenchMachine machine = results.Kernels.Machine;
        output.WriteLine("# Results of the last run");
        output.WriteLine();
        output.WriteLine($"Written by `{results.Command}`; [performance.md](../../docs/performance.md) explains it.");
        output.WriteLine();
        output.WriteLine($"- {results.Kernels.Date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}, Quant.Net {machine.Library}");
        output.WriteLine($"- {machine.Cpu}; {Number(machine.MemoryBytes / 1e9, "0")} GB; {machine.System}");
        if (results.Kernels.Bandwidth is { } bandwidth)
        {
            output.WriteLine($"- memory past the caches, {bandwidth.Threads} threads: {Gigabytes(bandwidth.Store)} GB/s stored; " +
                $"{Gigabytes(bandwidth.Copy)} GB/s written when as much is read");
        }

        foreach (Peer peer in results.Peers)
        {
            output.WriteLine($"- {peer.Name}: ggml {peer.Version}");
        }

        output.WriteLine();
        output.WriteLine($"![Speed of each format as a share of what memory allows]({plot})");
        output.WriteLine();
    }

    private void WriteBars()
    {
        output.WriteLine("## Bars");
        output.WriteLine();
        WriteHeader("Bar", "Cleared by:", "Missed by");
        foreach (Bar bar in Bars.Check(results))
        {
            WriteRow(
                bar.Name,
                $"{bar.Asked - bar.Missing.Count} of {bar.Asked}",
                bar.Missing.Count == 0 ? "" : string.Join(", ", bar.Missing));
        }

        output.WriteLine();
    }

    private void WriteCache()
    {
        output.WriteLine("## In cache, to f32");
        output.WriteLine();
        output.WriteLine("64 Ki weights, one thread. Millions of weights a second; the share is the best set's of what `memset` writes.");
        output.WriteLine("\"Differences\" counts weights that the peer decodes to other bits, in a million with random bits.");
        output.WriteLine();
        WriteHeader(
        [
            "Format",
            .. results.Sets.Select(set => $"{set}:"),
            "Share of memset:",
            .. results.Peers.SelectMany(peer => new[] { $"{peer.Name}:", "Ratio:", "Differences:" }),
        ]);
        foreach (string format in results.Formats)
        {
            BenchMeasurement? best = Cache(format, F32, results.BestSet);
            WriteRow(
            [
                format,
                .. results.Sets.Select(set => Millions(Cache(format, F32, set))),
                Percent(best?.Share),
                .. results.Peers.SelectMany(peer => PeerCells(peer, format, best)),
            ]);
        }

        output.WriteLine();
    }

    private string[] PeerCells(Peer peer, string format, BenchMeasurement? best) =>
        results.FindPeer(CachePlace.PlaceName, format, F32, peer.Name) is { } its && best is not null
            ?
            [
                Millions(its),
                Number(best.WeightsPerSecond / its.WeightsPerSecond, "0.0"),
                Number(results.Differences[(peer.Name, format)], "0"),
            ]
            : ["", "", ""];

    private void WriteOtherOutputs()
    {
        output.WriteLine("## In cache, to f16 and bf16");
        output.WriteLine();
        output.WriteLine("Millions of weights a second; the ratio is that to the best set's weights a second to f32.");
        output.WriteLine();
        string[] types = ["f16", "bf16"];
        WriteHeader(["Format", .. types.SelectMany(type => results.Sets.Select(set => $"{type} {set}:").Append("Ratio:"))]);
        foreach (string format in results.Formats)
        {
            double? full = Cache(format, F32, results.BestSet)?.WeightsPerSecond;
            WriteRow(
            [
                format,
                .. types.SelectMany(type => results.Sets.Select(set => Millions(Cache(format, type, set)))
                    .Append(Percent(Cache(format, type, results.BestSet)?.WeightsPerSecond / full))),
            ]);
        }

        output.WriteLine();
    }

    private void WriteMemory()
    {
        BenchMeasurement? any = results.Kernels.Measurements.FirstOrDefault(one => one.Cache == MemoryPlace.PlaceName);
        output.WriteLine("## Out of cache");
        output.WriteLine();
        output.WriteLine(
            $"{any?.Weights / (1024 * 1024)} Mi weights, {any?.Threads} threads. GB written a second, and the share of the roof: the same");
        output.WriteLine("bytes read and written past the caches without decoding. \"Computing\" is what as many threads decode in cache, where");
        output.WriteLine("memory costs nothing, as a share of the same roof: near 100 % or below, a decoder cannot reach it.");
        output.WriteLine();
        string[] types = [F32, "f16", "bf16"];
        WriteHeader(
        [
            "Format",
            .. types.SelectMany(type => new[] { $"{type} {results.BestSet}:", "Roof:", "Share:", "Computing:" }),
            .. results.Sets.SkipLast(1).Select(set => $"{F32} {set}, share:"),
            .. results.Peers.Select(peer => $"{peer.Name}, share:"),
        ]);
        foreach (string format in results.Formats)
        {
            WriteRow(
            [
                format,
                .. types.SelectMany(type => Memory(format, type, results.BestSet) is { } best
                    ? new[]
                    {
                        Gigabytes(best.BytesPerSecond),
                        Gigabytes(best.YardstickBytesPerSecond),
                        Percent(best.Share),
                        Percent(Cache(format, type, results.BestSet)?.BytesPerSecond * best.Threads / best.YardstickBytesPerSecond),
                    }
                    : ["", "", "", ""]),
                .. results.Sets.SkipLast(1).Select(set => Percent(Memory(format, F32, set)?.Share)),
                .. results.Peers.Select(peer => Percent(results.FindPeer(MemoryPlace.PlaceName, format, F32, peer.Name)?.Share)),
            ]);
        }

        output.WriteLine();
    }

    private void WriteApi()
    {
        output.WriteLine("## The .NET API");
        output.WriteLine();
        WriteHeader("Work", "Call", "Time:", "Allocated bytes:");
        foreach (ApiResult call in results.Api)
        {
            WriteRow(call.Work, call.Call, Time(call.Nanoseconds), Number(call.AllocatedBytes, "0"));
        }

        if (results.Start is { } start)
        {
            output.WriteLine();
            output.WriteLine($"`quantnet inspect` of a sample model takes {Time(start.ToolSeconds * 1e9)}, a program that writes a line " +
                $"{Time(start.HelloSeconds * 1e9)}: {Time(start.Difference * 1e9)} more.");
        }
    }

    private BenchMeasurement? Cache(string format, string type, string set) => results.Find(CachePlace.PlaceName, format, type, set);

    private BenchMeasurement? Memory(string format, string type, string set) => results.Find(MemoryPlace.PlaceName, format, type, set);

    // A title that ends in a colon is that of a column of numbers.
    private void WriteHeader(params string[] titles)
    {
        WriteRow([.. titles.Select(title => title.TrimEnd(':'))]);
        WriteRow([.. titles.Select(title => title.EndsWith(':') ? "---:" : "---")]);
    }

    private void WriteRow(params string[] cells) => output.WriteLine($"| {string.Join(" | ", cells)} |");

    private static string Millions(BenchMeasurement? measurement) =>
        measurement is null ? "" : Number(measurement.WeightsPerSecond / 1e6, "0");

    private static string Gigabytes(double bytes) => Number(bytes / 1e9, "0.0");

    private static string Percent(double? share) => share is { } value ? $"{Number(value * 100, "0")} %" : "";

    private static string Time(double nanoseconds) => nanoseconds switch
    {
        < 1e4 => $"{Number(nanoseconds, "0.0")} ns",
        < 1e6 => $"{Number(nanoseconds / 1e3, "0.0")} µs",
        _ => $"{Number(nanoseconds / 1e6, "0.0")} ms",
    };

    private static string Number(double number, string format) => number.ToString(format, CultureInfo.InvariantCulture);
}
