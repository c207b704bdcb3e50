using Quant.Net.IO;

namespace Quant.Net.Gguf;

/// <summary>
/// A GGUF model, mapped into memory and checked: metadata and tensors of one file, or of all parts of a split model.
/// </summary>
/// <remarks>
/// Opening reads the head of each file and none of the weights. Everything may be used from many threads at once; after
/// <see cref="Dispose"/>, tensors and metadata values of the model throw <see cref="ObjectDisposedException"/>. A file must
/// not be cut short by others while it is open: touching pages of a map that are gone ends a process.
/// </remarks>
public sealed class GgufFile : IDisposable
{
    /// <summary>A small file may say that it has 65535 parts; nobody wants to wait until all are looked for.</summary>
    private const int MostMissingParts = 100;

    private readonly List<MappedFile> _files = [];
    private readonly WarningList _warnings = new();
    private readonly List<GgufPart> _parts = [];

    private GgufFile()
    {
    }

    /// <summary>The files of the model, in order.</summary>
    public IReadOnlyList<GgufPart> Parts => _parts;

    /// <summary>The names of parts that are missing; empty unless <see cref="GgufOpenOptions.AllowPartial"/> was set.</summary>
    public IReadOnlyList<string> MissingParts { get; private set; } = [];

    /// <summary>The version of the GGUF format: 1, 2 or 3.</summary>
    public int Version => _parts[0].Version;

    /// <summary>The model's metadata: those of its first part.</summary>
    public GgufMetadata Metadata => _parts[0].Metadata;

    /// <summary>The tensors of all parts.</summary>
    public GgufTensorCollection Tensors { get; } = new();

    /// <summary>The architecture (<c>general.architecture</c>), such as "llama"; null if the model does not say.</summary>
    public string? Architecture => Metadata.TryGetString(GgufLayout.ArchitectureKey, out string? name) ? name : null;

    /// <summary>The file's name without its extension and, in split models, without the number of the part.</summary>
    public string FileStem => GgufSplit.Stem(_parts[0].Path);

    /// <summary>Oddities that other programs may stumble over, each in one line.</summary>
    public IReadOnlyList<string> Warnings { get; private set; } = [];

    /// <summary>Opens a model. The path of any part of a split model opens all of it.</summary>
    /// <param name="path">A file of GGUF version 1, 2 or 3, little-endian.</param>
    /// <param name="options">How; null for defaults.</param>
    /// <exception cref="ModelFormatException">The file breaks the rules of its format.</exception>
    /// <exception cref="FileNotFoundException">There is no such file, or parts of a split model are missing (all are named).</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static GgufFile Open(string path, GgufOpenOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var model = new GgufFile();
        try
        {
            model.OpenAll(path, options ?? new GgufOpenOptions());
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>The path of the first file, for messages.</summary>
    internal string ShownPath => ErrorText.EscapePath(_parts[0].Path);

    /// <summary>The model for a reader: <c>model.gguf: llama, 291 tensors</c>.</summary>
    public override string ToString() =>
        ErrorText.Invariant($"{ShownPath}: {ErrorText.Escape(Architecture ?? "no architecture", 40)}, {ErrorText.Count(Tensors.Count, "tensor")}");

    /// <summary>Closes the files.</summary>
    public void Dispose()
    {
        foreach (MappedFile file in _files)
        {
            file.Dispose();
        }
    }

    private void OpenAll(string path, GgufOpenOptions options)
    {
        (GgufPart first, GgufHead head) = OpenPart(path);
        GgufSplit? split = GgufSplit.Read(path, head.Metadata);
        if (split is null)
        {
            if (GgufSplit.LooksLikePart(path) && !head.Metadata.ContainsKey(GgufLayout.SplitCountKey))
            {
                _warnings.Add(path, $"is named like a part of a split model, but its metadata do not say so");
            }

            Add(first, head);
        }
        else
        {
            AddSplit(split, first, head, options);
        }

        Warnings = _warnings.ToList();
    }

    private void AddSplit(GgufSplit split, GgufPart opened, GgufHead openedHead, GgufOpenOptions options)
    {
        IEnumerable<string> paths = split.PathsOfParts(opened.Path);
        int most = options.AllowPartial ? split.PartCount : MostMissingParts + 1;
        MissingParts = paths.Where(MappedFile.IsMissing).Take(most).Select(part => Path.GetFileName(part)).ToArray();
        if (MissingParts.Count > 0 && !options.AllowPartial)
        {
            throw new FileNotFoundException($"{ErrorText.EscapePath(opened.Path)}: {DescribeMissing(split)}",
                Path.Combine(Path.GetDirectoryName(opened.Path) ?? "", MissingParts[0]));
        }

        foreach ((string path, int index) in paths.Select((path, index) => (path, index)))
        {
            if (index == split.Index)
            {
                Add(opened, openedHead);
            }
            else if (!MappedFile.IsMissing(path))
            {
                (GgufPart part, GgufHead head) = OpenPart(path);
                split.RequireSameModel(path, GgufSplit.Read(path, head.Metadata), index);
                Add(part, head);
            }
        }

        if (MissingParts.Count > 0)
        {
            _warnings.Add(opened.Path, $"{DescribeMissing(split)}");
        }
        else if (split.TensorCount is { } expected && expected != Tensors.Count)
        {
            throw ModelFormatException.In(opened.Path,
                $"metadata '{GgufLayout.SplitTensorCountKey}' is {expected}, but {split.PartCount} parts have {ErrorText.Count(Tensors.Count, "tensor")}");
        }
    }

    private string DescribeMissing(GgufSplit split)
    {
        string count = MissingParts.Count > MostMissingParts
            ? ErrorText.Invariant($"more than {MostMissingParts}")
            : ErrorText.Invariant($"{MissingParts.Count}");
        return ErrorText.Invariant($"{count} of {split.PartCount} parts are missing: {ErrorText.QuoteAll(MissingParts)}");
    }

    private (GgufPart Part, GgufHead Head) OpenPart(string path)
    {
        MappedFile file = MappedFile.Open(path, typeof(GgufFile));
        _files.Add(file);
        GgufHead head = GgufHead.Read(file, _warnings);
        return (new GgufPart(file, head), head);
    }

    private void Add(GgufPart part, GgufHead head)
    {
        _parts.Add(part);
        foreach (GgufTensor tensor in GgufPlacement.Place(part, head))
        {
            if (!Tensors.TryAdd(tensor))
            {
                throw ModelFormatException.In(part.Path,
                    $"tensor {ErrorText.Quote(tensor.Name)}: another tensor of the model has this name already");
            }
        }
    }
}
