using Quant.Net.IO;

namespace Quant.Net.Safetensors;

/// <summary>
/// A model of one or more safetensors files, mapped into memory and checked, with the settings that stand beside them: what
/// people download as a folder.
/// </summary>
/// <remarks>
/// Opening reads the header of each file and none of the weights. Everything may be used from many threads at once; after
/// <see cref="Dispose"/>, tensors of the model throw <see cref="ObjectDisposedException"/>. Files must not be cut short by others while
/// they are open: touching pages of a map that are gone ends a process.
/// </remarks>
public sealed class SafetensorsModel : IDisposable
{
    /// <summary>A small index may name a million files; nobody wants to wait until all are looked for.</summary>
    private const int MostMissingFiles = 100;

    private readonly List<SafetensorsFile> _files = [];
    private readonly WarningList _warnings = new();

    private SafetensorsModel(string path) => Path = path;

    /// <summary>The folder, index or file by which it was opened.</summary>
    public string Path { get; }

    /// <summary>The index that says which tensor is in which file; null if there is one file.</summary>
    public string? IndexPath { get; private set; }

    /// <summary>The files, sorted by name.</summary>
    public IReadOnlyList<SafetensorsFile> Files => _files;

    /// <summary>The names of files that are missing; empty unless <see cref="SafetensorsOpenOptions.AllowPartial"/> was set.</summary>
    public IReadOnlyList<string> MissingFiles { get; private set; } = [];

    /// <summary>The tensors of all files.</summary>
    public SafetensorsTensorCollection Tensors { get; } = new();

    /// <summary>What <c>config.json</c> says; null if there is none.</summary>
    public ModelConfig? Config { get; private set; }

    /// <summary>
    /// How the model says it was quantized; null if it does not. What <c>config.json</c> says counts before <c>quantize_config.json</c> and
    /// <c>quant_config.json</c>; where they differ, a warning says so.
    /// </summary>
    public QuantizationConfig? Quantization { get; private set; }

    /// <summary>Oddities that other programs may stumble over, each in one line.</summary>
    public IReadOnlyList<string> Warnings { get; private set; } = [];

