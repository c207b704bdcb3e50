using System.Collections.Frozen;
using Quant.Net.Conversion;
using Quant.Net.Safetensors;

namespace Quant.Net.Ranks;

/// <summary>How a safetensors model is divided: packed modules, and tensors that belong to none.</summary>
internal sealed class SafetensorsRankPlan : TensorParallelPlan
{
    // A number of one of these suffixes belongs to the module that it is named after, and is one for all of it.
    private static readonly string[] NumberSuffixes = [".input_scale", ".input_global_scale", ".output_scale", ".q_scale", ".k_scale", ".v_scale"];

    private readonly FrozenDictionary<string, RankRule> _rules;
    private readonly HeadCounts _heads;

    public SafetensorsRankPlan(SafetensorsModel model, int ranks)
        : base(model.Path, ranks, RankMark.Find(model))
    {
        WholeModel.Require(model);
        Model = model;
        ModelConfig config = model.Config ?? throw ModelFormatException.In(model.Path, $"has no {ModelConfig.FileName}, which names the architecture");
        _rules = ModelFamilies.Table.Of(config.Path, config.ModelType);
        _heads = HeadCounts.Of(config);
        AddAll();
    }

    public SafetensorsModel Model { get; }

    public override string Architecture => Model.Config!.ModelType!;

    internal override IReadOnlyList<string> Files => [.. Model.Files.Select(file => file.Path)];

    internal override CopyResult Write(
        string outputFolder, TensorParallelOptions options, IProgress<ConversionProgress>? progress, CancellationToken cancellation) =>
        new SafetensorsRankWriting(this, options, progress, cancellation).Run(outputFolder);

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

        RequireAllKnown();
    }

    // Matrices of all experts in one are divided tensor by tensor.
    private static IEnumerable<SafetensorsTensor> OwnedBy(PackedModule module) =>
        module.Arrays.Shape is not null ? [] : module.Bias is { } bias ? module.Tensors.Append(bias) : module.Tensors;

    private void AddModule(PackedModule module)
    {
        if (!_rules.TryGetValue(FamilyTable.KeyOf(module.Name), out RankRule? rule))
        {
            AddUnknown(module.Name);
            return;
        }

        if (rule.Kind == ParallelKind.Replicated)
        {
            Add(new RankItem(
                new TensorParallelEntry(module.Name, rule.Kind, null, module.Shape, module.Shape, 0, 0, IsPacked: true, null, null),
                RankRanges.Nothing, null, [.. OwnedBy(module).Select(tensor => new PlainRanks(tensor, -1, RankRanges.Nothing))]));
            return;
        }

        MatrixAxis axis = rule.Kind == ParallelKind.Row ? MatrixAxis.Input : MatrixAxis.Output;
        long length = axis == MatrixAxis.Input ? module.Columns : module.Rows;
        RankRanges ranges = Explain(ranks =>
        {
            var attempt = RankRanges.Of(rule.Cut, length, ranks, _heads);
            return attempt with { Problem = attempt.Problem ?? PackedRanks.Problem(Model, module, axis, attempt) };
        });
        bool failed = ranges.Problem is not null;
        IReadOnlyList<long> partShape = failed ? []
            : axis == MatrixAxis.Output ? [ranges.PartLength, module.Columns] : [module.Rows, ranges.PartLength];
        Add(new RankItem(
            new TensorParallelEntry(
                module.Name, rule.Kind, axis, module.Shape, partShape, failed ? 0 : ranges.PartLength, ranges.Padding, IsPacked: true, ranges.Note,
                ranges.Problem),
            ranges, module, []));
    }

    private void AddTensor(SafetensorsTensor tensor)
    {
        (string name, bool isBias, bool isNumber) = Split(tensor);
        if (!_rules.TryGetValue(FamilyTable.KeyOf(name), out RankRule? rule))
        {
            AddUnknown(tensor.Name);
            return;
        }

        if (rule.Kind == ParallelKind.Replicated || isNumber || (isBias && rule.Kind == ParallelKind.Row))
        {
            Add(Everywhere(tensor, isPacked: false));
            return;
        }

        MatrixAxis axis = rule.Kind == ParallelKind.Row ? MatrixAxis.Input : MatrixAxis.Output;
        int dimension = rule.Dimension ?? (axis == MatrixAxis.Input ? 1 : 0);
        RankRanges ranges = Explain(ranks => PlainRanks.Problem(tensor, dimension) is { } problem
            ? RankRanges.Nothing with { Problem = problem }
            : RankRanges.Of(rule.Cut, tensor.Shape[dimension], ranks, _heads));
        Add(Divided(tensor, isPacked: false, rule.Kind, axis, dimension, ranges));
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
}
