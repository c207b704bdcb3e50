using Quant.Net.Conversion;
using Quant.Net.IO;

namespace Quant.Net.Recipes;

/// <summary>
/// Makes a plan: asks what must stay, what the options say and what the recipe says, in this order, and looks whether that fits.
/// </summary>
internal sealed class PlanMaker
{
    private const string TokenEmbeddingOption = "token embedding type";
    private const string OutputOption = "output tensor type";
    private const string LeaveOutputOption = "leave output tensor";
    private const string LeftOut = "left out by an option";
    private const string OutputLeft = "left as it is by an option";

    private readonly QuantizationModel _model;
    private readonly QuantizationRecipe _recipe;
    private readonly QuantizationOptions _options;
    private readonly bool _isKnown;
    private readonly IReadOnlyDictionary<TensorDescription, QuantFormat>? _choices;
    private readonly bool _isTied;
    private readonly TypeMix? _mix;
    private readonly HashSet<TensorDescription> _chosen;
    private readonly Asked[] _included;
    private readonly Asked[] _leaving;
    private readonly HashSet<string> _usedOptions = new(StringComparer.Ordinal);
    private readonly List<QuantizationRefusedException> _faults = [];

    /// <param name="model">The model.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="options">What else is asked for.</param>
    /// <param name="choices">Formats that take the place of the recipe's; null: the recipe chooses.</param>
    public PlanMaker(
        QuantizationModel model, QuantizationRecipe recipe, QuantizationOptions options,
        IReadOnlyDictionary<TensorDescription, QuantFormat>? choices = null)
    {
        (_model, _recipe, _options, _choices) = (model, recipe, options, choices);
        _isKnown = model.IsKnown;
        if (_isKnown && model.LayerCount is null && KnownArchitectures.HasLayers(model.Architecture))
        {
            throw new ArgumentException($"Architecture {model.Architecture} without a number of layers.", nameof(model));
        }

        RequireTarget(options.OutputTensorType, nameof(options.OutputTensorType));
        RequireTarget(options.TokenEmbeddingType, nameof(options.TokenEmbeddingType));
        _chosen = [.. TensorChoice.Choose(model.ShownName, model.Tensors, tensor => tensor.Name, options.Include, options.Exclude)];
        _included = [.. options.Include.Select(pattern => AskedByName("include", pattern))];
        _leaving = [.. options.Exclude.Select(pattern => AskedByName("exclude", pattern))];
        if (options.LeaveOutputTensor)
        {
            _leaving = [new Asked(LeaveOutputOption, tensor => CategoryOf(tensor) == TensorCategory.Output), .. _leaving];
        }

        _isTied = model.Tensors.All(tensor => CategoryOf(tensor) != TensorCategory.Output);
        if (choices is null && recipe.Format is { } format && TargetFormats.IsQuantized(format))
        {
            _mix = new TypeMix(recipe, model, options, _isKnown, _isTied);
        }
    }

    public QuantizationPlan Make()
    {
        TensorTypeRule? idle = _options.TensorTypes.FirstOrDefault(rule => !_model.Tensors.Any(tensor => rule.IsMatch(tensor.Name)));
        if (idle is not null)
        {
            throw new KeyNotFoundException($"{_model.ShownName}: no tensor matches {ErrorText.Quote(idle.Pattern)}");
        }

        // The recipe counts tensors, so they come in the reference's order and each once.
        var entries = new Dictionary<TensorDescription, QuantizationPlanEntry>();
        foreach (TensorDescription tensor in _options.KeepSplit ? _model.Tensors : LayerNames.Sort(_model.Tensors))
        {
            entries[tensor] = Plan(tensor);
        }

        var planned = Array.AsReadOnly(_model.Tensors.Select(tensor => entries[tensor]).ToArray());
        RefuseMisfits(planned);
        RefuseWhatCannotBeRead(planned);
        RefuseSubstitutions(planned);
        return new QuantizationPlan(_model, _recipe, planned, [.. Notes(planned)]) { KeepsSplit = _options.KeepSplit, Faults = _faults };
    }

