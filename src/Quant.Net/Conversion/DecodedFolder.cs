using Quant.Net.IO;
using Quant.Net.Safetensors;

namespace Quant.Net.Conversion;

/// <summary>
/// A folder with a decoded model that programs load as they load the packed one: its weights, its <c>config.json</c> without a
/// quantization, and what else stands beside the weights. It is made under a hidden name, and gets its own when it is whole.
/// </summary>
internal sealed class DecodedFolder : IDisposable
{
    // They speak of packed weights.
    private static readonly HashSet<string> LeftOut = new([.. QuantizationConfig.FileNames, "hf_quant_config.json"], StringComparer.Ordinal);

    private readonly SafetensorsModel _model;
    private readonly string _source;
    private readonly HiddenFolder _folder;

    /// <summary>Begins one.</summary>
    /// <exception cref="IOException">Something is there already, or the system refused.</exception>
    public DecodedFolder(SafetensorsModel model, string path)
    {
        _model = model;
        _source = Path.GetFullPath(SafetensorsFolder.Find(model.Path).Folder is { Length: > 0 } folder ? folder : ".");
        string place = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        RequireFree(place);
        _folder = new HiddenFolder(place);
    }

    /// <summary>Writes it.</summary>
    /// <param name="type">The type of the decoded weights.</param>
    /// <param name="writeWeights">Writes the weights to such a file.</param>
    /// <param name="cancellation">Stops it.</param>
    public DequantizeResult Write(QuantFormat type, Func<string, DequantizeResult> writeWeights, CancellationToken cancellation) => _folder.Write(() =>
    {
        List<string> warnings = [];
        (string Path, long Bytes)[] beside = [.. CopyBeside(type, warnings)];
        DequantizeResult weights = writeWeights(Path.Combine(_folder.Hidden, SafetensorsFolder.UsualName));
        cancellation.ThrowIfCancellationRequested();
        RequireFree(_folder.Place);
        SystemError.Name(_folder.Place, () => Directory.Move(_folder.Hidden, _folder.Place));
        return new DequantizeResult
        {
            Files = [.. beside.Select(file => file.Path).Concat(weights.Files).Select(_folder.PlaceOf)],
            TensorCount = weights.TensorCount,
            ElementCount = weights.ElementCount,
            SourceBytes = weights.SourceBytes,
            OutputBytes = weights.OutputBytes + beside.Sum(file => file.Bytes),
            ResumedBytes = weights.ResumedBytes,
            Kernels = weights.Kernels,
            Warnings = [.. weights.Warnings, .. warnings],
            Elapsed = weights.Elapsed,
        };
    });

    /// <summary>Removes what is not complete.</summary>
    public void Dispose() => _folder.Dispose();

    private IEnumerable<(string Path, long Bytes)> CopyBeside(QuantFormat type, List<string> warnings)
    {
        string shown = ErrorText.EscapePath(_source);
        foreach (string name in BesideWeights.Names(_source, what => warnings.Add($"{shown}: {ErrorText.Invariant(what)}")))
        {
            if (LeftOut.Contains(name))
            {
                continue;
            }

            byte[] bytes = BesideWeights.Read(Path.Combine(_source, name));
            using var file = AtomicFile.Create(Path.Combine(_folder.Hidden, name), overwrite: false);
            file.Write(name == ModelConfig.FileName ? DecodedConfig.Of(bytes, type) : bytes);
            file.Finish();
            file.Rename();
            file.Keep();
            yield return (file.Path, new FileInfo(file.Path).Length);
        }

        if (_model.Config is null)
        {
            warnings.Add($"{shown}: has no {ModelConfig.FileName}, and nor has the decoded model");
        }
    }

    private static void RequireFree(string place)
    {
        if (Path.Exists(place))
        {
            throw new IOException($"{ErrorText.EscapePath(place)}: exists already, expected a folder that does not");
        }

        AtomicFile.RefuseLongName(place);
    }
}
