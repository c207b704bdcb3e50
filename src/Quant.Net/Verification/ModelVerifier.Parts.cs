using Quant.Net.Gguf;
using Quant.Net.IO;
using Quant.Net.Safetensors;
using Quant.Net.Verification;

namespace Quant.Net;

// Parts of models compared with the whole.
public static partial class ModelVerifier
{
    /// <summary>Checks that decoded parts put together are the decoded whole, bit for bit.</summary>
    /// <remarks>
    /// Parts are either the ranks of a <see cref="TensorParallelPlan"/>, all of them, in any order, or files that
    /// <see cref="ModelConverter.SliceAsync(PackedModule, MatrixCut, string, GroupNumbering, bool, IProgress{ConversionProgress}, CancellationToken)"/>
    /// has cut from modules: these say so in their metadata, and where they were, so that their order does not matter; others are taken for
    /// such where the axis or the cut is given. Packed modules
    /// are compared by the bits of their float32 weights, where any NaN is as good as another; other tensors by their bytes. Memory is
    /// bounded by <see cref="PartsVerifyOptions.ChunkBytes"/> or a row, whichever is larger.
    /// </remarks>
    /// <param name="whole">The model that was cut.</param>
    /// <param name="parts">Its parts; in order, where they do not say what they are.</param>
    /// <param name="options">How.</param>
    /// <param name="device">Decodes.</param>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="cancellationToken">Ends it between chunks.</param>
    /// <returns>What was found.</returns>
    /// <exception cref="ArgumentException">There are no parts, or chunks of no bytes are asked for.</exception>
    /// <exception cref="ModelFormatException">Ranks: the settings of the whole are missing or do not make sense, or one of its modules
    /// cannot be read.</exception>
    /// <exception cref="NotSupportedException">Ranks: the architecture is not known, or some of its modules are not. Or rows are too long.</exception>
    /// <exception cref="IOException">A model has become shorter, or cannot be read.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static Task<PartsVerifyResult> VerifyPartsAsync(
        SafetensorsModel whole, IReadOnlyList<SafetensorsModel> parts, PartsVerifyOptions options, QuantDevice device,
        IProgress<ConversionProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(whole);
        ArgumentNullException.ThrowIfNull(device);
        Check(parts, options);
        return Task.Run(() => new PartsRun(whole, parts, options, device, progress, cancellationToken).Run(), cancellationToken);
    }

    /// <summary>Checks that decoded parts of tensors put together are the decoded tensors, bit for bit.</summary>
    /// <remarks>
    /// Parts are files that were cut from tensors: blocks are decoded to float32, types of single values are compared as they are, and tensors
    /// of the whole that the parts have not are none of their business. Or they say that they are the ranks of a
    /// <see cref="TensorParallelPlan"/>: these are compared by their bytes, so that what they decode to is the same too.
    /// </remarks>
    /// <inheritdoc cref="VerifyPartsAsync(SafetensorsModel, IReadOnlyList{SafetensorsModel}, PartsVerifyOptions, QuantDevice, IProgress{ConversionProgress}, CancellationToken)"/>
    public static Task<PartsVerifyResult> VerifyPartsAsync(
        GgufFile whole, IReadOnlyList<GgufFile> parts, PartsVerifyOptions options, QuantDevice device,
        IProgress<ConversionProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(whole);
        ArgumentNullException.ThrowIfNull(device);
        Check(parts, options);
        return Task.Run(() => new GgufPartsRun(whole, parts, options, device, progress, cancellationToken).Run(), cancellationToken);
    }

    private static void Check<T>(IReadOnlyList<T> parts, PartsVerifyOptions options)
    {
        ArgumentNullException.ThrowIfNull(parts);
        ArgumentNullException.ThrowIfNull(options);
        if (parts.Count == 0)
        {
            throw new ArgumentException("There are no parts.", nameof(parts));
        }

        if (options.ChunkBytes < 1)
        {
            throw new ArgumentException(ErrorText.Invariant($"Chunks of {options.ChunkBytes} bytes hold nothing."), nameof(options));
        }
    }
}
