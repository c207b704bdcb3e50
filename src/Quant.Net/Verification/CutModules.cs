using Quant.Net.IO;
using Quant.Net.Ranks;
using Quant.Net.Safetensors;
using Ranges = System.Collections.Generic.IReadOnlyList<(long First, long Count)>;

namespace Quant.Net.Verification;

/// <summary>Compares parts of packed modules, of files that have these and nothing else, with the model that they were cut from.</summary>
internal sealed class CutModules(SafetensorsModel model, PartsVerifyOptions options, PartsRun run)
{
    public void Compare()
    {
        Dictionary<string, PackedModule>[] modules = [.. run.Parts.Select(part => run.ModulesOf(part, needed: null))];
        string[] names = [.. modules.SelectMany(part => part.Keys).Distinct()];
        Dictionary<string, PackedModule> wholes = run.ModulesOf(model, names);
        run.Expect(run.Parts.SelectMany(part => part.Tensors), names.Sum(name => wholes.GetValueOrDefault(name)?.Bias is null ? 1 : 2));
        if (names.Length == 0 && run.Faults.Count == 0)
        {
            run.Faults.Add("no part has a packed module");
        }

        foreach (string name in names)
        {
            if (!wholes.TryGetValue(name, out PackedModule? whole))
            {
                run.AddMissing(model, name, ", of which there are parts");
            }
            else if (HaveAll(modules, name))
            {
                Compare(whole, [.. modules.Select(part => part[name])]);
            }
        }

        run.Faults.AddRange(run.Parts.Zip(modules).SelectMany(part => Extra(part.First, part.Second.Values)));
    }

    private bool HaveAll(Dictionary<string, PackedModule>[] modules, string name)
    {
        SafetensorsModel[] lacking = [.. run.Parts.Where((_, at) => !modules[at].ContainsKey(name))];
        Array.ForEach(lacking, part => run.AddMissing(part, name));
        return lacking.Length == 0;
    }

    private IEnumerable<string> Extra(SafetensorsModel part, IEnumerable<PackedModule> modules)
    {
        var known = modules.SelectMany(module => module.Bias is { } bias ? module.Tensors.Append(bias) : module.Tensors).ToHashSet();
        return part.Tensors.Where(tensor => !known.Contains(tensor) && !run.IsTold(part, tensor)).Select(tensor =>
            $"{ErrorText.EscapePath(tensor.File.Path)}: {ErrorText.Quote(tensor.Name)} belongs to no packed module, and so to no part of one");
    }

    private void Compare(PackedModule whole, PackedModule[] parts)
    {
        ModuleRows rows = run.RowsOf(whole);
        ModuleRows[] found = [.. parts.Select(run.RowsOf)];
        if (CutParts.Find(rows, found, options, out string? problem) is not { } cut || !cut.IsInOrder(rows, found, out problem))
        {
            run.Faults.Add(problem!);
            return;
        }

        run.Comparison.Compare(rows, found, cut.Axis, cut.Ranges);
        if (whole.Bias is { } bias)
        {
            CompareBias(bias, cut);
        }
    }

    private void CompareBias(SafetensorsTensor bias, CutParts cut)
    {
        List<(IStoredTensor Part, int At, PlainRanks Whole, int Rank)> found = [];
        for (int at = 0; at < run.Parts.Count; at++)
        {
            Ranges ranges = cut.Ranges[at];
            var own = cut.Axis == MatrixAxis.Output
                ? new PlainRanks(bias, 0, new RankRanges([ranges], ranges.Sum(range => range.Count)))
                : new PlainRanks(bias, -1, RankRanges.Nothing);
            if (run.Find(run.Parts[at], bias, own.PartShape) is { } part)
            {
                found.Add((part, at, own, 0));
            }
        }

        run.Comparison.Compare(bias.Name, found);
    }
}
