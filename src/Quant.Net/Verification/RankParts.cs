using Quant.Net.IO;
using Quant.Net.Ranks;
using Quant.Net.Safetensors;

namespace Quant.Net.Verification;

/// <summary>Compares ranks with the model that they are parts of: each item of the plan with what each rank has of it.</summary>
internal sealed class RankParts(SafetensorsRankPlan plan, PartsRun run)
{
    private readonly SafetensorsModel[] _parts = [.. run.Parts];
    private readonly Dictionary<string, PackedModule>[] _modules =
    [
        .. run.Parts.Select(part => run.ModulesOf(part, plan.Items.Select(item => item.Module?.Name).OfType<string>())),
    ];

    private readonly HashSet<SafetensorsTensor> _known = [];

    public void Compare()
    {
        if (!plan.IsPossible)
        {
            run.Faults.AddRange(plan.Problems);
            return;
        }

        run.Expect(_parts.SelectMany(part => part.Tensors), plan.Items.Sum(item => item.Plain.Count + (item.Module is null ? 0 : item.Module.Bias is null ? 1 : 2)));
        foreach (RankItem item in plan.Items)
        {
            if (item.Module is not null)
            {
                CompareModule(item, item.Module);
            }

            foreach (PlainRanks plain in item.Plain)
            {
                ComparePlain((SafetensorsTensor)plain.Tensor, plain);
            }
        }

        run.Faults.AddRange(_parts.SelectMany(part => part.Tensors.Where(tensor => !_known.Contains(tensor) && !run.IsTold(part, tensor))).Select(extra =>
            $"{ErrorText.EscapePath(extra.File.Path)}: {ErrorText.Quote(extra.Name)} is no part of {ErrorText.EscapePath(plan.Model.Path)}"));
    }

    private void CompareModule(RankItem item, PackedModule whole)
    {
        MatrixAxis axis = item.Entry.Axis!.Value;
        List<ModuleRows> found = [];
        for (int rank = 0; rank < _parts.Length; rank++)
        {
            if (!_modules[rank].TryGetValue(whole.Name, out PackedModule? part))
            {
                run.AddMissing(_parts[rank], whole.Name);
                continue;
            }

            _known.UnionWith(part.Tensors);
            found.Add(run.RowsOf(part));
        }

        ModuleRows rows = run.RowsOf(whole);
        long length = item.Ranges.PartLength;
        (long Rows, long Columns) shape = axis == MatrixAxis.Output ? (length, rows.Columns) : (rows.Rows, length);
        if (found.Count == _parts.Length && found.TrueForAll(part => run.HasShape(part, rows.Kind, shape.Rows, shape.Columns)))
        {
            run.Comparison.Compare(rows, found, axis, item.Ranges.Parts);
        }

        if (whole.Bias is { } bias)
        {
            ComparePlain(bias, axis == MatrixAxis.Output ? new PlainRanks(bias, 0, item.Ranges) : new PlainRanks(bias, -1, RankRanges.Nothing));
        }
    }

    private void ComparePlain(SafetensorsTensor whole, PlainRanks plain)
    {
        List<(IStoredTensor Part, int At, PlainRanks Whole, int Rank)> found = [];
        for (int rank = 0; rank < _parts.Length; rank++)
        {
            if (run.Find(_parts[rank], whole, plain.PartShape) is { } part)
            {
                found.Add((part, rank, plain, rank));
            }

            if (_parts[rank].Tensors.TryGet(whole.Name, out SafetensorsTensor? known))
            {
                _known.Add(known);
            }
        }

        run.Comparison.Compare(whole.Name, found);
    }
}
