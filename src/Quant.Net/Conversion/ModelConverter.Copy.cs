using System.Diagnostics;
using Quant.Net.Conversion;
using Quant.Net.Gguf;
using Quant.Net.IO;

namespace Quant.Net;

// Models written anew with their weights as they are.
public static partial class ModelConverter
{
    /// <summary>
    /// Writes a model as several files, <c>PREFIX-00001-of-0000N.gguf</c> and so on, byte for byte as llama.cpp's gguf-split does.
    /// </summary>
    /// <remarks>
    /// All metadata are in the first file; each file has the keys <c>split.no</c>, <c>split.count</c> and <c>split.tensors.count</c>,
    /// and the alignment if the model has one of its own. A model that is split already is cut anew.
    /// </remarks>
    /// <param name="model">The model.</param>
    /// <param name="outputPrefix">The files' path up to their number.</param>
    /// <param name="options">Where to cut.</param>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="cancellationToken">Ends it between pieces.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="ArgumentException">
    /// Not exactly one limit is set, it is not positive, there would be more than 65535 files, or parts of the model are missing.
    /// </exception>
    /// <exception cref="OutputExistsException">A file is there already.</exception>
    /// <exception cref="IOException">A file is the model's own, or does not fit on the disk; or the system refused.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static Task<CopyResult> SplitAsync(
        GgufFile model, string outputPrefix, SplitOptions options,
        IProgress<ConversionProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        WholeModel.Require(model);
        ArgumentException.ThrowIfNullOrEmpty(outputPrefix);
        RequireLimit(options);
        return Task.Run(() => Split(model, outputPrefix, options, progress, cancellationToken), cancellationToken);
    }

    /// <summary>Writes a split model as one file, without the <c>split.</c> keys: what was split becomes again what it was.</summary>
    /// <param name="model">The model; one that is not split is written anew.</param>
    /// <param name="outputPath">Where the file will be.</param>
    /// <param name="overwrite">Replaces a file that is there already. Without it, that is an error.</param>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="cancellationToken">Ends it between pieces.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="ArgumentException">Parts of the model are missing.</exception>
    /// <exception cref="OutputExistsException">The file is there already.</exception>
    /// <exception cref="IOException">The file is the model's own, or does not fit on the disk; or the system refused.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static Task<CopyResult> MergeAsync(
        GgufFile model, string outputPath, bool overwrite = false,
        IProgress<ConversionProgress>? progress = null, CancellationToken cancellationToken = default) =>
        EditMetadataAsync(model, outputPath, new GgufMetadataEdits(), overwrite, progress, cancellationToken);

    /// <summary>Writes a model as one file with other metadata; tensors stay as they are.</summary>
    /// <param name="model">The model.</param>
    /// <param name="outputPath">Where the file will be.</param>
    /// <param name="edits">What to change.</param>
    /// <param name="overwrite">Replaces a file that is there already. Without it, that is an error.</param>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="cancellationToken">Ends it between pieces.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="ArgumentException">
    /// Parts of the model are missing, a new key is there already, is too long or no valid text, or the alignment is none.
    /// </exception>
    /// <exception cref="KeyNotFoundException">A key that is to be removed or renamed is not there.</exception>
    /// <exception cref="OutputExistsException">The file is there already.</exception>
    /// <exception cref="IOException">The file is the model's own, or does not fit on the disk; or the system refused.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static Task<CopyResult> EditMetadataAsync(
        GgufFile model, string outputPath, GgufMetadataEdits edits, bool overwrite = false,
        IProgress<ConversionProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        WholeModel.Require(model);
        ArgumentException.ThrowIfNullOrEmpty(outputPath);
        ArgumentNullException.ThrowIfNull(edits);
        return Task.Run(() => WriteOne(model, edits.Apply(model), outputPath, overwrite, progress, cancellationToken), cancellationToken);
    }

    private static CopyResult Split(
        GgufFile model, string outputPrefix, SplitOptions options, IProgress<ConversionProgress>? progress, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        var whole = new GgufContents();
        whole.CopyMetadata(model);
        foreach (GgufTensor tensor in model.Tensors)
        {
            whole.Add(GgufEntry.Of(tensor));
        }

        List<int> counts = GgufDivision.Cut(model.ShownPath, whole, options.MaxDataBytes, options.MaxTensors);
        using var shards = new GgufShards(
            [.. GgufSplit.PathsOfParts(outputPrefix, counts.Count)], GgufDivision.AsSplitDoes(whole, counts),
            new GgufWriterOptions { Overwrite = options.Overwrite });
        string[] inputs = [.. model.Parts.Select(part => part.Path)];
        OutputGuard.RefuseInputs(shards.Files, inputs);
        OutputGuard.RequireSpace(shards.Files[0], shards.DeclaredLength);
        var copy = new TensorCopy(new ProgressCount(model.Tensors, progress), cancellation);
        foreach (GgufTensor tensor in model.Tensors)
        {
            copy.Copy(tensor, bytes => shards.Write(tensor.Name, bytes));
        }

        cancellation.ThrowIfCancellationRequested();
        shards.Complete();
        return Done(
            model, shards.Files, shards.DeclaredLength, StaleFiles.WarnBesideParts(Path.GetFullPath(outputPrefix), shards.Files, inputs), watch);
    }

    private static CopyResult WriteOne(
        GgufFile model, IReadOnlyList<KeyValuePair<string, GgufValue>> metadata, string outputPath, bool overwrite,
        IProgress<ConversionProgress>? progress, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        using var writer = GgufWriter.Create(outputPath, new GgufWriterOptions { Overwrite = overwrite });
        OutputGuard.RefuseInputs(writer.Files, model.Parts.Select(part => part.Path));
        foreach ((string key, GgufValue value) in metadata)
        {
            Subject.Name(model.ShownPath, () => writer.SetMetadata(key, value));
        }

        foreach (GgufTensor tensor in model.Tensors)
        {
            writer.AddTensor(tensor);
        }

        long length = writer.DeclaredLength;
        OutputGuard.RequireSpace(writer.Files[0], length);
        var copy = new TensorCopy(new ProgressCount(model.Tensors, progress), cancellation);
        foreach (GgufTensor tensor in model.Tensors)
        {
            copy.Copy(tensor, bytes => writer.Write(tensor.Name, bytes));
        }

        cancellation.ThrowIfCancellationRequested();
        writer.Complete();
        return Done(model, writer.Files, length, warnings: [], watch);
    }

    private static CopyResult Done(GgufFile model, IReadOnlyList<string> files, long bytes, IEnumerable<string> warnings, Stopwatch watch) =>
        new()
        {
            Files = files,
            TensorCount = model.Tensors.Count,
            OutputBytes = bytes,
            Warnings = [.. warnings],
            Elapsed = watch.Elapsed,
        };

    private static void RequireLimit(SplitOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.MaxDataBytes is null == options.MaxTensors is null)
        {
            throw new ArgumentException("One limit is needed: the bytes or the tensors of a file.", nameof(options));
        }

        if (options.MaxDataBytes is < 1 || options.MaxTensors is < 1)
        {
            throw new ArgumentException(ErrorText.Invariant(
                $"Files of at most {options.MaxDataBytes ?? options.MaxTensors} {(options.MaxTensors is null ? "bytes" : "tensors")} hold nothing."),
                nameof(options));
        }
    }
}
