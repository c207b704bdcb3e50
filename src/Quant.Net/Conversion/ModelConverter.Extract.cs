using System.Diagnostics;
using Quant.Net.Conversion;
using Quant.Net.Gguf;
using Quant.Net.IO;

namespace Quant.Net;

// One tensor as a file of its own.
public static partial class ModelConverter
{
    /// <summary>Writes the packed bytes of a tensor as they are in the model, and nothing else.</summary>
    /// <param name="tensor">The tensor, or a slice of one.</param>
    /// <param name="outputPath">Where the file will be.</param>
    /// <param name="overwrite">Replaces a file that is there already. Without it, that is an error.</param>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="cancellationToken">Ends it between pieces.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="OutputExistsException">The file is there already.</exception>
    /// <exception cref="IOException">The file is the model's own, or does not fit on the disk; or the system refused.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static Task<CopyResult> ExtractAsync(
        GgufTensor tensor, string outputPath, bool overwrite = false,
        IProgress<ConversionProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ArgumentException.ThrowIfNullOrEmpty(outputPath);
        return Task.Run(() => Extract(tensor, outputPath, overwrite, progress, cancellationToken), cancellationToken);
    }

    /// <summary>Decodes a tensor into a NumPy file (<c>.npy</c>): row-major, outermost dimension first. Integers stay as they are.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tensor">A tensor of it, or a slice of one.</param>
    /// <param name="outputPath">Where the file will be.</param>
    /// <param name="options">How; patterns and file sizes do not matter here. NumPy has no bfloat16.</param>
    /// <param name="device">Decodes.</param>
    /// <param name="progress">Is told how far it is, after each chunk.</param>
    /// <param name="cancellationToken">Ends it between chunks.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="ArgumentException">The output type is neither F32 nor F16.</exception>
    /// <exception cref="NotSupportedException">The tensor's type is unknown.</exception>
    /// <exception cref="ModelFormatException">A companion scale does not fit its weights.</exception>
    /// <exception cref="OverflowException"><see cref="DequantizeOptions.Strict"/> is set and a finite value became infinite.</exception>
    /// <exception cref="OutputExistsException">The file is there already.</exception>
    /// <exception cref="IOException">The file is the model's own, or does not fit on the disk; or the system refused.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static Task<DequantizeResult> ExtractNpyAsync(
        GgufFile model, GgufTensor tensor, string outputPath, DequantizeOptions options, QuantDevice device,
        IProgress<ConversionProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(tensor);
        ArgumentException.ThrowIfNullOrEmpty(outputPath);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(device);
        if (options.OutputType is not (QuantFormat.F32 or QuantFormat.F16))
        {
            throw new ArgumentException($"The output type is {options.OutputType}, expected F32 or F16: NumPy has no other.", nameof(options));
        }

        return Task.Run(
            () => DecodeAsync(
                model, DequantizePlan.Make(model, [tensor], options, device, ModelContainer.Npy), ModelContainer.Npy, outputPath, options,
                device, progress, cancellationToken),
            cancellationToken);
    }

    private static CopyResult Extract(
        GgufTensor tensor, string outputPath, bool overwrite, IProgress<ConversionProgress>? progress, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        using var file = AtomicFile.Create(outputPath, overwrite);
        OutputGuard.RefuseInputs([file.Path], [tensor.Part.Path]);
        OutputGuard.RequireSpace(file.Path, tensor.ByteLength);
        new TensorCopy(new ProgressCount([tensor], progress), cancellation).Copy(tensor, file.Write);
        file.Finish();
        cancellation.ThrowIfCancellationRequested();
        file.Rename();
        file.Keep();
        return new CopyResult
        {
            Files = [file.Path],
            TensorCount = 1,
            OutputBytes = tensor.ByteLength,
            Warnings = [],
            Elapsed = watch.Elapsed,
        };
    }
}
