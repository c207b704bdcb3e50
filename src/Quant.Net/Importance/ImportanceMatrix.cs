using System.Diagnostics.CodeAnalysis;
using Quant.Net.Importance;
using Quant.Net.IO;

namespace Quant.Net;

/// <summary>
/// How much each column of a model's matrices matters, as llama.cpp's imatrix tool has measured it on a text: the mean of the squares of
/// what the column was multiplied with. Both forms of its files are read: GGUF, and the binary form from before.
/// </summary>
/// <remarks>
/// Files are read and checked whole when they are opened, and closed again. A value that is NaN, infinite, negative or above 1e20, and a matrix whose
/// values are all zero, are faults: an encoder would go astray with them.
/// </remarks>
public sealed class ImportanceMatrix
{
    private readonly Dictionary<string, ImportanceEntry> _byName = new(StringComparer.Ordinal);
    private readonly List<ImportanceEntry> _entries = [];

    internal ImportanceMatrix(string path, ImportanceForm form) => (Path, Form) = (path, form);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Which of the two forms the file has.</summary>
    public ImportanceForm Form { get; }

    /// <summary>The texts that were used, as the file names them; none if it does not say.</summary>
    public IReadOnlyList<string> Datasets { get; internal set; } = [];

    /// <summary>The chunks of text that were used; null if the file does not say.</summary>
    public long? ChunkCount { get; internal set; }

    /// <summary>The tokens of a chunk; null if the file does not say, as those of the binary form never do.</summary>
    public long? ChunkSize { get; internal set; }

    /// <summary>What there is for each tensor, in the order of the file.</summary>
    public IReadOnlyList<ImportanceEntry> Entries => _entries;

    /// <summary>Oddities of a GGUF file that other programs may stumble over, each in one line.</summary>
    public IReadOnlyList<string> Warnings { get; internal set; } = [];

    /// <summary>Reads a file of either form: its first bytes tell.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ModelFormatException">The file breaks the rules of its format, or has values that no weights can have.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static ImportanceMatrix Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ImportanceMatrix matrix = IsGguf(path) ? GgufImportance.Read(path) : BinaryImportance.Read(path);
        return matrix._entries.Count > 0 ? matrix : throw ModelFormatException.In(path, $"has no entries: this is no importance matrix");
    }

    /// <summary>What there is for a tensor, if there is anything.</summary>
    /// <param name="tensor">The tensor's name, such as <c>blk.0.attn_q.weight</c>.</param>
    /// <param name="entry">What there is.</param>
    public bool TryGet(string tensor, [NotNullWhen(true)] out ImportanceEntry? entry) => _byName.TryGetValue(tensor, out entry);

    /// <summary>The file for a reader: <c>imatrix.gguf: 224 tensors, 100 chunks</c>.</summary>
    public override string ToString() => $"{ErrorText.EscapePath(Path)}: {ErrorText.Count(_entries.Count, "tensor")}"
        + (ChunkCount is { } chunks ? $", {ErrorText.Count(chunks, "chunk")}" : "");

    /// <summary>Adds an entry after a look at its values.</summary>
    internal void Add(ImportanceEntry entry)
    {
        entry.RequireSound();
        if (!_byName.TryAdd(entry.Name, entry))
        {
            throw ModelFormatException.In(Path, $"entry {new Quoted(entry.Name)}: another entry has this name already");
        }

        _entries.Add(entry);
    }

    private static bool IsGguf(string path)
    {
        using MappedFile file = MappedFile.Open(path, typeof(ImportanceMatrix));
        Span<byte> magic = stackalloc byte[4];
        if (file.Length < magic.Length)
        {
            return false;
        }

        file.Read(0, magic);
        return magic.SequenceEqual("GGUF"u8);
    }
}
