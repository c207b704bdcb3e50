using Quant.Net.Gguf;
using Quant.Net.IO;
using Quant.Net.Safetensors;
using Quant.Net.Verification;

namespace Quant.Net;

/// <summary>
/// Checks the data of models. Their structure is checked when they are opened: what <see cref="GgufFile.Open"/> and
/// <see cref="SafetensorsModel.Open"/> accept has all its files, and all data where they must be.
/// </summary>
public static partial class ModelVerifier
{
    /// <summary>Reads and decodes everything, and looks for weights that are NaN or infinite.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">How.</param>
    /// <param name="device">Decodes.</param>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="cancellationToken">Ends it between chunks.</param>
    /// <returns>What was found.</returns>
    /// <exception cref="ArgumentException">Chunks of no bytes are asked for.</exception>
    /// <exception cref="IOException">The model has become shorter, or cannot be read.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static Task<VerifyResult> VerifyAsync(
        GgufFile model, VerifyOptions options, QuantDevice device,
        IProgress<ConversionProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(device);
        Check(options);
        return Task.Run(() => new VerifyRun(model, options, device, progress, cancellationToken).Run(), cancellationToken);
    }

    /// <summary>
    /// Reads everything, and looks for floating-point values that are NaN or infinite. Nothing has to be decoded for that.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="cancellationToken">Ends it between chunks.</param>
    /// <returns>What was found.</returns>
    /// <exception cref="ArgumentException">Chunks of no bytes are asked for.</exception>
    /// <exception cref="IOException">The model has become shorter, or cannot be read.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static Task<VerifyResult> VerifyAsync(
        SafetensorsModel model, VerifyOptions options,
        IProgress<ConversionProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        Check(options);
        return Task.Run(() => new SafetensorsVerifyRun(model, options, progress, cancellationToken).Run(), cancellationToken);
    }

    /// <summary>
    /// Looks at the zero points and scales of packed modules, which are small beside their codes, for what makes many weights wrong: zero
    /// points of GPTQ that are those of symmetric weights in the other checkpoint format, and scales that are NaN or infinite.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="modules">Modules of it.</param>
    /// <param name="mostBytes">About how much is read at most: of each module something, and the same of all.</param>
    /// <param name="cancellationToken">Ends it between tensors.</param>
    /// <returns>What was found, each kind in one line.</returns>
    /// <exception cref="IOException">The model has become shorter, or cannot be read.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static IReadOnlyList<string> CheckScales(
        SafetensorsModel model, IReadOnlyList<PackedModule> modules, long mostBytes = long.MaxValue, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(modules);
        return new ScaleCheck(model, cancellationToken).Run(modules, mostBytes);
    }

    private static void Check(VerifyOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.ChunkBytes < 1)
        {
            throw new ArgumentException(ErrorText.Invariant($"Chunks of {options.ChunkBytes} bytes hold nothing."), nameof(options));
        }
    }
}
