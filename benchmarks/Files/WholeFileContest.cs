using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Quant.Net.Benchmarks.Encoders;
using Quant.Net.Gguf;
using Quant.Net.Tool.Bench;

namespace Quant.Net.Benchmarks.Files;

/// <summary>The command line on whole models in the system's cache of files, with all threads.</summary>
/// <param name="tool">The published tool's assembly.</param>
/// <param name="llamaQuantize">The program to compare with; null: there is none.</param>
internal sealed unsafe class WholeFileContest(string tool, string? llamaQuantize) : IDisposable
{
    private const int Rounds = 5;
    private const int Width = 2048, Hidden = 4 * Width, Vocabulary = 256;

    // With these a model of llama's architecture has 1 GiB, and a quarter of it.
    private const int LargeLayers = 8, SmallLayers = 2;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("quantnet-files-");

    public IReadOnlyList<WholeFile> Run(Action<string> report)
    {
        report("making models");
        string large = MakeModel(LargeLayers);
        List<WholeFile> results = [];
        foreach (string type in new[] { "Q8_0", "Q4_0" })
        {
            report($"a whole file to {type}");
            results.Add(Race(large, type, "read and write", outputBytes => Copy(large, outputBytes)));
        }

        if (llamaQuantize is { } other)
        {
            const string Type = "Q4_K_M";
            report($"a whole file to {Type}");
            string small = MakeModel(SmallLayers);
            results.Add(Race(small, Type, "llama-quantize", _ => Start(
                other, [small, PathOf("theirs.gguf"), Type, Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture)])));
        }

        return results;
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private WholeFile Race(string model, string type, string against, Action<long> other)
    {
        string output = PathOf("ours.gguf");
        long Quantize() => Start("dotnet", [tool, "quantize", model, "-o", output, type, "--force", "--quiet"]);
        long peak = Quantize();
        long outputBytes = new FileInfo(output).Length;
        double[] ours = new double[Rounds], theirs = new double[Rounds];
        for (int round = 0; round < Rounds; round++)
        {
            ours[round] = Time(() => peak = Math.Max(peak, Quantize()));
            theirs[round] = Time(() => other(outputBytes));
        }

        return new WholeFile(type, new FileInfo(model).Length, outputBytes, against, ours, theirs, peak);
    }

    private static double Time(Action work)
    {
        long start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Reads one file and writes as many bytes as the result has, to the disk as the tool does.</summary>
    private void Copy(string model, long outputBytes)
    {
        byte[] buffer = new byte[4 << 20];
        using FileStream source = File.OpenRead(model);
        string path = PathOf("copy");
        File.Delete(path);
        using (var destination = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            long read = 0, written = 0;
            for (int length; (length = source.Read(buffer)) > 0;)
            {
                read += length;
                long until = (long)((double)read / source.Length * outputBytes);
                destination.Write(buffer.AsSpan(0, (int)(until - written)));
                written = until;
            }

            destination.Flush(flushToDisk: true);
        }
    }

    // Runs a program to its end; the most memory of its own that it was seen to have.
    private static long Start(string program, IEnumerable<string> arguments)
    {
        using Process process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var said = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        long peak = 0;
        while (!process.WaitForExit(10))
        {
            peak = Math.Max(peak, OwnMemoryOf(process.Id));
        }

        return process.ExitCode == 0
            ? peak
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {string.Concat(said.Result)}");
    }

    // 0 for a process that has ended, and where the system does not say.
    private static long OwnMemoryOf(int process)
    {
        const string Label = "RssAnon:";
        try
        {
            string? line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(line => line.StartsWith(Label, StringComparison.Ordinal));
            return line is null ? 0 : 1024 * long.Parse(line[Label.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);

    private string MakeModel(int layers)
    {
        string path = PathOf($"model-{layers}.gguf");
        using var numbers = new EncoderInput(Width * Hidden / EncoderInput.Columns);
        Half[] weights = [.. new ReadOnlySpan<float>(numbers.Numbers.Pointer, Width * Hidden).ToArray().Select(number => (Half)number)];
        float[] ones = [.. Enumerable.Repeat(1f, Width)];
        using GgufWriter writer = GgufWriter.Create(path);
        writer.SetMetadata("general.architecture", GgufValue.FromString("llama"));
        writer.SetMetadata("general.file_type", GgufValue.FromNumber(1u));
        foreach ((string key, int number) in new[]
        {
            ("block_count", layers), ("context_length", 128), ("embedding_length", Width), ("feed_forward_length", Hidden),
            ("attention.head_count", 16), ("attention.head_count_kv", 16), ("vocab_size", Vocabulary),
        })
        {
            writer.SetMetadata($"llama.{key}", GgufValue.FromNumber((uint)number));
        }

        writer.SetMetadata("llama.attention.layer_norm_rms_epsilon", GgufValue.FromNumber(1e-5f));
        (string Name, long[] Dimensions)[] tensors =
        [
            ("token_embd.weight", [Width, Vocabulary]),
            ("output_norm.weight", [Width]),
            ("output.weight", [Width, Vocabulary]),
            .. Enumerable.Range(0, layers).SelectMany(LayerTensors),
        ];
        foreach ((string name, long[] dimensions) in tensors)
        {
            writer.AddTensor(name, dimensions.Length == 1 ? QuantFormat.F32 : QuantFormat.F16, dimensions);
        }

        foreach ((string name, long[] dimensions) in tensors)
        {
            writer.Write(name, dimensions.Length == 1
                ? MemoryMarshal.AsBytes<float>(ones)
                : MemoryMarshal.AsBytes<Half>(weights)[..(int)(dimensions[0] * dimensions[1] * sizeof(ushort))]);
        }

        writer.Complete();
        return path;
    }

    private static IEnumerable<(string Name, long[] Dimensions)> LayerTensors(int layer)
    {
        yield return ($"blk.{layer}.attn_norm.weight", [Width]);
        yield return ($"blk.{layer}.ffn_norm.weight", [Width]);
        foreach (string name in new[] { "attn_q", "attn_k", "attn_v", "attn_output" })
        {
            yield return ($"blk.{layer}.{name}.weight", [Width, Width]);
        }

        yield return ($"blk.{layer}.ffn_gate.weight", [Width, Hidden]);
        yield return ($"blk.{layer}.ffn_up.weight", [Width, Hidden]);
        yield return ($"blk.{layer}.ffn_down.weight", [Hidden, Width]);
    }
}
