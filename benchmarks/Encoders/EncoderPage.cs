using System.Globalization;
using Quant.Net.Benchmarks.Kernels;
using Quant.Net.Tool.Bench;

namespace Quant.Net.Benchmarks.Encoders;

/// <summary>Writes what was measured of encoders as a page.</summary>
internal sealed class EncoderPage(IReadOnlyList<EncoderRace> races, IReadOnlyList<Peer> peers, TextWriter page)
{
    private static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    private readonly string[] _sets = [.. races.SelectMany(race => race.Sets).Select(time => time.Name).Distinct()];

    public void Write(string command)
    {
        BenchMachine machine = BenchMachine.Here();
        page.WriteLine("# Encoders: results of the last run");
        page.WriteLine();
        page.WriteLine($"Written by `{command}`; [performance.md](../../docs/performance.md) explains it.");
        page.WriteLine();
        page.WriteLine($"- {DateTimeOffset.Now.ToString("yyyy-MM-dd", Culture)}, Quant.Net {machine.Library}");
        page.WriteLine($"- {machine.Cpu}; {machine.System}");
        foreach (Peer peer in peers)
        {
            page.WriteLine($"- {peer.Name}: ggml {peer.Version}");
        }

        page.WriteLine();
        page.WriteLine($"Numbers are normally distributed float32, in rows of {EncoderInput.Columns}. Millions of weights a second; medians. A ratio is the");
        page.WriteLine("median of the ratios within a round. *Weighted*: with an importance matrix; formats that make nothing of one have no such");
        page.WriteLine("row. *Blocks that differ*: from the best set's bytes.");
        foreach (IGrouping<int, EncoderRace> table in races.GroupBy(race => race.Threads))
        {
            WriteTable(table.Key, [.. table]);
        }

        if (peers.Count > 0)
        {
            WriteBars();
        }
    }

    private void WriteTable(int threads, IReadOnlyList<EncoderRace> table)
    {
        page.WriteLine();
        page.WriteLine(string.Create(
            Culture, $"## {(threads == 1 ? "One thread" : $"{threads} threads")}, in cache, {table[0].Weights / 1024} Ki weights"));
        page.WriteLine();
        WriteRow(["Format", "Weighted", .. _sets, .. peers.SelectMany(Titles)]);
        WriteRow(["---", "---", .. Enumerable.Repeat("---:", _sets.Length + (peers.Count * (_sets.Length + 2)))]);
        foreach (EncoderRace race in table)
        {
            WriteRow(
            [
                race.Format,
                race.Importance ? "yes" : "",
                .. _sets.Select(set => Millions(race.Rate(set))),
                .. peers.SelectMany(peer => Cells(race, peer)),
            ]);
        }
    }

    private string[] Titles(Peer peer) => [peer.Name, .. _sets.Select(set => $"{set} to it"), "Blocks that differ"];

    private string[] Cells(EncoderRace race, Peer peer) =>
    [
        Millions(race.Rate(peer.Name)),
        .. _sets.Select(set => Number(race.Ratio(set, peer.Name))),
        race.Differences.TryGetValue(peer.Name, out long blocks) ? blocks.ToString(Culture) : "",
    ];

    private void WriteBars()
    {
        string peer = peers[0].Name;
        page.WriteLine();
        page.WriteLine($"## The bars: times as fast as {peer}, one thread");
        page.WriteLine();
        WriteRow(["Set", "Cleared by", "Missed by"]);
        WriteRow(["---", "---", "---"]);
        foreach (string set in _sets)
        {
            var asked = races.Where(race => race.Threads == 1)
                .Select(race => (Race: race, Bar: EncoderBars.Of(race.Format, set), Ratio: race.Ratio(set, peer)))
                .Where(one => one.Bar is not null && one.Ratio is not null).ToList();
            var missed = asked.Where(one => one.Ratio < one.Bar).Select(one =>
                $"{one.Race.Format}{(one.Race.Importance ? " weighted" : "")} {Number(one.Ratio)} of {Number(one.Bar)}").ToList();
            WriteRow([set, $"{asked.Count - missed.Count} of {asked.Count}", string.Join(", ", missed)]);
        }
    }

    private void WriteRow(string[] cells) => page.WriteLine($"| {string.Join(" | ", cells)} |");

    private static string Millions(double? rate) => Number(rate / 1e6);

    // Two or more digits that mean something.
    private static string Number(double? number) => number is { } value
        ? value.ToString(value < 10 ? "0.0" : "0", Culture)
        : "";
}
