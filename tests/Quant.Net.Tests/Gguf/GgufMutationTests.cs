using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.RegularExpressions;
using Quant.Net.Gguf;
using Xunit.Abstractions;

namespace Quant.Net.Tests.Gguf;

/// <summary>
/// Damage to valid files, at random: they open and can be used and copied, or end in one of the two exceptions that are
/// documented, soon and without much memory. What opens and is unlike anything before is damaged further. A few thousand
/// files here; <c>./build.sh fuzz gguf</c> sets <c>QUANTNET_FUZZ_SECONDS</c> and goes on for as long. The model in hand lies
/// in <c>artifacts/fuzz/gguf</c> and stays there after a failure or a crash.
/// </summary>
public class GgufMutationTests(ITestOutputHelper output)
{
    private const int Files = 2000;
    private const int CopyOneIn = 50;
    private const long MostCopiedAlignment = 4096;   // the copy is padded to it
    private const long AllowedBytes = 1 << 20;
    private static readonly TimeSpan AllowedTime = TimeSpan.FromSeconds(10);   // for a machine that does other things too

    private static readonly string Folder = Repository.PathOf("artifacts", "fuzz", "gguf");

    [Fact]
    public void DamagedFilesOpenOrEndInAnException()
    {
        int seed = Number("QUANTNET_TEST_SEED") ?? 1;
        TimeSpan? duration = Number("QUANTNET_FUZZ_SECONDS") is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        output.WriteLine($"QUANTNET_TEST_SEED={seed}");
        var random = new Random(seed);
        (string Name, byte[] Bytes) sample = ("model.gguf", File.ReadAllBytes(Repository.PathOf("samples", "models", "stories260K-Q4_K_M.gguf")));
        (string Name, GgufDamage Damage)[][] models = MalformedFiles.All.Values.Select(kind => kind.Build(false)).Append([sample])
            .Select(model => model.Select(file => (file.Name, new GgufDamage(file.Bytes, random))).ToArray()).ToArray();

        Clear();
        var watch = Stopwatch.StartNew();
        int files = 0, opened = 0;
        var outcomes = new HashSet<string>();
        for (; duration is null ? files < Files : watch.Elapsed < duration; files++)
        {
            (string Name, GgufDamage Damage)[] model = models[random.Next(models.Length)];
            int damaged = random.Next(model.Length);
            byte[] bytes = model[damaged].Damage.Next();
            bool opens = Opens(
                [.. model.Select((file, i) => (file.Name, i == damaged ? bytes : file.Damage.Original))],
                copy: random.Next(CopyOneIn) == 0, out string outcome);
            opened += opens ? 1 : 0;
            if (outcomes.Add(outcome) && opens)
            {
                // What is odd in a new way, and opens all the same, is where the next oddity has the best chance to be believed.
                model[damaged].Damage.Keep(bytes);
            }
        }

        Clear();
        string summary = string.Create(CultureInfo.InvariantCulture,
            $"{files} files, {opened} of them opened, {outcomes.Count} kinds of outcome, in {watch.Elapsed.TotalSeconds:F0} s, QUANTNET_TEST_SEED={seed}");
        output.WriteLine(summary);
        File.WriteAllText(Path.Combine(Folder, "summary.txt"), summary + "\n");
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out int number) ? number : null;

    private static void Clear()
    {
        Directory.CreateDirectory(Folder);
        foreach (string file in Directory.EnumerateFiles(Folder))
        {
            File.Delete(file);
        }
    }

    private static bool Opens((string Name, byte[] Bytes)[] model, bool copy, out string outcome)
    {
        string[] paths = [.. model.Select(file => Path.Combine(Folder, file.Name))];
        foreach ((string path, (_, byte[] bytes)) in paths.Zip(model))
        {
            File.WriteAllBytes(path, bytes);
        }

        bool opens = TryOpen(paths[0], model.Sum(file => file.Bytes.Length), out GgufFile? opened, out outcome);
        using (opened)
        {
            if (opened is not null)
            {
                Use(opened);
                if (copy && opened.Parts.All(part => part.Alignment <= MostCopiedAlignment))
                {
                    ExpectCopyIsTheSame(opened);
                }
            }
        }

        Array.ForEach(paths, File.Delete);
        return opens;
    }

