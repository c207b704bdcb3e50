using Quant.Net.Comparison;
using Quant.Net.IO;

namespace Quant.Net;

/// <summary>
/// Compares the weights of two models in whatever formats they are: how far a quantized model is from the one that it was made of.
/// </summary>
public static class ModelComparer
{
    /// <summary>
    /// Decodes the tensors that both models have to float32 and measures how they differ. Memory is bounded by the chunk, or by the
    /// longest row.
    /// </summary>
    /// <remarks>Sums are made in float64 and in one order: they are the same with any number of threads and on any CPU.</remarks>
    /// <param name="original">The weights that errors are counted from.</param>
    /// <param name="other">The weights that have the errors.</param>
    /// <param name="options">How.</param>
    /// <param name="device">Decodes; as many threads as it has also measure.</param>
    /// <param name="progress">Is told how far it is, after each chunk; bytes are those of both models.</param>
    /// <param name="cancellationToken">Ends it between chunks.</param>
    /// <returns>What was found.</returns>
    /// <exception cref="ArgumentException">Chunks of no values are asked for, or a number of rows that is negative.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static Task<CompareResult> CompareAsync(
        ModelWeights original, ModelWeights other, CompareOptions options, QuantDevice device,
        IProgress<ConversionProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(original);
        ArgumentNullException.ThrowIfNull(other);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(device);
        if (options.ChunkValues < 1)
        {
            throw new ArgumentException(ErrorText.Invariant($"Chunks of {options.ChunkValues} values hold nothing."), nameof(options));
        }

        if (options.WorstRows < 0)
        {
            throw new ArgumentException(ErrorText.Invariant($"{options.WorstRows} rows cannot be listed."), nameof(options));
        }

        return Task.Run(() => new CompareRun(original, other, options, device, progress, cancellationToken).Run(), cancellationToken);
    }
}
