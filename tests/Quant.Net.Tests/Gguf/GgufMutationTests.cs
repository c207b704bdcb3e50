using System.Diagnostics.CodeAnalysis;
using Quant.Net.Gguf;
using Quant.Net.Tests.Verification;
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
    private const int CopyOneIn = 50;
    private const long MostCopiedAlignment = 4096;   // the copy is padded to it
    private readonly FuzzRun _run = new("gguf", output);

    [Fact]
    public void DamagedFilesOpenOrEndInAnException()
    {
        (string Name, byte[] Bytes) sample = ("model.gguf", File.ReadAllBytes(Repository.PathOf("samples", "models", "stories260K-Q4_K_M.gguf")));
        (string Name, GgufDamage Damage)[][] models = MalformedFiles.All.Values.Select(kind => kind.Build(false)).Append([sample])
            .Select(model => model.Select(file => (file.Name, new GgufDamage(file.Bytes, _run.Random))).ToArray()).ToArray();

        var outcomes = new HashSet<string>();
        _run.Repeat(() =>
        {
            (string Name, GgufDamage Damage)[] model = models[_run.Random.Next(models.Length)];
            int damaged = _run.Random.Next(model.Length);
            byte[] bytes = model[damaged].Damage.Next();
            bool opens = Opens(
                [.. model.Select((file, i) => (file.Name, i == damaged ? bytes : file.Damage.Original))],
                copy: _run.Random.Next(CopyOneIn) == 0, out string outcome);
            if (outcomes.Add(outcome) && opens)
            {
                // What is odd in a new way, and opens all the same, is where the next oddity has the best chance to be believed.
                model[damaged].Damage.Keep(bytes);
            }

            return (outcome, opens);
        });
    }

    private bool Opens((string Name, byte[] Bytes)[] model, bool copy, out string outcome)
    {
        string[] paths = [.. model.Select(file => Path.Combine(_run.Folder, file.Name))];
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
                TensorParallelPlan? plan = Plan(opened);
                if (copy && opened.Parts.All(part => part.Alignment <= MostCopiedAlignment))
                {
                    ExpectCopyIsTheSame(opened);
                    ExpectRanksAreTheWhole(opened, plan);
                }
            }
        }

        Array.ForEach(paths, File.Delete);
        return opens;
    }

    private static bool TryOpen(string path, long size, [NotNullWhen(true)] out GgufFile? model, out string outcome)
    {
        if (!FuzzRun.TryOpen(() => GgufFile.Open(path), size, out model, out outcome))
        {
            return false;
        }

        outcome = "opened" + string.Concat(model.Warnings.Select(FuzzRun.Kind)
            .Concat(model.Metadata.Values.Select(value => $"{value.Type} of {value.ElementType}"))
            .Concat(model.Tensors.Select(tensor => $"{tensor.FormatName} in {tensor.Dimensions.Count}"))
            .Distinct().Order(StringComparer.Ordinal));
        return true;
    }

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
    private void ExpectCopyIsTheSame(GgufFile model)
    {
        string path = Path.Combine(_run.Folder, "copy.gguf");
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

    /// <summary>How it would be divided among ranks; null if it is refused.</summary>
    private static TensorParallelPlan? Plan(GgufFile model)
    {
        try
        {
            return TensorParallelPlan.Make(model, 2);
        }
        catch (Exception refused) when (refused is NotSupportedException or ModelFormatException)
        {
            return null;
        }
    }

    private void ExpectRanksAreTheWhole(GgufFile model, TensorParallelPlan? plan)
    {
        if (plan is { IsPossible: true } && model.Tensors.Count > 0)
        {
            using var output = new TempFolder();
            CopyResult result = ModelConverter.SliceAsync(plan, output["out"]).GetAwaiter().GetResult();
            PartsOnDisk.AssertSound(PartsOnDisk.VerifyAsync(model, [.. result.Files]).GetAwaiter().GetResult());
        }
    }

    private static unsafe ReadOnlySpan<byte> Bytes(GgufTensor tensor) => new(tensor.Pointer, (int)tensor.ByteLength);
}
