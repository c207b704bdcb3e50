using System.Collections.Frozen;
using Quant.Net.Safetensors;
using Quant.Net.Slicing;

namespace Quant.Net.Ranks;

/// <summary>
/// Modules of a rank that have some inputs of the whole and all of its groups, as act-order wants it: their groups are smaller than the
/// settings, which are those of the whole, say.
/// </summary>
internal sealed class KeptGroups
{
    private readonly int? _ranks;
    private readonly FrozenDictionary<string, RankRule>? _rules;

    /// <summary>Finds out which rank of what a model is.</summary>
    public KeptGroups(SafetensorsModel model)
    {
        _ranks = RankMark.Read(model)?.Count;
        _rules = _ranks is null ? null : ModelFamilies.Table.Find(model.Config?.ModelType);
    }

    /// <summary>Whether a module, whose groups are of another size than the settings say, has those of the whole.</summary>
    public bool Has(PackedModule module, long size)
    {
        if (_ranks is not { } ranks || _rules is null || module.Arrays.GroupIndex is null || module.GroupSize <= 0 || size <= 0
            || !_rules.TryGetValue(FamilyTable.KeyOf(module.Name), out RankRule? rule) || rule.Kind != ParallelKind.Row
            || module.Columns > long.MaxValue / ranks)
        {
            return false;
        }

        long groups = MatrixGrids.Count(module.Columns * ranks, size);
        return groups > 1 && groups <= module.Columns
            && MatrixGrids.Count(module.Columns, module.GroupSize) == MatrixGrids.Count(module.Columns, GroupPlan.ListedSize(module.Columns, groups, size));
    }
}
