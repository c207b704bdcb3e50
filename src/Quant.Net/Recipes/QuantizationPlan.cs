using System.Text.RegularExpressions;
using Quant.Net.Gguf;
using Quant.Net.Recipes;
using Quant.Net.Safetensors;

namespace Quant.Net;

/// <summary>
/// What a recipe makes of a model, tensor by tensor. For architectures that llama-quantize knows it is what llama-quantize does; all others are
/// quantized by the names and shapes of their tensors, and <see cref="Notes"/> says so.
/// </summary>
public sealed class QuantizationPlan
{
    private const double BitsPerByte = 8;

    internal QuantizationPlan(
        QuantizationModel model, QuantizationRecipe recipe, IReadOnlyList<QuantizationPlanEntry> entries, IReadOnlyList<string> notes)
    {
        (Model, Recipe, Entries, Notes) = (model, recipe, entries, notes);
        ElementCount = entries.Sum(entry => entry.Tensor.ElementCount);
        SourceBytes = entries.Sum(entry => entry.Tensor.ByteLength);
        TargetBytes = entries.Sum(entry => entry.TargetBytes);
    }

    /// <summary>The model.</summary>
    public QuantizationModel Model { get; }

    /// <summary>The recipe.</summary>
    public QuantizationRecipe Recipe { get; }

    /// <summary>Its tensors, in the order of the model.</summary>
    public IReadOnlyList<QuantizationPlanEntry> Entries { get; }

    /// <summary>What else there is to know, a sentence each: that the architecture is unknown, that an option has no effect.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Why it cannot be carried out; none unless <see cref="QuantizationOptions.AllowFaults"/> is set.</summary>
    public IReadOnlyList<QuantizationRefusedException> Faults { get; internal init; } = [];

    /// <summary>Whether llama-quantize knows the architecture, and does the same.</summary>
    public bool IsArchitectureKnown => Model.IsKnown;

    /// <summary>Whether the output is divided as the input is (<see cref="QuantizationOptions.KeepSplit"/>).</summary>
    public bool KeepsSplit { get; internal init; }

    /// <summary>The number of values of all tensors.</summary>
    public long ElementCount { get; }

    /// <summary>Bytes of all tensors as they are.</summary>
    public long SourceBytes { get; }

    /// <summary>Bytes of all tensors as they will be.</summary>
    public long TargetBytes { get; }

    /// <summary>Bits for each value as it is, over all tensors; 0 if there are none.</summary>
    public double SourceBitsPerWeight => BitsFor(SourceBytes);

    /// <summary>Bits for each value as it will be, over all tensors; 0 if there are none.</summary>
    public double TargetBitsPerWeight => BitsFor(TargetBytes);

    /// <summary>
    /// The relative error that is to be expected, over all tensors of which one was measured: the root of the mean of their squares, in which
    /// every value counts alike. Null if none was measured.
    /// </summary>
    public double? EstimatedError
    {
        get
        {
            (double Error, double Count)[] measured = [.. Entries
                .Where(entry => entry.EstimatedError is not null)
                .Select(entry => (entry.EstimatedError!.Value, (double)entry.Tensor.ElementCount))];
            double count = measured.Sum(tensor => tensor.Count);
            return count == 0 ? null : Math.Sqrt(measured.Sum(tensor => tensor.Error * tensor.Error * tensor.Count) / count);
        }
    }

    /// <summary>Whether there are tensors that cannot be quantized so without an importance matrix.</summary>
    public bool RequiresImportanceMatrix => Entries.Any(entry => entry.RequiresImportanceMatrix);

    /// <summary>Plans how to quantize a model. None of its weights is read.</summary>
    /// <param name="model">The model.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="options">What else is asked for; null: nothing.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="FormatException">A pattern is malformed.</exception>
    /// <exception cref="KeyNotFoundException">A pattern or rule matches no tensor.</exception>
    /// <exception cref="ArgumentException">Nothing is quantized to a format that is asked for.</exception>
    /// <exception cref="RegexMatchTimeoutException">A rule's expression takes too long on a name.</exception>
    /// <exception cref="ModelFormatException">The number of layers is missing.</exception>
    /// <exception cref="NotSupportedException">Tensors are quantized already and that is not allowed, cannot be decoded, or have rows that fit no
    /// format; or they would get another format than the chosen one and the options are strict.</exception>
    public static QuantizationPlan Create(GgufFile model, QuantizationRecipe recipe, QuantizationOptions? options = null) =>
        Create(QuantizationModel.Of(model), recipe, options);

    /// <summary>Plans how to quantize a safetensors model, whose tensors keep their names. None of its weights is read.</summary>
    /// <inheritdoc cref="Create(QuantizationModel, QuantizationRecipe, QuantizationOptions?)"/>
    /// <exception cref="NotSupportedException">The model is packed, or has tensors that GGUF cannot have.</exception>
    public static QuantizationPlan Create(SafetensorsModel model, QuantizationRecipe recipe, QuantizationOptions? options = null) =>
        Create(QuantizationModel.Of(model), recipe, options);

    /// <summary>Plans how to quantize a model that is described.</summary>
    /// <param name="model">The description.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="options">What else is asked for; null: nothing.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="FormatException">A pattern is malformed.</exception>
    /// <exception cref="KeyNotFoundException">A pattern or rule matches no tensor.</exception>
    /// <exception cref="ArgumentException">Nothing is quantized to a format that is asked for, or the architecture is known and the number of
    /// layers is missing.</exception>
    /// <exception cref="RegexMatchTimeoutException">A rule's expression takes too long on a name.</exception>
    /// <exception cref="NotSupportedException">Tensors are quantized already and that is not allowed, cannot be decoded, or have rows that fit no
    /// format; or they would get another format than the chosen one and the options are strict.</exception>
    public static QuantizationPlan Create(QuantizationModel model, QuantizationRecipe recipe, QuantizationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(recipe);
        return new PlanMaker(model, recipe, options ?? new QuantizationOptions()).Make();
    }

    /// <summary>The same plan with one more reason why it cannot be carried out.</summary>
    internal QuantizationPlan WithFault(QuantizationRefusedException fault) =>
        new(Model, Recipe, Entries, Notes) { KeepsSplit = KeepsSplit, Faults = [.. Faults, fault] };

    private double BitsFor(long bytes) => ElementCount == 0 ? 0 : bytes * BitsPerByte / ElementCount;
}
