using Quant.Net.Comparison;
using Quant.Net.Conversion;
using Quant.Net.IO;
using Quant.Net.Recipes;

namespace Quant.Net.Budgets;

/// <summary>Plans one model for a budget: looks which tensors are free, measures what each could become, and chooses.</summary>
internal sealed class BudgetRun
{
    /// <summary>Longer rows fit no buffer, and are quantized by nobody.</summary>
    private static readonly int LongestRow = Array.MaxLength / sizeof(float);

    private readonly QuantizationModel _model;
    private readonly QuantizationOptions _options;
    private readonly BudgetOptions _search;
    private readonly QuantizeOptions _output;
    private readonly QuantDevice _device;
    private readonly TensorDescription[] _free;
    private readonly List<Candidate[]> _candidates = [];

    public BudgetRun(QuantizationModel model, QuantizationOptions options, BudgetOptions search, QuantizeOptions output, QuantDevice device)
    {
        (_model, _options, _search, _output, _device) = (model, options, search, output, device);

        // F16 fits every tensor: those that get it here are neither kept nor have what an option asks for.
        QuantizationPlan open = Plan(QuantFormat.F16, _model.Tensors.ToDictionary(tensor => tensor, _ => QuantFormat.F16));
        _free = [.. open.Entries.Where(entry => entry.Reason == QuantizationReason.Budget).Select(entry => entry.Tensor)];
    }

    /// <summary>Measures what every free tensor could become.</summary>
    public void Measure(ModelWeights weights, IProgress<ConversionProgress>? progress, CancellationToken cancellation)
    {
        var meter = new CandidateMeter(_device, _output.AllowNonFinite);
        QuantFormat[] formats = [.. _search.Formats.Where(meter.CanMeasure)];
        var count = new ProgressCount(_free.Sum(tensor => tensor.ByteLength), _free.Length, progress);
        foreach (TensorDescription tensor in _free)
        {
            _candidates.Add([new Candidate(tensor.Format, tensor.ByteLength, 0), .. Measure(tensor, weights.Find(tensor.Name)!, formats, meter, cancellation)]);
            count.Add(tensor.Name, tensor.ByteLength, isLast: true);
        }
    }

    /// <summary>Chooses the formats.</summary>
    /// <param name="budget">The limit.</param>
    /// <param name="files">What the files of a plan take.</param>
    /// <param name="cancellation">Ends the search.</param>
    /// <returns>The plan; where the budget is too small and plans may have faults, the smallest one, with that fault.</returns>
    /// <exception cref="QuantizationRefusedException">The budget is too small, and plans may have no faults.</exception>
    public QuantizationPlan Choose(SizeBudget budget, BudgetFiles files, CancellationToken cancellation)
    {
        long Size(QuantizationPlan plan) => budget.FileBytes is null ? plan.TargetBytes : files.BytesOf(plan);
        PricedChoice[][] choices = [.. _candidates.Select((candidates, i) => candidates.Select(candidate => new PricedChoice(
            budget.FileBytes is null ? candidate.Bytes : files.Padded(candidate.Bytes),
            candidate.RelativeSquares * _free[i].ElementCount)).ToArray())];
        QuantizationPlan smallest = Plan([.. _candidates.Select((candidates, i) => candidates.MinBy(candidate => candidate.Bytes))]);
        long limit = budget.FileBytes ?? budget.BytesOf(smallest.ElementCount);
        long room = limit - Size(smallest) + choices.Sum(item => item.Min(choice => choice.Size));
        while (Size(smallest) <= limit)
        {
            int[]? chosen = BudgetChoice.Choose(choices, room, cancellation);
            QuantizationPlan plan = chosen is null ? smallest : Plan([.. chosen.Select((choice, i) => _candidates[i][choice])]);
            if (Size(plan) <= limit)
            {
                return plan;
            }

            room -= Size(plan) - limit;   // larger tensors fill more files, each with a head of its own
        }

        QuantizationRefusedException refusal = Refusal(budget, smallest, Size(smallest));
        return _options.AllowFaults ? smallest.WithFault(refusal) : throw refusal;
    }

    private QuantizationRefusedException Refusal(SizeBudget budget, QuantizationPlan smallest, long bytes)
    {
        string otherwise = budget.FileBytes is null
            ? $"{ErrorText.Count(bytes, "byte")} of tensors"
            : ErrorText.Invariant($"{smallest.TargetBitsPerWeight:0.####} bits per weight");
        string how = _free.Length == 0 ? "and no tensor is free to become smaller" : $"with the smallest type for each tensor, mostly {smallest.Recipe}";
        return new QuantizationRefusedException(
            $"{_model.ShownName}: {budget} are too few, expected at least {budget.LeastFor(bytes, smallest.ElementCount)} ({otherwise}), {how}");
    }