    private static void RequireTarget(QuantFormat? format, string name)
    {
        if (format is { } asked)
        {
            TargetFormats.Require(asked, name);
        }
    }

    private QuantizationPlanEntry Plan(TensorDescription tensor)
    {
        string? kept = _recipe.Format is null ? "copied" : _isKnown ? KeptTensors.Reason(tensor) : KeptTensors.GuessReason(tensor);
        if (kept is not null)
        {
            return Keep(tensor, kept);
        }

        (QuantFormat wanted, string? option) = Choose(tensor);   // also of tensors that are left out: others are counted with them
        QuantFormat? possible = ShapeFallback.For(wanted, tensor.RowLength) ?? (_isKnown ? null : QuantFormat.F16);
        Asked[] leaving = [.. _leaving.Where(asked => asked.Concerns(tensor))];
        if (leaving.Length > 0 || !_chosen.Contains(tensor))
        {
            bool wouldStay = possible == tensor.Format && _choices is null;   // a budget chooses nothing for what is left out
            _usedOptions.UnionWith(wouldStay ? [] : leaving.Select(asked => asked.Option));
            return Keep(tensor, leaving is [{ Option: LeaveOutputOption }, ..] ? OutputLeft : LeftOut);
        }

        _usedOptions.UnionWith(_included.Where(asked => asked.Concerns(tensor)).Select(asked => asked.Option));
        if (option is not null)
        {
            _usedOptions.Add(option);
        }

        if (possible is not { } target)
        {
            return new QuantizationPlanEntry(
                tensor, wanted, tensor.Format, QuantizationReason.Impossible, $"{Misfit(tensor, wanted)}, and the recipe has no other format",
                RequiresImportanceMatrix: false);
        }

        string? note = target == wanted ? option : Misfit(tensor, wanted);
        return new QuantizationPlanEntry(
            tensor, wanted, target, option is not null ? QuantizationReason.Option : _choices is null ? QuantizationReason.Recipe : QuantizationReason.Budget, note,
            target != tensor.Format && RequiresImportanceMatrix(tensor, target));
    }

    private static QuantizationPlanEntry Keep(TensorDescription tensor, string note) =>
        new(tensor, tensor.Format, tensor.Format, QuantizationReason.Kept, note, RequiresImportanceMatrix: false);

    /// <summary>The format for a tensor, and the option that asks for it if one does.</summary>
    private (QuantFormat Wanted, string? Option) Choose(TensorDescription tensor)
    {
        TensorCategory category = CategoryOf(tensor);
        if (category == TensorCategory.TokenEmbedding && _options.TokenEmbeddingType is { } embedding)
        {
            return (embedding, TokenEmbeddingOption);
        }

        if (category == TensorCategory.Output && _options.OutputTensorType is { } output)
        {
            return (output, OutputOption);
        }

        if (_mix is null && _choices is null)
        {
            return (_recipe.Format!.Value, null);
        }

        if (_options.TensorTypes.FirstOrDefault(rule => rule.IsMatch(tensor.Name)) is { } named)
        {
            return (named.Format, NameOfRule(named));
        }

        if (_options.Pure)
        {
            return (_recipe.Format!.Value, null);
        }

        QuantFormat? tied = category == TensorCategory.TokenEmbedding && _isTied ? _options.OutputTensorType : null;
        return (tied ?? _choices?[tensor] ?? _mix!.Of(tensor, category), tied is null ? null : OutputOption);
    }

    private static string NameOfRule(TensorTypeRule rule) => $"tensor type {ErrorText.Quote(rule.ToString())}";

    private TensorCategory CategoryOf(TensorDescription tensor) =>
        _isKnown ? TensorCategories.Of(tensor.Name) : TensorCategories.Guess(tensor.Name);

