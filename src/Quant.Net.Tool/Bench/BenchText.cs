using System.Globalization;
using Quant.Net.Tool.Bench.Gpu;
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

        if (result.Gpu is { } gpu)
        {
            AddGpu(facts, gpu);
        }

        if (result.Load is { } load)
        {
            AddLoad(facts, load);
        }

        report.Facts(facts);
        foreach (IGrouping<string, BenchMeasurement> place in result.Measurements.GroupBy(measurement => measurement.Cache))
        {
            WritePlace([.. place], report);
        }
    }

    private static void AddGpu(List<(string Label, Cell Value)> facts, BenchGpu gpu)
    {
        facts.Add((gpu.Device, gpu.Description));
        facts.Add(("copying on it", $"{Gigabytes(gpu.CopyBytesPerSecond)} GB/s read and written"));
        facts.Add(("starting a decode",
            $"{Microseconds(gpu.StartSeconds)} us of the host for {Quantity.Count(gpu.StartWeights)} weights, {Quantity.Bytes(gpu.StartAllocatedBytes)} allocated"));
    }

    private static void AddLoad(List<(string Label, Cell Value)> facts, BenchLoad load)
    {
        facts.Add(("loading a model",
            $"{Quantity.Bytes(load.PackedBytes)} as f16: {Gigabytes(load.BytesPerSecond)} GB/s of packed bytes, {Quantity.Percent(load.Share)} " +
            "of the lesser of the next two"));
        facts.Add(("reading its file", $"{Gigabytes(load.FileBytesPerSecond)} GB/s by {Quantity.Count(load.Threads, "thread")}"));
        facts.Add(("bus", $"{Gigabytes(load.BusBytesPerSecond)} GB/s from pinned memory"));
    }

    private static string Place(BenchMeasurement measurement) => measurement.Cache switch
    {
        CachePlace.PlaceName => $"In cache: {Quantity.Count(measurement.Weights)} weights at a time, 1 thread",
        GpuRun.PlaceName => $"In the memory of {measurement.Device}: {Quantity.Count(measurement.Weights)} weights at a time",
        _ => $"Out of cache: {Quantity.Count(measurement.Weights)} weights at a time, {Quantity.Count(measurement.Threads, "thread")}",
    };

    private static void WritePlace(BenchMeasurement[] measurements, IReport report)
    {
        BenchMeasurement first = measurements[0];
        report.Heading(Place(first));
        bool isGpu = first.FirstSeconds is not null;
        var table = new ReportTable(
            new Column("Format"),
            new Column("To"),
            new Column("Device"),
            new Column("Mweights/s") { IsNumber = true },
            new Column("GB/s written") { IsNumber = true },
            new Column(first.Yardstick) { IsNumber = true, ShownFromWidth = 80 },
            new Column($"Share of {first.Yardstick}") { IsNumber = true },
            new Column(isGpu ? "First" : "Samples") { IsNumber = true, ShownFromWidth = 100 });
        foreach (BenchMeasurement measurement in measurements)
        {
            table.Add(
                new Cell(measurement.ActOrder == true ? $"{measurement.Format}, act-order" : measurement.Format, Tone.Strong),
                measurement.Order is null ? measurement.Output : $"{measurement.Output} {measurement.Order}",
                measurement.InstructionSet ?? measurement.Device,
                Quantity.Count((long)(measurement.WeightsPerSecond / 1e6)),
                Gigabytes(measurement.BytesPerSecond),
                Gigabytes(measurement.YardstickBytesPerSecond),
                Quantity.Percent(measurement.Share),
                measurement.FirstSeconds is { } seconds
                    ? Quantity.Duration(TimeSpan.FromSeconds(seconds))
                    : Quantity.Count(measurement.Repetitions));
        }

        report.Table(table);
    }

    private static string Microseconds(double seconds) => (seconds * 1e6).ToString("0.0", CultureInfo.InvariantCulture);

    private static string Gigabytes(double bytes) => (bytes / 1e9).ToString("0.0", CultureInfo.InvariantCulture);
}
