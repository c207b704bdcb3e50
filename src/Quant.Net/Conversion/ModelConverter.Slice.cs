using System.Diagnostics;
using Quant.Net.Conversion;
using Quant.Net.Gguf;
using Quant.Net.IO;
using Quant.Net.Modules;
using Quant.Net.Safetensors;
using Quant.Net.Slicing;

namespace Quant.Net;

// Packed weights cut and joined: each result is a file of its own.
public static partial class ModelConverter
{
    /// <summary>Cuts a packed module and writes its parts without decoding them.</summary>
    /// <remarks>
    /// One part is written to the path itself, several to <c>NAME-1-of-4.safetensors</c> and so on. Tensors keep their names and kinds; a
    /// bias is cut with the outputs, and stays whole where inputs are cut. Metadata of the file say what shapes do not, and what part it is.
    /// </remarks>
    /// <param name="module">The module.</param>
    /// <param name="cut">Into which parts.</param>
    /// <param name="outputPath">Where they will be; it ends in <c>.safetensors</c>.</param>
    /// <param name="numbering">What becomes of groups with a list (<c>g_idx</c>) in a cut along the inputs.</param>
    /// <param name="overwrite">Replaces files that are there already. Without it, that is an error.</param>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="cancellationToken">Ends it between pieces.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="ArgumentException">It cannot be cut so; the message names the nearest cuts.</exception>
    /// <exception cref="NotSupportedException">Modules of its layout cannot be cut.</exception>
    /// <exception cref="OutputExistsException">A file is there already.</exception>
    /// <exception cref="IOException">A file is the model's own, or does not fit on the disk; or the system refused.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static Task<CopyResult> SliceAsync(
        PackedModule module, MatrixCut cut, string outputPath, GroupNumbering numbering = GroupNumbering.Compact,
        bool overwrite = false, IProgress<ConversionProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(cut);
        ArgumentException.ThrowIfNullOrEmpty(outputPath);
        return Task.Run(
            () => WriteParts(
                [.. ModuleCuts.Cut(new StoredModule(module), cut, numbering)], outputPath, InputsOf([module]), overwrite, progress, cancellationToken),
            cancellationToken);
    }

    /// <summary>Joins the parts of a packed module in one file, the inverse of cutting.</summary>
    /// <param name="parts">The parts, in order. The whole has the tensors' names of the first.</param>
    /// <param name="axis">Along which features.</param>
    /// <param name="outputPath">Where the file will be; it ends in <c>.safetensors</c>.</param>
    /// <param name="overwrite">Replaces a file that is there already. Without it, that is an error.</param>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="cancellationToken">Ends it between pieces.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="ArgumentException">There are no parts, or they do not belong together; or they say that they were cut along the
    /// other features, in another order, or with something between them.</exception>
    /// <exception cref="NotSupportedException">Modules of their layout cannot be joined.</exception>
    /// <exception cref="OutputExistsException">The file is there already.</exception>
    /// <exception cref="IOException">The file is a part itself, or does not fit on the disk; or the system refused.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static Task<CopyResult> ConcatAsync(
        IReadOnlyList<PackedModule> parts, MatrixAxis axis, string outputPath, bool overwrite = false,
        IProgress<ConversionProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        RequireParts(parts);
        ArgumentException.ThrowIfNullOrEmpty(outputPath);
        return Task.Run(
            () => WriteParts(
                [ModuleCuts.Join([.. parts.Select(part => new StoredModule(part))], axis)], outputPath, InputsOf(parts), overwrite, progress,
                cancellationToken),
            cancellationToken);
    }

    /// <summary>Cuts a tensor of a GGUF model along rows or blocks, and writes its parts as GGUF files of one tensor.</summary>
    /// <param name="tensor">The tensor. Matrices of one with three dimensions are cut alike.</param>
    /// <param name="cut">Into which parts.</param>
    /// <param name="outputPath">Where they will be: one part here, several in <c>NAME-1-of-4.gguf</c> and so on.</param>
    /// <param name="overwrite">Replaces files that are there already. Without it, that is an error.</param>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="cancellationToken">Ends it between pieces.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="ArgumentException">It cannot be cut so; the message names the nearest cuts.</exception>
    /// <exception cref="OutputExistsException">A file is there already.</exception>
    /// <exception cref="IOException">A file is the model's own, or does not fit on the disk; or the system refused.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static Task<CopyResult> SliceAsync(
        GgufTensor tensor, MatrixCut cut, string outputPath, bool overwrite = false,
        IProgress<ConversionProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ArgumentNullException.ThrowIfNull(cut);
        ArgumentException.ThrowIfNullOrEmpty(outputPath);
        return Task.Run(() => Slice(tensor, cut, outputPath, overwrite, progress, cancellationToken), cancellationToken);
    }

    /// <summary>Joins tensors in a GGUF file with one tensor.</summary>
    /// <param name="parts">The parts in order. The whole has the name of the first.</param>
    /// <param name="axis">Along which features.</param>
    /// <param name="outputPath">Where the file will be.</param>
    /// <param name="overwrite">Replaces a file that is there already. Without it, that is an error.</param>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="cancellationToken">Ends it between pieces.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="ArgumentException">There are no parts, or they differ in type or shape; or they say that they were cut along the
    /// other features, in another order, or with something between them.</exception>
    /// <exception cref="OutputExistsException">The file is there already.</exception>
    /// <exception cref="IOException">The file is a part itself, or does not fit on the disk; or the system refused.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static Task<CopyResult> ConcatAsync(
        IReadOnlyList<GgufTensor> parts, MatrixAxis axis, string outputPath, bool overwrite = false,
        IProgress<ConversionProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        RequireParts(parts);
        ArgumentException.ThrowIfNullOrEmpty(outputPath);
        return Task.Run(() => Concat(parts, axis, outputPath, overwrite, progress, cancellationToken), cancellationToken);
    }

    private static CopyResult Slice(GgufTensor tensor, MatrixCut cut, string outputPath, bool overwrite, IProgress<ConversionProgress>? progress,
        CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        IReadOnlyList<(long First, long Count)>[] parts = GgufParts.Divide(tensor, cut);
        long length = GgufParts.Length(tensor, cut.Axis);
        string[] paths = PartPaths.Of(outputPath, parts.Length);
        var count = new ProgressCount(
            parts.Sum(ranges => Bytes(tensor, GgufParts.Dimensions(tensor, cut.Axis, ranges.Sum(range => range.Count)))), parts.Length, progress);
        var writers = new List<GgufWriter>();
        try
        {
            foreach ((string path, IReadOnlyList<(long First, long Count)> ranges) in paths.Zip(parts))
            {
                long[] dimensions = GgufParts.Dimensions(tensor, cut.Axis, ranges.Sum(range => range.Count));
                GgufWriter writer = BeginTensor(tensor, dimensions, new PartMark(tensor.Name, cut.Axis, ranges, length), path, overwrite);
                writers.Add(writer);
                OutputGuard.RefuseInputs(writer.Files, [tensor.Part.Path]);
                OutputGuard.RequireSpace(path, writer.DeclaredLength);
                GgufParts.Write(tensor, cut.Axis, ranges, bytes => Write(writer, tensor.Name, bytes, count), cancellation);
                count.Add(tensor, 0, isLast: true);
            }

            return Complete(writers, parts.Length, watch);
        }
        finally
        {
            writers.ForEach(writer => writer.Dispose());
        }
    }

    private static CopyResult Concat(
        IReadOnlyList<GgufTensor> parts, MatrixAxis axis, string outputPath, bool overwrite, IProgress<ConversionProgress>? progress,
        CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        GgufTensor like = parts[0];
        foreach (GgufTensor part in parts)
        {
            GgufParts.RequireAlike(like, part, axis);
        }

        var joint = Joint.Of([.. parts.Select(part => (part.Part.Path, PartMark.Of(part), GgufParts.Length(part, axis)))], axis);
        foreach (JointPiece piece in joint.Pieces)
        {
            GgufParts.RequireBlocks(parts[piece.Part], axis, [(piece.First, piece.Count)]);
        }

        long[] dimensions = GgufParts.Dimensions(like, axis, parts.Sum(part => GgufParts.Length(part, axis)));
        using GgufWriter writer = BeginTensor(like, dimensions, joint.Mark, outputPath, overwrite);
        OutputGuard.RefuseInputs(writer.Files, parts.Select(part => part.Part.Path));
        OutputGuard.RequireSpace(outputPath, writer.DeclaredLength);
        var count = new ProgressCount(Bytes(like, dimensions), 1, progress);
        GgufParts.Join(parts, axis, joint.Pieces, bytes => Write(writer, like.Name, bytes, count), cancellation);
        count.Add(like, 0, isLast: true);
        return Complete([writer], 1, watch);
    }

    // The bytes of a tensor of the same format.
    private static long Bytes(GgufTensor like, long[] dimensions) =>
        like.FormatInfo!.GetByteCount(dimensions.Aggregate(1L, (product, length) => checked(product * length)));

    private static void Write(GgufWriter writer, string tensor, ReadOnlySpan<byte> bytes, ProgressCount count)
    {
        writer.Write(tensor, bytes);
        count.Add(tensor, bytes.Length, isLast: false);
    }

    private static GgufWriter BeginTensor(GgufTensor like, long[] dimensions, PartMark? mark, string path, bool overwrite)
    {
        GgufWriter writer = GgufWriter.Create(path, new GgufWriterOptions { Overwrite = overwrite });
        foreach ((string key, string text) in mark?.Metadata ?? [])
        {
            writer.SetMetadata(key, GgufValue.FromString(text));
        }

        writer.AddTensor(like.Name, like.Format, dimensions);
        return writer;
    }

    // The files that modules are read from.
    private static string[] InputsOf(IEnumerable<PackedModule> modules) =>
        [.. modules.SelectMany(module => module.Tensors).Select(tensor => tensor.File.Path).Distinct()];

    private static CopyResult WriteParts(
        IReadOnlyList<ModuleCuts.Part> parts, string outputPath, IReadOnlyList<string> inputs, bool overwrite,
        IProgress<ConversionProgress>? progress, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        string[] paths = PartPaths.Of(outputPath, parts.Count);
        SlicedTensor[] tensors = [.. parts.SelectMany(part => part.Tensors)];
        var count = new ProgressCount(tensors.Sum(tensor => (long)tensor.Data.Length), tensors.Length, progress);
        var writing = new SlicedTensorWriting(count, cancellation);
        var writers = new List<SafetensorsWriter>();
        try
        {
            foreach ((string path, ModuleCuts.Part part) in paths.Zip(parts))
            {
                cancellation.ThrowIfCancellationRequested();
                var writer = SafetensorsWriter.Create(
                    path, new SafetensorsWriterOptions
                    {
                        Overwrite = overwrite,
                        Metadata = [.. ModuleFacts.Metadata(part.Matrix), .. part.Mark?.Metadata ?? []],
                    });
                writers.Add(writer);
                OutputGuard.RefuseInputs(writer.Files, inputs);
                foreach (SlicedTensor tensor in part.Tensors)
                {
                    writer.AddTensor(tensor.Name, tensor.Type, tensor.Shape);
                }

                OutputGuard.RequireSpace(path, writer.DeclaredLength);
                foreach (SlicedTensor tensor in part.Tensors)
                {
                    writing.Write(tensor, writer);
                }
            }

            return Complete(writers, tensors.Length, watch);
        }
        finally
        {
            writers.ForEach(writer => writer.Dispose());
        }
    }

    /// <summary>Gives files their names when all of them are written.</summary>
    private static CopyResult Complete(IReadOnlyList<IModelWriter> writers, int tensors, Stopwatch watch)
    {
        long bytes = writers.Sum(writer => writer.DeclaredLength);
        foreach (IModelWriter writer in writers)
        {
            writer.Complete();
        }

        string[] files = [.. writers.SelectMany(writer => writer.Files)];
        return new CopyResult { Files = files, TensorCount = tensors, OutputBytes = bytes, Warnings = [], Elapsed = watch.Elapsed };
    }

    private static void RequireParts<T>(IReadOnlyList<T> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        if (parts.Count == 0)
        {
            throw new ArgumentException("There are no parts.", nameof(parts));
        }
    }
}
