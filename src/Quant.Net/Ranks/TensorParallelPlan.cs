using System.Collections.Frozen;
using Quant.Net.IO;
using Quant.Net.Ranks;
using Quant.Net.Safetensors;

namespace Quant.Net;

/// <summary>How a safetensors model is divided among ranks that compute in parallel (tensor parallelism).</summary>
/// <remarks>
/// Modules are known by their names in the architecture that <c>config.json</c> names. Heads stay whole; where there are fewer heads of
/// keys and values than ranks, ranks share them. Each rank has the same shapes.
/// </remarks>
public sealed class TensorParallelPlan
{
    /// <summary>The most ranks that a model can be divided among.</summary>
    public const int MostRanks = 1024;

    // A number of one of these suffixes belongs to the module that it is named after, and is one for all of it.
    private static readonly string[] NumberSuffixes = [".input_scale", ".input_global_scale", ".output_scale", ".q_scale", ".k_scale", ".v_scale"];

    private readonly FrozenDictionary<string, RankRule> _rules;
    private readonly HeadCounts _heads;
    private readonly List<RankItem> _items = [];
    private readonly List<string> _unknown = [];

    private TensorParallelPlan(SafetensorsModel model, int ranks)
    {
        (Model, RankCount) = (model, ranks);
        if (RankMark.Find(model) is { } mark)
        {
            throw new NotSupportedException(
                $"{ErrorText.EscapePath(model.Path)}: is {ErrorText.Quote(mark)} of a model already, expected the whole, of which {ModelConfig.FileName} speaks");
        }

        ModelConfig config = model.Config ?? throw ModelFormatException.In(model.Path, $"has no {ModelConfig.FileName}, which names the architecture");
        _rules = ModelFamilies.Of(config.Path, config.ModelType);
        _heads = HeadCounts.Of(config);
    }

    /// <summary>The model.</summary>
    public SafetensorsModel Model { get; }

    /// <summary>Among how many ranks.</summary>
    public int RankCount { get; }

    /// <summary>Its modules, and tensors that belong to none.</summary>
    public IReadOnlyList<TensorParallelEntry> Entries => [.. _items.Select(item => item.Entry)];

    /// <summary>Whether every module can be divided so.</summary>
    public bool IsPossible => _items.TrueForAll(item => item.Entry.Problem is null);

    internal IReadOnlyList<RankItem> Items => _items;