    /// <summary>Where the reference refuses to go on without one.</summary>
    private bool RequiresImportanceMatrix(TensorDescription tensor, QuantFormat target) =>
        CategoryOf(tensor) is not (TensorCategory.Output or TensorCategory.TokenEmbedding)
        && (TargetFormats.NeedsImportance(target) || (target == QuantFormat.Q2_K && _recipe.Kind == FileType.Q2_K_S));

    private static string Misfit(TensorDescription tensor, QuantFormat wanted) => ErrorText.Invariant(
        $"rows of {tensor.RowLength} values are not whole blocks of {wanted} ({QuantFormats.Get(wanted).ValuesPerBlock})");

    private void RefuseMisfits(IEnumerable<QuantizationPlanEntry> entries)
    {
        QuantizationPlanEntry[] misfits = [.. entries.Where(entry => entry.Reason == QuantizationReason.Impossible)];
        Dictionary<TensorDescription, QuantFormat> wanted = misfits.DistinctBy(entry => entry.Tensor).ToDictionary(entry => entry.Tensor, entry => entry.Wanted);
        Refuse(Refusal(
            wanted.Keys, "with rows that are not whole blocks of the chosen format, and the recipe has no other; give such tensors one by name, or leave them out",
            tensor => ErrorText.Invariant($"{wanted[tensor]}, rows of {tensor.RowLength}"),
            QuantizationRemedy.FormatByName));
    }

    private void RefuseWhatCannotBeRead(IEnumerable<QuantizationPlanEntry> entries)
    {
        TensorDescription[] read = [.. entries.Where(entry => !entry.IsCopy).Select(entry => entry.Tensor)];
        if (Refusal(read.Where(tensor => !QuantFormats.TryGet(tensor.Format, out _)), "of types that cannot be decoded", tensor => tensor.FormatName)
            is { } refusal)
        {
            throw refusal;
        }

        if (!_options.AllowRequantize)
        {
            Refuse(Refusal(
                read.Where(tensor => TargetFormats.IsQuantized(tensor.Format)), "quantized already, which would lose more than from the original",
                tensor => tensor.FormatName, QuantizationRemedy.AllowRequantize));
        }
    }

    private void RefuseSubstitutions(IEnumerable<QuantizationPlanEntry> entries)
    {
        if (_options.Strict)
        {
            Dictionary<TensorDescription, QuantizationPlanEntry> substituted =
                entries.Where(entry => entry.IsSubstituted).DistinctBy(entry => entry.Tensor).ToDictionary(entry => entry.Tensor);
            Refuse(Refusal(
                substituted.Keys, "with rows that are not whole blocks of the chosen format",
                tensor => $"{substituted[tensor].Target} instead of {substituted[tensor].Wanted}", QuantizationRemedy.NotStrict));
        }
    }

    private QuantizationRefusedException? Refusal(
        IEnumerable<TensorDescription> tensors, string what, Func<TensorDescription, string> detail, QuantizationRemedy remedy = QuantizationRemedy.None)
    {
        string[] refused = [.. tensors.Select(tensor => $"{tensor.Name} ({detail(tensor)})")];
        return refused.Length == 0 ? null : new QuantizationRefusedException(
            $"{_model.ShownName}: {ErrorText.Count(refused.Length, "tensor")} {what}: {ErrorText.QuoteAll(refused)}", remedy);
    }

    /// <summary>Throws what was asked to be refused, or lets the plan say it.</summary>
    private void Refuse(QuantizationRefusedException? refusal)
    {
        if (refusal is not null)
        {
            _faults.Add(_options.AllowFaults ? refusal : throw refusal);
        }
    }

