using Quant.Net.Budgets;
using Quant.Net.Gguf;
using Quant.Net.IO;
using Quant.Net.Quantization;
using Quant.Net.Safetensors;

namespace Quant.Net;

/// <summary>
/// Plans how to quantize a model so that it is not larger than asked for, and loses as little as possible: the formats of all tensors are chosen
/// together, by errors that are measured.
/// </summary>
/// <remarks>
/// What is made least is the sum, over all tensors, of the squares of the relative errors, each times the number of the tensor's values: with an
/// importance matrix every column counts by its importance. Tensors that must not be quantized stay, and options come first, as with recipes.
/// Formats that need an importance matrix are for tensors that it names.
/// </remarks>
public static class BudgetPlanner
{
    /// <summary>Plans for a GGUF model.</summary>
    /// <param name="model">The model. Some rows of its tensors are read.</param>
    /// <param name="budget">How large the result may be.</param>
    /// <param name="options">What is asked for of single tensors; null: nothing.</param>
    /// <param name="search">How formats are chosen; null: among all.</param>
    /// <param name="output">How the model will be quantized: with which importance, in which files; null: plainly, in one file.</param>
    /// <param name="device">Encodes what is measured.</param>
    /// <param name="progress">Is told how far it is, after each tensor.</param>
    /// <param name="cancellationToken">Ends it between tensors, and while formats are chosen.</param>
    /// <returns>The plan. Its recipe is that of the format that most values get.</returns>
    /// <exception cref="FormatException">A pattern is malformed.</exception>
    /// <exception cref="KeyNotFoundException">A pattern or rule matches no tensor.</exception>
    /// <exception cref="ArgumentException">Nothing is quantized to a format that is asked for, or parts of the model are missing.</exception>
    /// <exception cref="ModelFormatException">The importance matrix does not fit the model, or the number of layers is missing.</exception>
    /// <exception cref="NotFiniteNumberException">A weight that is measured is NaN or infinite, and the output may not have such.</exception>
    /// <exception cref="NotSupportedException">The budget is too small, and <see cref="QuantizationOptions.AllowFaults"/> is not set; or there are
    /// tensors that cannot be read, are quantized already, or have rows that do not fit into the memory.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static Task<QuantizationPlan> PlanAsync(
        GgufFile model, SizeBudget budget, QuantizationOptions? options, BudgetOptions? search, QuantizeOptions? output, QuantDevice device,
        IProgress<ConversionProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        output ??= new QuantizeOptions();
        return PlanAsync(
            () => QuantizationModel.Of(model), () => ModelWeights.Of(model), () => ModelQuantizer.FilesOf(QuantizeSource.Of(model), output), budget,
            options, search, output, device, progress, cancellationToken);
    }

    /// <summary>Plans for a safetensors model.</summary>
    /// <inheritdoc cref="PlanAsync(GgufFile, SizeBudget, QuantizationOptions?, BudgetOptions?, QuantizeOptions?, QuantDevice, IProgress{ConversionProgress}?, CancellationToken)"/>
    public static Task<QuantizationPlan> PlanAsync(
        SafetensorsModel model, SizeBudget budget, QuantizationOptions? options, BudgetOptions? search, QuantizeOptions? output, QuantDevice device,
        IProgress<ConversionProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        output ??= new QuantizeOptions();
        return PlanAsync(
            () => QuantizationModel.Of(model), () => ModelWeights.Of(model, cancellationToken),
            () => ModelQuantizer.FilesOf(QuantizeSource.Of(model), output), budget, options, search, output, device, progress, cancellationToken);
    }

    private static Task<QuantizationPlan> PlanAsync(
        Func<QuantizationModel> model, Func<ModelWeights> weights, Func<BudgetFiles> files, SizeBudget budget,
        QuantizationOptions? options, BudgetOptions? search, QuantizeOptions output, QuantDevice device, IProgress<ConversionProgress>? progress,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(device);
        search ??= new BudgetOptions();
        if (budget is { FileBytes: null, BitsPerWeight: null })
        {
            throw new ArgumentException("The budget limits nothing.", nameof(budget));
        }

        if (search.SampleValues < 1)
        {
            throw new ArgumentException(ErrorText.Invariant($"{search.SampleValues} values are too few to measure."), nameof(search));
        }

        return Task.Run(
            () =>
            {
                var run = new BudgetRun(model(), options ?? new QuantizationOptions(), search, output, device);
                run.Measure(weights(), progress, cancellation);
                return run.Choose(budget, files(), cancellation);
            },
            cancellation);
    }
}