    /// <summary>Opens a model.</summary>
    /// <param name="path">A folder, a <c>.safetensors.index.json</c>, or one <c>.safetensors</c> file, which is opened alone.</param>
    /// <param name="options">How; null for defaults.</param>
    /// <exception cref="ModelFormatException">
    /// A file breaks the rules of its format, files do not fit together, or the folder has no model.
    /// </exception>
    /// <exception cref="FileNotFoundException">There is no such file or folder, or files of the model are missing (all are named).</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    public static SafetensorsModel Open(string path, SafetensorsOpenOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var model = new SafetensorsModel(path);
        try
        {
            model.OpenAll(SafetensorsFolder.Find(path), options ?? new SafetensorsOpenOptions());
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>The model for a reader: <c>folder: llama, 291 tensors</c>.</summary>
    public override string ToString() =>
        $"{ErrorText.EscapePath(Path)}: {ErrorText.Escape(Config?.ModelType ?? "no architecture", 40)}, {ErrorText.Count(Tensors.Count, "tensor")}";

    /// <summary>Closes the files.</summary>
    public void Dispose() => _files.ForEach(file => file.Dispose());

    private void OpenAll(SafetensorsFolder folder, SafetensorsOpenOptions options)
    {
        IndexPath = folder.IndexPath;
        if (folder.FilePath is { } only)
        {
            Add(SafetensorsFile.Open(only));
        }
        else
        {
            AddIndexed(folder, SafetensorsIndex.Read(folder.IndexPath!), options);
        }

        WarnOfOtherFiles(folder);
        ReadSettings(folder);
        Warnings = _warnings.ToList();
    }

    private void AddIndexed(SafetensorsFolder folder, SafetensorsIndex index, SafetensorsOpenOptions options)
    {
        IReadOnlyList<string> names = index.Files;
        int most = options.AllowPartial ? names.Count : MostMissingFiles + 1;
        MissingFiles = names.Where(name => MappedFile.IsMissing(folder.PathOf(name))).Take(most).ToArray();
        if (MissingFiles.Count > 0 && (!options.AllowPartial || MissingFiles.Count == names.Count))
        {
            throw new FileNotFoundException(
                $"{ErrorText.EscapePath(index.Path)}: {DescribeMissing(names.Count)}", folder.PathOf(MissingFiles[0]));
        }

        foreach (string name in names.Except(MissingFiles))
        {
            Add(SafetensorsFile.Open(folder.PathOf(name)));
        }

        if (MissingFiles.Count > 0)
        {
            _warnings.Add(index.Path, $"{DescribeMissing(names.Count)}");
        }

        RequireIndexed(index);
        double bytes = Tensors.Sum(tensor => (double)tensor.ByteLength);
        if (MissingFiles.Count == 0 && index.TotalSize is { } total && total != bytes)
        {
            _warnings.Add(index.Path, $"{SafetensorsHeader.TotalSizeName} is {total}, but the tensors have {bytes} bytes");
        }
    }

    private string DescribeMissing(int fileCount)
    {
        string count = MissingFiles.Count > MostMissingFiles
            ? ErrorText.Invariant($"more than {MostMissingFiles}")
            : ErrorText.Invariant($"{MissingFiles.Count}");
        return ErrorText.Invariant($"{count} of {fileCount} files are missing: {ErrorText.QuoteAll(MissingFiles)}");
    }

    private void Add(SafetensorsFile file)
    {
        _files.Add(file);
        _warnings.AddAll(file.Warnings);
        foreach (SafetensorsTensor tensor in file.Tensors)
        {
            if (!Tensors.TryAdd(tensor))
            {
                string other = ErrorText.EscapePath(Tensors[tensor.Name].File.Path);
                throw ModelFormatException.In(file.Path, $"tensor {ErrorText.Quote(tensor.Name)}: {other} has a tensor of this name already");
            }
        }
    }

    /// <summary>
    /// Every tensor of the index must be where it says. One that the index does not know is read by most loaders all the same.
    /// </summary>
    private void RequireIndexed(SafetensorsIndex index)
    {
        var missing = MissingFiles.ToHashSet(StringComparer.Ordinal);
        foreach ((string name, string file) in index.FileOf)
        {
            string? found = Tensors.TryGet(name, out SafetensorsTensor? tensor) ? NameOf(tensor.File) : null;
            bool isWhereItShouldBe = found == file || (found is null && missing.Contains(file));
            if (!isWhereItShouldBe)
            {
                string place = found is null ? "no file" : ErrorText.Quote(found);
                throw ModelFormatException.In(index.Path,
                    $"tensor {ErrorText.Quote(name)}: is in {place}, expected in {ErrorText.Quote(file)}");
            }
        }

        foreach (SafetensorsTensor tensor in Tensors.Where(tensor => !index.FileOf.ContainsKey(tensor.Name)))
        {
            _warnings.Add(index.Path, $"does not list tensor {new Quoted(tensor.Name)} of {new Quoted(NameOf(tensor.File))}");
        }
    }

    private static string NameOf(SafetensorsFile file) => System.IO.Path.GetFileName(file.Path);

    private void WarnOfOtherFiles(SafetensorsFolder folder)
    {
        if (folder.Folder != Path && folder.IndexPath is null)
        {
            return;   // one file was asked for
        }

        var known = _files.Select(NameOf).ToHashSet(StringComparer.Ordinal);
        foreach (string other in folder.FileNames().Where(name => !known.Contains(name)))
        {
            _warnings.Add(Path, $"{new Quoted(other)} is no part of the model");
        }
    }

    private void ReadSettings(SafetensorsFolder folder)
    {
        List<QuantizationConfig> found = [];
        if (SettingsFile.TryRead(folder.PathOf(ModelConfig.FileName)) is { } settings)
        {
            Config = ModelConfig.Of(settings);
            if (settings.Object(QuantizationConfig.ConfigKey) is { } quantization)
            {
                found.Add(QuantizationConfig.Of($"{ModelConfig.FileName} {QuantizationConfig.ConfigKey}", quantization));
            }
        }

        foreach (string name in QuantizationConfig.FileNames)
        {
            if (SettingsFile.TryRead(folder.PathOf(name)) is { } file)
            {
                found.Add(QuantizationConfig.Of(name, file));
            }
        }

        Quantization = found.FirstOrDefault();
        foreach (QuantizationConfig other in found.Skip(1))
        {
            if (Quantization!.DifferenceTo(other) is { } difference)
            {
                _warnings.Add(Path, $"{Quantization.Source} and {other.Source} differ: {difference}");
            }
        }
    }
}
