using System.Collections.Frozen;
using Quant.Net.Conversion;
using Quant.Net.Gguf;
using Quant.Net.IO;

namespace Quant.Net.Ranks;

/// <summary>How a GGUF model is divided: tensor by tensor, of any format, between blocks.</summary>
internal sealed class GgufRankPlan : TensorParallelPlan
{
    private const string Weight = ".weight", Bias = ".bias";

    // One number for a tensor of weights, or one for each of its experts.
    private static readonly string[] ScaleSuffixes = [".scale", ".input_scale"];

    private readonly FrozenDictionary<string, RankRule> _rules;
    private readonly HeadCounts _heads;

    public GgufRankPlan(GgufFile model, int ranks)
        : base(model.Parts[0].Path, ranks, RankMark.Find(model))
    {
        WholeModel.Require(model);
        Model = model;
        _rules = GgufFamilies.Table.Of(Path, model.Architecture);
        _heads = HeadCounts.Of(model);
        foreach (GgufTensor tensor in model.Tensors)
        {
            AddTensor(tensor);
        }

        RequireAllKnown();
    }

    public GgufFile Model { get; }

    public override string Architecture => Model.Architecture!;

    internal override IReadOnlyList<string> Files => [.. Model.Parts.Select(part => part.Path)];

    internal override CopyResult Write(
        string outputFolder, TensorParallelOptions options, IProgress<ConversionProgress>? progress, CancellationToken cancellation) =>
        new GgufRankWriting(this, options, progress, cancellation).Run(outputFolder);

    private void AddTensor(GgufTensor tensor)
    {
        string name = tensor.Name;
        string? suffix = ScaleSuffixes.Append(Weight).Append(Bias).FirstOrDefault(suffix => name.EndsWith(suffix, StringComparison.Ordinal));
        if (!_rules.TryGetValue(FamilyTable.KeyOf(name[..^(suffix?.Length ?? 0)]), out RankRule? rule))
        {
            AddUnknown(name);
            return;
        }

        bool isPacked = tensor.FormatInfo is { ValuesPerBlock: > 1 }, isBias = suffix == Bias;
        if (rule.Kind == ParallelKind.Replicated || ScaleSuffixes.Contains(suffix) || (isBias && rule.Kind == ParallelKind.Row))
        {
            Add(Everywhere(tensor, isPacked));
            return;
        }

        MatrixAxis axis = rule.Kind == ParallelKind.Row ? MatrixAxis.Input : MatrixAxis.Output;
        int dimension = DimensionOf(tensor, rule, axis, isBias);
        Add(Divided(tensor, isPacked, rule.Kind, axis, dimension, Explain(ranks => Ranges(tensor, rule, dimension, ranks))));
    }

    // [experts, out, in], [out, in], or as many numbers as there are outputs: of a bias, or of sinks.
    private static int DimensionOf(GgufTensor tensor, RankRule rule, MatrixAxis axis, bool isBias) =>
        !isBias && rule.Dimension is { } known ? known
        : Math.Max(tensor.Dimensions.Count - (isBias || axis == MatrixAxis.Input ? 1 : 2), 0);

    private RankRanges Ranges(GgufTensor tensor, RankRule rule, int dimension, int ranks)
    {
        if (!tensor.IsFormatKnown)
        {
            return RankRanges.Failed($"nobody knows how to cut {tensor.FormatName}");
        }

        if (dimension >= tensor.Dimensions.Count)
        {
            return RankRanges.Failed($"its shape [{string.Join(", ", tensor.Shape)}] has no dimension {dimension}");
        }

        if (rule.Cut == RankCut.QueryKeyValue && HeadSize("key_length") is { } keys && HeadSize("value_length") is { } values && keys != values)
        {
            return RankRanges.Failed($"heads of keys have {keys} features and those of values {values}, expected as many where they are one matrix");
        }

        var ranges = RankRanges.Of(rule.Cut, tensor.Shape[dimension], ranks, _heads);
        int block = dimension == tensor.Dimensions.Count - 1 ? tensor.FormatInfo!.ValuesPerBlock : 1;
        return ranges.Problem is null && ranges.Parts.SelectMany(part => part).Any(range => range.First % block != 0 || range.Count % block != 0)
            ? RankRanges.Failed(
                $"{ranges.PartLength} input features for each rank are no multiple of {block}, as blocks of {tensor.FormatName} need it")
            : ranges;
    }

    // Null: the model does not say it.
    private long? HeadSize(string key) => Model.Metadata.TryGet($"{Architecture}.attention.{key}", out long length) ? length : null;
}
