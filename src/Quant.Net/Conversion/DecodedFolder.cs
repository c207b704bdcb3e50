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
    private readonly string _path;
    private readonly string _hidden;

    /// <summary>Begins one.</summary>
    /// <exception cref="IOException">Something is there already, or the system refused.</exception>
    public DecodedFolder(SafetensorsModel model, string path)
    {
        _model = model;
        _source = Path.GetFullPath(SafetensorsFolder.Find(model.Path).Folder is { Length: > 0 } folder ? folder : ".");
        _path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        RefuseExisting();
        _hidden = AtomicFile.HiddenName(_path, $"{Path.GetRandomFileName()[..8]}.tmp");
        AtomicFile.OpenHidden(_path, () => Directory.CreateDirectory(_hidden));
    }

    /// <summary>Writes it.</summary>
    /// <param name="type">The type of the decoded weights.</param>
    /// <param name="writeWeights">Writes the weights to such a file.</param>
    /// <param name="cancellation">Stops it.</param>
    public DequantizeResult Write(QuantFormat type, Func<string, DequantizeResult> writeWeights, CancellationToken cancellation)
    {
        try
        {
            List<string> warnings = [];
            (string Path, long Bytes)[] beside = [.. CopyBeside(type, warnings)];
            DequantizeResult weights = writeWeights(Path.Combine(_hidden, SafetensorsFolder.UsualName));
            cancellation.ThrowIfCancellationRequested();
            RefuseExisting();
            SystemError.Name(_path, () => Directory.Move(_hidden, _path));
            return new DequantizeResult
            {
                Files = [.. beside.Select(file => file.Path).Concat(weights.Files).Select(file => Path.Combine(_path, Path.GetFileName(file)))],
                TensorCount = weights.TensorCount,
                ElementCount = weights.ElementCount,
                SourceBytes = weights.SourceBytes,
                OutputBytes = weights.OutputBytes + beside.Sum(file => file.Bytes),
                ResumedBytes = weights.ResumedBytes,
                Kernels = weights.Kernels,
                Warnings = [.. weights.Warnings, .. warnings],
                Elapsed = weights.Elapsed,
            };
        }
        catch (Exception refused) when (Told(refused) is { } told)
        {
            throw told;
        }
    }

    /// <summary>Removes what is not complete.</summary>
    public void Dispose()
    {
        if (Directory.Exists(_hidden))
        {
            Directory.Delete(_hidden, recursive: true);
        }
    }

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
            using var file = AtomicFile.Create(Path.Combine(_hidden, name), overwrite: false);
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

    private void RefuseExisting()
    {
        if (Path.Exists(_path))
        {
            throw new IOException($"{ErrorText.EscapePath(_path)}: exists already, expected a folder that does not");
        }
    }

    /// <summary>What the system refused, told of the place that the user knows; null if it is something else.</summary>
    private Exception? Told(Exception refused)
    {
        string hidden = ErrorText.EscapePath(_hidden);
        if (!refused.Message.Contains(hidden, StringComparison.Ordinal))
        {
            return null;
        }

        string message = refused.Message.Replace(hidden, ErrorText.EscapePath(_path), StringComparison.Ordinal);
        return refused switch
        {
            UnauthorizedAccessException => new UnauthorizedAccessException(message, refused),
            IOException => new IOException(message, refused),
            _ => null,
        };
    }
}