    private IEnumerable<string> Notes(IReadOnlyCollection<QuantizationPlanEntry> entries)
    {
        if (!_isKnown)
        {
            string architecture = _model.HasForeignNames ? "tensors have the names of a checkpoint"
                : _model.IsSafetensors ? "a safetensors model names no architecture of GGUF"
                : _model.Architecture is { } name ? $"architecture {ErrorText.Quote(name)} is not known" : "no architecture is named";
            yield return $"{_model.ShownName}: {architecture}; quantized by the names and shapes of its tensors";
        }

        int substituted = entries.Count(entry => entry.IsSubstituted);
        if (substituted > 0 && !_options.Strict)
        {
            yield return
                $"{_model.ShownName}: {ErrorText.Count(substituted, "tensor")} with rows that are not whole blocks of the chosen format; each gets another one";
        }

        foreach (Asked asked in AskedFor().Where(asked => !_usedOptions.Contains(asked.Option)))
        {
            yield return $"{_model.ShownName}: {asked.Option} has no effect{WhyIdle(asked, [.. entries.Where(entry => asked.Concerns(entry.Tensor))])}";
        }

        bool isCopy = _recipe.Format is not null && entries.Count > 0 && entries.All(entry => entry.IsCopy && entry.Reason != QuantizationReason.Impossible);
        if (isCopy && entries.All(entry => entry.Reason != QuantizationReason.Budget))   // a budget has a reason of its own
        {
            yield return $"{_model.ShownName}: nothing is quantized: all tensors stay as they are: {WhyStay(entries, withoutLeaving: false)}";
        }
    }

    private static Asked AskedByName(string option, string pattern)
    {
        var names = new NamePattern(pattern);
        return new Asked($"{option} {ErrorText.Quote(pattern)}", tensor => names.IsMatch(tensor.Name));
    }

    private IEnumerable<Asked> AskedFor()
    {
        if (_options.TokenEmbeddingType is not null)
        {
            yield return new Asked(TokenEmbeddingOption, tensor => CategoryOf(tensor) == TensorCategory.TokenEmbedding);
        }

        if (_options.OutputTensorType is not null)
        {
            yield return new Asked(OutputOption, tensor => CategoryOf(tensor) == (_isTied ? TensorCategory.TokenEmbedding : TensorCategory.Output));
        }

        foreach (TensorTypeRule rule in _options.TensorTypes)
        {
            yield return new Asked(NameOfRule(rule), tensor => rule.IsMatch(tensor.Name));
        }

        if (_options.Pure && _mix is null)
        {
            yield return new Asked("pure", _ => true);
        }

        foreach (Asked asked in _included.Concat(_leaving))
        {
            yield return asked;
        }
    }

    /// <summary>Why an option that concerns these tensors changes none of them.</summary>
    private string WhyIdle(Asked asked, QuantizationPlanEntry[] concerned)
    {
        bool takesNoRules = _recipe.Format is not null && _mix is null && _choices is null, leaves = _leaving.Contains(asked);
        return concerned.Length == 0 ? ", because there is no such tensor"
            : concerned.All(entry => entry.Reason == QuantizationReason.Kept)
            ? $", because all its tensors stay as they are{(leaves ? " without it" : "")}: {WhyStay(concerned, withoutLeaving: leaves)}"
            : takesNoRules ? $" with {_recipe.Name}"
            : concerned.All(entry => entry.Reason is QuantizationReason.Kept or QuantizationReason.Option) ? ", because other options come first"
            : $" with {_recipe.Name}{(_options.Pure ? " and without mixing" : "")}";
    }

    /// <summary>Why these tensors stay as they are, or would if no option left them out.</summary>
    private static string WhyStay(IEnumerable<QuantizationPlanEntry> entries, bool withoutLeaving) => string.Join(", ", entries
        .Select(entry => entry.Reason == QuantizationReason.Kept && !(withoutLeaving && entry.Note is (LeftOut or OutputLeft))
            ? entry.Note
            : $"{entry.Tensor.FormatName} already")
        .Distinct());

    /// <summary>An option, and which tensors it is about.</summary>
    private sealed record Asked(string Option, Func<TensorDescription, bool> Concerns);
}
