namespace Quant.Net;

// Whole models divided among ranks.
public static partial class ModelConverter
{
    /// <summary>Refuses a folder that
    /// <see cref="SliceAsync(TensorParallelPlan, string, TensorParallelOptions?, IProgress{ConversionProgress}?, CancellationToken)"/> would refuse before it
    /// writes weights. Nothing is written.</summary>
    /// <param name="plan">How the model is divided.</param>
    /// <param name="outputFolder">The folder for all ranks.</param>
    /// <param name="options">How they would be written; null for defaults.</param>
    /// <exception cref="NotSupportedException">A module cannot be divided so; the message names it.</exception>
    /// <exception cref="OutputExistsException">The folder is there already.</exception>
    /// <exception cref="IOException">The folder may not be replaced, its directory is not there, or the parts do not fit on the disk.</exception>
    /// <exception cref="UnauthorizedAccessException">Nothing may be written there.</exception>
    public static void CheckOutput(TensorParallelPlan plan, string outputFolder, TensorParallelOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentException.ThrowIfNullOrEmpty(outputFolder);
        plan.RequirePossible();
        plan.RequireOutput(outputFolder, (options ?? new TensorParallelOptions()).Overwrite);
    }

    /// <summary>
    /// Writes the parts of a divided model: folders <c>rank-0-of-4</c> and so on, each with the model's settings beside its weights; of a GGUF
    /// model files <c>rank-0-of-4.gguf</c> and so on, each with the model's metadata.
    /// </summary>
    /// <remarks>Packed weights stay packed. One module at a time is in memory.</remarks>
    /// <param name="plan">How it is divided.</param>
    /// <param name="outputFolder">The folder for all ranks. It appears when all of it is written.</param>
    /// <param name="options">How they are written; null for defaults.</param>
    /// <param name="progress">Told how far the work is.</param>
    /// <param name="cancellationToken">Stops it, and leaves nothing.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="NotSupportedException">A module cannot be divided so; the message names it.</exception>
    /// <exception cref="ArgumentException">The size of files is not positive, or is given of a GGUF model.</exception>
    /// <exception cref="OutputExistsException">The folder is there already.</exception>
    /// <exception cref="IOException">The folder may not be replaced, or the parts do not fit on the disk; or the system refused.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static Task<CopyResult> SliceAsync(
        TensorParallelPlan plan, string outputFolder, TensorParallelOptions? options = null,
        IProgress<ConversionProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentException.ThrowIfNullOrEmpty(outputFolder);
        return Task.Run(() => plan.Write(outputFolder, options ?? new TensorParallelOptions(), progress, cancellationToken), cancellationToken);
    }
}
