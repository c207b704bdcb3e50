using System.Text;
using Quant.Net.Gguf;
using Quant.Net.IO;

namespace Quant.Net.Quantization;

/// <summary>
/// The files of a quantized model and what they declare, as llama-quantize has it
/// (<see href="https://github.com/ggml-org/llama.cpp/blob/master/src/llama-quant.cpp">llama-quant.cpp</see>, llama_model_quantize_impl, and
/// tools/quantize/quantize.cpp for the keys of importance).
/// </summary>
internal sealed class QuantizeOutput
{
    private const string Extension = ".gguf";
    private const string QuantizationVersionKey = "general.quantization_version";
    private const uint QuantizationVersion = 2;
    private const string ImportanceFileKey = "quantize.imatrix.file", ImportanceDatasetKey = "quantize.imatrix.dataset";
    private const string ImportanceEntriesKey = "quantize.imatrix.entries_count", ImportanceChunksKey = "quantize.imatrix.chunks_count";

    /// <summary>Texts of importance are cut after so many bytes, as the reference has room for.</summary>
    private const int LongestText = 127;

    private QuantizeOutput(string? prefix, IReadOnlyList<string> files, IReadOnlyList<GgufContents> contents) =>
        (Prefix, Files, Contents) = (prefix, files, contents);

    /// <summary>What the names of several files have in common; null if there is one.</summary>
    public string? Prefix { get; }

    /// <summary>The files.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>What each declares.</summary>
    public IReadOnlyList<GgufContents> Contents { get; }

    /// <summary>Bytes of all files.</summary>
    public long Length => Contents.Sum(file => file.Length);

    /// <exception cref="ArgumentException">The path does not end in .gguf, or the options contradict the plan.</exception>
    public static QuantizeOutput Of(
        string path, QuantizeSource source, IReadOnlyList<QuantizeTask> tasks, QuantizationPlan plan, QuantizeOptions options)
    {
        string prefix = PrefixOf(path);
        GgufContents whole = Whole(source, tasks, plan, options);
        if (options.SplitMaxBytes is { } most)
        {
            List<int> counts = GgufDivision.Cut(source.ShownName, whole, most, maxTensors: null);
            return new QuantizeOutput(prefix, [.. GgufSplit.PathsOfParts(prefix, counts.Count)], GgufDivision.AsSplitDoes(whole, counts));
        }

        int parts = plan.KeepsSplit ? source.Paths.Count : 1;
        int[] counted = [.. Enumerable.Range(0, parts).Select(part => tasks.Count(task => task.Source.Part == part))];
        return parts == 1
            ? new QuantizeOutput(null, [path], [whole])
            : new QuantizeOutput(prefix, [.. GgufSplit.PathsOfParts(prefix, parts)], GgufDivision.AsQuantizeDoes(whole, counted));
    }

    /// <summary>What the names of several files begin with: the name of any of them stands for it, as it does of a model that is read.</summary>
    /// <exception cref="ArgumentException">The path does not end in .gguf.</exception>
    public static string PrefixOf(string path) => path.EndsWith(Extension, StringComparison.OrdinalIgnoreCase)
        ? Path.Combine(Path.GetDirectoryName(path) ?? "", GgufSplit.Stem(path))
        : throw new ArgumentException($"{ErrorText.EscapePath(path)}: the output's name must end in {Extension}.", nameof(path));

    private static GgufContents Whole(QuantizeSource source, IReadOnlyList<QuantizeTask> tasks, QuantizationPlan plan, QuantizeOptions options)
    {
        var whole = new GgufContents();
        source.AddMetadata(whole);
        whole.SetLast(QuantizationVersionKey, GgufValue.FromNumber(QuantizationVersion));
        GgufValue? kept = whole.Metadata.FirstOrDefault(entry => entry.Key == GgufLayout.FileTypeKey).Value;
        if ((plan.Recipe.FileType is { } type ? GgufValue.FromNumber((uint)type) : kept) is { } fileType)
        {
            whole.SetLast(GgufLayout.FileTypeKey, fileType);
        }

        if (options.Importance is { } importance)
        {
            AddImportance(whole, importance);
        }

        foreach (QuantizeTask task in tasks)
        {
            whole.Add(task.Entry);
        }

        return whole;
    }

    private static void AddImportance(GgufContents whole, ImportanceMatrix importance)
    {
        whole.SetLast(ImportanceFileKey, Text(importance.Path));
        if (importance.Datasets.Count > 0)
        {
            whole.SetLast(ImportanceDatasetKey, Text(importance.Datasets[0]));
        }

        whole.SetLast(ImportanceEntriesKey, GgufValue.FromNumber((uint)importance.Entries.Count));
        if (importance.ChunkCount is > 0 and var chunks)
        {
            whole.SetLast(ImportanceChunksKey, GgufValue.FromNumber((uint)chunks));
        }
    }

    private static GgufValue Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        int length = Math.Min(bytes.Length, LongestText);
        while (length < bytes.Length && (bytes[length] & 0xC0) == 0x80)
        {
            length--;   // no character is cut
        }

        return GgufValue.FromUtf8(bytes.AsSpan(0, length));
    }
}