    private static bool TryOpen(string path, long size, [NotNullWhen(true)] out GgufFile? model, out string outcome)
    {
        model = null;
        outcome = "";
        long before = GC.GetAllocatedBytesForCurrentThread();
        var watch = Stopwatch.StartNew();
        try
        {
            model = GgufFile.Open(path);
        }
        catch (Exception e) when (e is ModelFormatException or FileNotFoundException)
        {
            MalformedFileTests.AssertIsOneCleanLine(e.Message);
            outcome = Kind(e.Message);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, AllowedBytes + (4 * size));
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, AllowedTime);
        if (model is null)
        {
            return false;
        }

        outcome = "opened" + string.Concat(model.Warnings.Select(Kind)
            .Concat(model.Metadata.Values.Select(value => $"{value.Type} of {value.ElementType}"))
            .Concat(model.Tensors.Select(tensor => $"{tensor.FormatName} in {tensor.Dimensions.Count}"))
            .Distinct().Order(StringComparer.Ordinal));
        return true;
    }

    /// <summary>A message without the file before it, and without the names and numbers in it.</summary>
    private static string Kind(string message) =>
        Regex.Replace(message[(message.IndexOf(": ", StringComparison.Ordinal) + 1)..], "'[^']*'|0x[0-9A-F]+|[0-9]+", "#");

    private static void Use(GgufFile model)
    {
        foreach ((_, GgufValue value) in model.Metadata)
        {
            Use(value);
        }

        foreach (GgufTensor tensor in model.Tensors)
        {
            Assert.InRange(tensor.FileOffset + tensor.ByteLength, 0, tensor.Part.Length);
            if (tensor.IsFormatKnown && tensor.RowCount > 0)
            {
                Assert.Equal(tensor.BytesPerRow, tensor.GetSpan(tensor.RowCount - 1, 1).Length);
                Assert.Equal(tensor.BytesPerRow, tensor.GetSpan(0, 1).ToArray().Length);
            }
        }
    }

    private static void Use(GgufValue value)
    {
        Assert.NotNull(value.ToString());
        for (int i = 0; value.IsArray && i < value.Count; i++)
        {
            Use(value[i]);
        }
    }

    /// <summary>What could be read can be written, and is then the same.</summary>
    private static void ExpectCopyIsTheSame(GgufFile model)
    {
        string path = Path.Combine(Folder, "copy.gguf");
        using (GgufWriter writer = GgufWriter.Create(path, new GgufWriterOptions { Overwrite = true }))
        {
            foreach ((string key, GgufValue value) in model.Metadata.Where(entry => !entry.Key.StartsWith("split.", StringComparison.Ordinal)))
            {
                writer.SetMetadata(key, value);
            }

            foreach (GgufTensor tensor in model.Tensors)
            {
                writer.AddTensor(tensor);
            }

            foreach (GgufTensor tensor in model.Tensors)
            {
                writer.Write(tensor.Name, Bytes(tensor));
            }

            writer.Complete();
        }

        using GgufFile copy = GgufFile.Open(path);
        Assert.Equal(model.Tensors.Select(tensor => tensor.Name), copy.Tensors.Select(tensor => tensor.Name));
        foreach (GgufTensor tensor in model.Tensors)
        {
            Assert.True(Bytes(tensor).SequenceEqual(Bytes(copy.Tensors[tensor.Name])[..(int)tensor.ByteLength]));
        }
    }

    private static unsafe ReadOnlySpan<byte> Bytes(GgufTensor tensor) => new(tensor.Pointer, (int)tensor.ByteLength);
}
