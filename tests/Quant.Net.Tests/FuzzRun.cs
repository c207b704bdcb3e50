using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.RegularExpressions;
using Quant.Net.Tests.Gguf;
using Xunit.Abstractions;

namespace Quant.Net.Tests;

/// <summary>
/// Gives damaged models to a reader: a few thousand, or as many as go into <c>QUANTNET_FUZZ_SECONDS</c>. The model in hand lies in
/// <c>artifacts/fuzz/TARGET</c> and stays there after a failure or a crash.
/// </summary>
internal sealed class FuzzRun
{
    private const int Models = 2000;
    private const long AllowedBytes = 1 << 20;
    private static readonly TimeSpan AllowedTime = TimeSpan.FromSeconds(10);   // for a machine that does other things too

    private readonly ITestOutputHelper _output;
    private readonly int _seed = Number("QUANTNET_TEST_SEED") ?? 1;

    public FuzzRun(string target, ITestOutputHelper output)
    {
        _output = output;
        Folder = Repository.PathOf("artifacts", "fuzz", target);
        Random = new Random(_seed);
    }

    /// <summary>Where the model in hand is written.</summary>
    public string Folder { get; }

    public Random Random { get; }

    /// <summary>Tries one model after the other, and writes a line of summary.</summary>
    public void Repeat(Func<(string Outcome, bool Opened)> next)
    {
        TimeSpan? duration = Number("QUANTNET_FUZZ_SECONDS") is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        _output.WriteLine($"QUANTNET_TEST_SEED={_seed}");
        Clear();
        var watch = Stopwatch.StartNew();
        int models = 0, opened = 0;
        var outcomes = new HashSet<string>();
        for (; duration is null ? models < Models : watch.Elapsed < duration; models++)
        {
            (string outcome, bool opens) = next();
            opened += opens ? 1 : 0;
            outcomes.Add(outcome);
        }

        Clear();
        string summary = string.Create(CultureInfo.InvariantCulture,
            $"{models} files, {opened} of them opened, {outcomes.Count} kinds of outcome, in {watch.Elapsed.TotalSeconds:F0} s, QUANTNET_TEST_SEED={_seed}");
        _output.WriteLine(summary);
        File.WriteAllText(Path.Combine(Folder, "summary.txt"), summary + "\n");
    }

    /// <summary>Opens a model, or ends in one of the two exceptions that are documented; soon and without much memory in either case.</summary>
    public static bool TryOpen<T>(Func<T> open, long size, [NotNullWhen(true)] out T? model, out string outcome)
        where T : class
    {
        model = null;
        outcome = "";
        long before = GC.GetAllocatedBytesForCurrentThread();
        var watch = Stopwatch.StartNew();
        try
        {
            model = open();
        }
        catch (Exception e) when (e is ModelFormatException or FileNotFoundException)
        {
            MalformedFileTests.AssertIsOneCleanLine(e.Message);
            outcome = Kind(e.Message);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, AllowedBytes + (4 * size));
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, AllowedTime);
        return model is not null;
    }

    /// <summary>A message without the file before it, and without the names and numbers in it.</summary>
    public static string Kind(string message) =>
        Regex.Replace(message[(message.IndexOf(": ", StringComparison.Ordinal) + 1)..], "'[^']*'|0x[0-9A-F]+|[0-9]+", "#");

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out int number) ? number : null;

    private void Clear()
    {
        Directory.CreateDirectory(Folder);
        foreach (string file in Directory.EnumerateFiles(Folder))
        {
            File.Delete(file);
        }
    }
}