    private IEnumerable<Candidate> Measure(
        TensorDescription tensor, ComparedWeight weight, QuantFormat[] formats, CandidateMeter meter, CancellationToken cancellation)
    {
        ReadOnlyMemory<float> importance = ImportanceOf(tensor);
        QuantFormat[] possible = [.. formats.Where(format => IsPossible(tensor, format, hasImportance: !importance.IsEmpty))];
        if (possible.Length == 0 || tensor.ElementCount == 0)
        {
            yield break;
        }

        long memory = ModelQuantizer.MemoryOf(_output);
        if (tensor.RowLength > memory / TensorSample.BytesOfValue)
        {
            throw new QuantizationRefusedException(
                ErrorText.Invariant(
                    $"{_model.ShownName}: tensor {ErrorText.Quote(tensor.Name)}: rows of {tensor.RowLength} values take {(Int128)tensor.RowLength * TensorSample.BytesOfValue} bytes to measure, expected at most {memory}"),
                QuantizationRemedy.MoreMemory);
        }

        var sample = TensorSample.Read(weight, _search.SampleValues, tensor.MatrixCount, importance, _output.AllowNonFinite, _device);
        foreach (QuantFormat format in possible)
        {
            cancellation.ThrowIfCancellationRequested();
            double squares = meter.Measure(sample, format);
            if (double.IsFinite(squares))
            {
                yield return new Candidate(format, QuantFormats.Get(format).GetByteCount(tensor.ElementCount), squares);
            }
        }
    }

    private static bool IsPossible(TensorDescription tensor, QuantFormat format, bool hasImportance) =>
        format != tensor.Format && tensor.RowLength <= LongestRow && ShapeFallback.Fits(format, tensor.RowLength) && (hasImportance || !TargetFormats.NeedsImportance(format))
        && QuantFormats.Get(format).GetByteCount(tensor.ElementCount) < tensor.ByteLength;

    private ReadOnlyMemory<float> ImportanceOf(TensorDescription tensor)
    {
        if (_output.Importance?.TryGet(tensor.Name, out ImportanceEntry? entry) is not true)
        {
            return default;
        }

        try
        {
            return entry.GetValues(tensor.RowLength, tensor.MatrixCount);
        }
        catch (ModelFormatException) when (TensorCategories.IsTokenEmbedding(tensor.Name))
        {
            return default;   // quantizing passes over it too, and says so
        }
    }

    private QuantizationPlan Plan(Candidate[] chosen)
    {
        QuantFormat most = chosen.Length == 0
            ? QuantFormat.F16
            : chosen.Select((candidate, i) => (candidate.Format, _free[i].ElementCount)).GroupBy(tensor => tensor.Format)
                .MaxBy(tensors => tensors.Sum(tensor => tensor.ElementCount))!.Key;
        Dictionary<TensorDescription, QuantFormat> choices = _model.Tensors.ToDictionary(tensor => tensor, tensor => tensor.Format);
        Dictionary<TensorDescription, double> errors = [];
        for (int i = 0; i < chosen.Length; i++)
        {
            choices[_free[i]] = chosen[i].Format;
            errors[_free[i]] = Math.Sqrt(chosen[i].RelativeSquares);
        }

        QuantizationPlan plan = Plan(most, choices);
        return new QuantizationPlan(
            _model, plan.Recipe,
            [.. plan.Entries.Select(entry => errors.TryGetValue(entry.Tensor, out double error) ? entry with { EstimatedError = error } : entry)],
            plan.Notes)
        {
            KeepsSplit = plan.KeepsSplit,
            Faults = plan.Faults,
        };
    }

    private QuantizationPlan Plan(QuantFormat most, Dictionary<TensorDescription, QuantFormat> choices) =>
        new PlanMaker(_model, RecipeOf(most), _options, choices).Make();

    /// <summary>The recipe that a file with mostly this format says it is of: the format's middle one.</summary>
    private static QuantizationRecipe RecipeOf(QuantFormat format)
    {
        string name = $"{format}";
        return QuantizationRecipe.TryParse(name, out QuantizationRecipe? named) && named.Format == format
            ? named
            : QuantizationRecipe.All.FirstOrDefault(recipe => recipe.Format == format) ?? QuantizationRecipe.Get(nameof(QuantFormat.F16));
    }
}
