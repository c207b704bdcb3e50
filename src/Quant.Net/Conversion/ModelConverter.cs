using Quant.Net.Conversion;
using Quant.Net.Gguf;
using Quant.Net.IO;

namespace Quant.Net;

/// <summary>Operations on whole models, of any size: read, done and written in chunks.</summary>
public static partial class ModelConverter
{
    /// <summary>
    /// Decodes a model into a new one with plain floating-point numbers: a GGUF file or safetensors, by the output's extension.
    /// </summary>
    /// <remarks>
    /// <para>Integer tensors are copied. GGUF output keeps the metadata (without the <c>split.</c> keys), keeps tensors of one row
    /// in float32, as ggml wants them, and sets <c>general.file_type</c>. Safetensors output gives every other tensor the output
    /// type, with shapes outermost dimension first.</para>
    /// <para>The output gets its name when it is whole and on the disk; a failure or cancellation leaves nothing, unless
    /// <see cref="DequantizeOptions.Resume"/> is set.</para>
    /// </remarks>
    /// <param name="model">The model.</param>
    /// <param name="outputPath">Where the result will be; ends in .gguf or .safetensors.</param>
    /// <param name="options">How.</param>
    /// <param name="device">Decodes.</param>
    /// <param name="progress">Is told how far it is, after each chunk.</param>
    /// <param name="cancellationToken">Ends it between chunks.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="ArgumentException">The output's extension or an option is none that there is.</exception>
    /// <exception cref="FormatException">A pattern is malformed.</exception>
    /// <exception cref="KeyNotFoundException">A pattern matches no tensor.</exception>
    /// <exception cref="NotSupportedException">Tensors have types that cannot be decoded; all are named.</exception>
    /// <exception cref="ModelFormatException">A companion scale does not fit its weights.</exception>
    /// <exception cref="OverflowException"><see cref="DequantizeOptions.Strict"/> is set and a finite value became infinite.</exception>
    /// <exception cref="OutputExistsException">The output is there already.</exception>
    /// <exception cref="IOException">The output is the model itself, or does not fit on the disk.</exception>
    /// <exception cref="IOException">
    /// It cannot be resumed: what is there is of other work, has been changed, or is being written by another process.
    /// </exception>
    /// <exception cref="IOException">The model has become shorter, or the system refused.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static Task<DequantizeResult> DequantizeAsync(
        GgufFile model, string outputPath, DequantizeOptions options, QuantDevice device,
        IProgress<ConversionProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(outputPath);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(device);
        ModelContainer container = ModelContainers.Of(outputPath);
        RequireOptions(options, container);
        return Task.Run(
            () => DecodeAsync(
                model, DequantizePlan.Make(model, options, device, container), container, outputPath, options, device, progress,
                cancellationToken),
            cancellationToken);
    }

    private static async Task<DequantizeResult> DecodeAsync(
        GgufFile model, DequantizePlan plan, ModelContainer container, string outputPath, DequantizeOptions options, QuantDevice device,
        IProgress<ConversionProgress>? progress, CancellationToken cancellation)
    {
        using ResumeLog? log = options.Resume
            ? ResumeLog.Open(outputPath, WorkFingerprint.Of(model, plan, container, options), cancellation)
            : null;
        using IModelWriter writer = ModelContainers.Begin(container, outputPath, model, plan, options, log);
        OutputGuard.RefuseInputs(writer.Files, model.Parts.Select(part => part.Path));
        OutputGuard.RequireSpace(writer.Files[0], writer.DeclaredLength - (log?.BytesThere ?? 0));
        var run = new DequantizeRun(model, plan, writer, options, device, progress, log);
        DequantizeResult result = await run.RunAsync(cancellation).ConfigureAwait(false);
        log?.Complete();
        return result;
    }

    private static void RequireOptions(DequantizeOptions options, ModelContainer container)
    {
        if (!TensorChoice.IsOutputType(options.OutputType))
        {
            throw new ArgumentException($"The output type is {options.OutputType}, expected F32, F16 or BF16.", nameof(options));
        }

        if (options.MaxShardBytes is not null && container != ModelContainer.Safetensors)
        {
            throw new ArgumentException("Only safetensors output is written in several files.", nameof(options));
        }

        if (options.ChunkBytes < 1)
        {
            throw new ArgumentException(ErrorText.Invariant($"Chunks of {options.ChunkBytes} bytes hold nothing."), nameof(options));
        }
    }
}
