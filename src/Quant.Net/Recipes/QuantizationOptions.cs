namespace Quant.Net;

/// <summary>What is asked for besides the recipe.</summary>
public sealed class QuantizationOptions
{
    /// <summary>The format of the output matrix: of <c>output.weight</c>, or of the token embeddings that stand in for it. Null: as the recipe says.</summary>
    public QuantFormat? OutputTensorType { get; init; }

    /// <summary>The format of the token embeddings. Null: as the recipe says.</summary>
    public QuantFormat? TokenEmbeddingType { get; init; }

    /// <summary>
    /// Formats for tensors by their names; the first rule that matches counts. They come before the rules of the recipe, and after what
    /// must not be quantized and the two types above. Recipes of plain floats (F16, BF16, F32) leave them aside, as llama-quantize does, and the
    /// plan says so. A rule that matches no tensor is an error.
    /// </summary>
    public IReadOnlyList<TensorTypeRule> TensorTypes { get; init; } = [];

    /// <summary>Gives all tensors the recipe's format, without its rules for single ones.</summary>
    public bool Pure { get; init; }

    /// <summary>Leaves <c>output.weight</c> as it is.</summary>
    public bool LeaveOutputTensor { get; init; }

    /// <summary>
    /// Patterns of which a tensor's name must match one for it to be quantized (<see cref="NamePattern"/>); empty: all. The others stay as
    /// they are. A pattern that matches no tensor is an error.
    /// </summary>
    public IReadOnlyList<string> Include { get; init; } = [];

    /// <summary>Patterns of names of tensors that stay as they are. A pattern that matches no tensor is an error.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>Quantizes also what is quantized already, which loses more than from the original. Without it, that is an error.</summary>
    public bool AllowRequantize { get; init; }

    /// <summary>Fails when a tensor cannot have the format that was chosen for it. Without it, the plan says what it gets instead.</summary>
    public bool Strict { get; init; }

    /// <summary>
    /// Lets a plan be made that cannot be carried out, because tensors are quantized already or cannot have the chosen format and the options
    /// forbid that, because their rows fit no format, or because a budget is too small, of which it is the smallest then:
    /// <see cref="QuantizationPlan.Faults"/> says so. Without it, that is an error.
    /// </summary>
    public bool AllowFaults { get; init; }

    /// <summary>Whether there is an importance matrix: some recipes choose other formats then.</summary>
    public bool HasImportanceMatrix { get; init; }

    /// <summary>
    /// The output is divided as the input is. llama-quantize then goes through the tensors in the order of the files and not in that of the
    /// layers, and where it counts them, so does the plan.
    /// </summary>
    public bool KeepSplit { get; init; }
}
