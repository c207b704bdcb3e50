using System.Globalization;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Bench;

/// <summary>Shows the figures to people.</summary>
internal static class BenchText
{
    public static void Write(BenchResult result, IReport report)
    {
        report.Heading("Machine");
        List<(string Label, Cell Value)> facts =
        [
            ("processor", result.Machine.Cpu),
            ("memory", Quantity.Bytes(result.Machine.MemoryBytes)),
            ("system", result.Machine.System),
            ("library", result.Machine.Library),
            ("date", result.Date.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)),
        ];
        if (result.Bandwidth is { } bandwidth)
        {
            facts.Add(("memory speed", $"{Gigabytes(bandwidth.Store)} GB/s stored, {Gigabytes(bandwidth.Copy)} GB/s copied, " +
                $"past the caches by {Quantity.Count(bandwidth.Threads, "thread")}"));
        }

        report.Facts(facts);
        foreach (IGrouping<string, BenchMeasurement> place in result.Measurements.GroupBy(measurement => measurement.Cache))
        {
            WritePlace([.. place], report);
        }
    }

    private static void WritePlace(BenchMeasurement[] measurements, IReport report)
    {
        BenchMeasurement first = measurements[0];
        report.Heading(
            $"{(first.Cache == CachePlace.PlaceName ? "In cache" : "Out of cache")}: {Quantity.Count(first.Weights)} weights at a time, " +
            Quantity.Count(first.Threads, "thread"));
        var table = new ReportTable(
            new Column("Format"),
            new Column("To"),
            new Column("Device"),
            new Column("Mweights/s") { IsNumber = true },
            new Column("GB/s written") { IsNumber = true },
            new Column(first.Yardstick) { IsNumber = true, ShownFromWidth = 80 },
            new Column($"Share of {first.Yardstick}") { IsNumber = true },
            new Column("Samples") { IsNumber = true, ShownFromWidth = 100 });
        foreach (BenchMeasurement measurement in measurements)
        {
            table.Add(
                new Cell(measurement.Format, Tone.Strong),
                measurement.Output,
                measurement.InstructionSet ?? measurement.Device,
                Quantity.Count((long)(measurement.WeightsPerSecond / 1e6)),
                Gigabytes(measurement.BytesPerSecond),
                Gigabytes(measurement.YardstickBytesPerSecond),
                Quantity.Percent(measurement.Share),
                Quantity.Count(measurement.Repetitions));
        }

        report.Table(table);
    }

    private static string Gigabytes(double bytes) => (bytes / 1e9).ToString("0.0", CultureInfo.InvariantCulture);
}