    /// <summary>Plans how to divide a model. Nothing of its weights is read.</summary>
    /// <param name="model">The model.</param>
    /// <param name="ranks">Among how many ranks, from 1 to <see cref="MostRanks"/>.</param>
    /// <returns>The plan; what cannot be divided so has a <see cref="TensorParallelEntry.Problem"/>.</returns>
    /// <exception cref="ModelFormatException">Its settings are missing or do not make sense, or tensors of a module do not fit together.</exception>
    /// <exception cref="NotSupportedException">The architecture is not known, or some of its modules are not; they are named. Or the model is
    /// such a part already.</exception>
    public static TensorParallelPlan Make(SafetensorsModel model, int ranks)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ranks);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ranks, MostRanks);
        var plan = new TensorParallelPlan(model, ranks);
        plan.AddAll();
        return plan;
    }

    /// <summary>Throws if a module cannot be divided so.</summary>
    internal void RequirePossible()
    {
        RankItem[] failed = [.. _items.Where(item => item.Entry.Problem is not null)];
        if (failed.Length > 0)
        {
            TensorParallelEntry first = failed[0].Entry;
            string others = failed.Length > 1 ? ErrorText.Invariant($"; {failed.Length - 1} more cannot either") : "";
            throw new NotSupportedException(ErrorText.Invariant(
                $"{ErrorText.EscapePath(Model.Path)}: {ErrorText.Quote(first.Name)} cannot be divided among {RankCount} ranks: {first.Problem}{others}"));
        }
    }

    private void AddAll()
    {
        var done = new HashSet<SafetensorsTensor>();
        var modules = PackedModule.Find(Model).ToDictionary(module => module.Arrays.Codes);
        foreach (SafetensorsTensor tensor in modules.Keys.SelectMany(codes => OwnedBy(modules[codes])))
        {
            done.Add(tensor);
        }

        foreach (SafetensorsTensor tensor in Model.Tensors)
        {
            if (modules.TryGetValue(tensor, out PackedModule? module) && module.Arrays.Shape is null)
            {
                AddModule(module);
            }
            else if (!done.Contains(tensor))
            {
                AddTensor(tensor);
            }
        }

        if (_unknown.Count > 0)
        {
            throw new NotSupportedException(
                $"{ErrorText.EscapePath(Model.Path)}: {ErrorText.Count(_unknown.Count, "tensor")} unknown in the architecture "
                + $"{ErrorText.Quote(Model.Config!.ModelType!)}: {ErrorText.QuoteAll(_unknown)}");
        }
    }

    // Matrices of all experts in one are divided tensor by tensor.
    private static IEnumerable<SafetensorsTensor> OwnedBy(PackedModule module) =>
        module.Arrays.Shape is not null ? [] : module.Bias is { } bias ? module.Tensors.Append(bias) : module.Tensors;

    private void AddModule(PackedModule module)
    {
        if (!_rules.TryGetValue(ModelFamilies.KeyOf(module.Name), out RankRule? rule))
        {
            _unknown.Add(module.Name);
            return;
        }

        if (rule.Kind == ParallelKind.Replicated)
        {
            PlainRanks[] copies = [.. OwnedBy(module).Select(tensor => Copy(tensor))];
            Add(module.Name, rule, null, module.Shape, Ranges(RankCut.Whole, module.Rows, RankCount), isPacked: true, null, copies);
            return;
        }

        MatrixAxis axis = rule.Kind == ParallelKind.Row ? MatrixAxis.Input : MatrixAxis.Output;
        long length = axis == MatrixAxis.Input ? module.Columns : module.Rows;
        RankRanges Try(int ranks)
        {
            RankRanges ranges = Ranges(rule.Cut, length, ranks);
            return ranges with { Problem = ranges.Problem ?? PackedRanks.Problem(Model, module, axis, ranges) };
        }

        Add(module.Name, rule, axis, module.Shape, Explain(Try), isPacked: true, module, []);
    }

    private void AddTensor(SafetensorsTensor tensor)
    {
        (string name, bool isBias, bool isNumber) = Split(tensor);
        if (!_rules.TryGetValue(ModelFamilies.KeyOf(name), out RankRule? rule))
        {
            _unknown.Add(tensor.Name);
            return;
        }

        if (rule.Kind == ParallelKind.Replicated || isNumber || (isBias && rule.Kind == ParallelKind.Row))
        {
            RankRule everywhere = new(ParallelKind.Replicated, RankCut.Whole);
            Add(tensor.Name, everywhere, null, tensor.Shape, Ranges(RankCut.Whole, 1, RankCount), isPacked: false, null, [Copy(tensor)]);
            return;
        }

        MatrixAxis axis = rule.Kind == ParallelKind.Row ? MatrixAxis.Input : MatrixAxis.Output;
        int dimension = rule.Dimension ?? (axis == MatrixAxis.Input ? 1 : 0);
        RankRanges Try(int ranks) => PlainRanks.Problem(tensor, dimension) is { } problem
            ? new RankRanges([], 0, Problem: problem)
            : Ranges(rule.Cut, tensor.Shape[dimension], ranks);

        RankRanges ranges = Explain(Try);
        Add(tensor.Name, rule, axis, tensor.Shape, ranges, isPacked: false, null, [new PlainRanks(tensor, dimension, ranges)]);
    }

    /// <summary>The module that a tensor belongs to, or the name of one that belongs to none.</summary>
    private static (string Name, bool IsBias, bool IsNumber) Split(SafetensorsTensor tensor)
    {
        const string Weight = ".weight", Bias = ".bias";
        string name = tensor.Name;
        return name.EndsWith(Weight, StringComparison.Ordinal) ? (name[..^Weight.Length], false, false)
            : name.EndsWith(Bias, StringComparison.Ordinal) ? (name[..^Bias.Length], true, false)
            : tensor.ElementCount == 1 && NumberSuffixes.FirstOrDefault(suffix => name.EndsWith(suffix, StringComparison.Ordinal)) is { } suffix
            ? (name[..^suffix.Length], false, true)
            : (name, false, false);
    }

    private static PlainRanks Copy(SafetensorsTensor tensor) => new(tensor, -1, new RankRanges([], 0));

    private RankRanges Ranges(RankCut cut, long length, int ranks) => RankRanges.Of(cut, length, ranks, _heads);

    /// <summary>The ranges for the ranks of the plan; a problem names the nearest numbers of ranks without one.</summary>
    private RankRanges Explain(Func<int, RankRanges> attempt)
    {
        RankRanges ranges = attempt(RankCount);
        if (ranges.Problem is null)
        {
            return ranges;
        }

        int[] legal = [.. Enumerable.Range(1, Math.Min(2 * RankCount, MostRanks)).Where(ranks => attempt(ranks).Problem is null)];
        int[] nearest = [.. legal.Where(ranks => ranks < RankCount).TakeLast(1), .. legal.Where(ranks => ranks > RankCount).Take(1)];
        string hint = nearest.Length == 0 ? "" : $"; nearest numbers of ranks: {string.Join(" and ", nearest)}";
        return ranges with { Problem = ranges.Problem + hint };
    }

    private void Add(
        string name, RankRule rule, MatrixAxis? axis, IReadOnlyList<long> shape, RankRanges ranges, bool isPacked, PackedModule? module,
        IReadOnlyList<PlainRanks> plain)
    {
        bool failed = ranges.Problem is not null;
        IReadOnlyList<long> partShape = failed ? []
            : module is null ? (isPacked ? shape : plain[0].PartShape)
            : axis == MatrixAxis.Output ? [ranges.PartLength, shape[1]] : [shape[0], ranges.PartLength];
        var entry = new TensorParallelEntry(
            name, rule.Kind, axis, shape, partShape, axis is null || failed ? 0 : ranges.PartLength, ranges.Padding, isPacked, ranges.Note,
            ranges.Problem);
        _items.Add(new RankItem(entry, ranges, module, plain));
    }
}
