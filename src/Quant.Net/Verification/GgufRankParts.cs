using Quant.Net.Gguf;
using Quant.Net.IO;
using Quant.Net.Ranks;

namespace Quant.Net.Verification;

/// <summary>Compares ranks of a GGUF model with it, byte for byte: each tensor of the plan with what each rank has of it.</summary>
internal sealed class GgufRankParts(GgufRankPlan plan, IReadOnlyList<GgufFile> parts, PartsComparison comparison, List<string> faults)
{
    public void Compare()
    {
        if (!plan.IsPossible)
        {
            faults.AddRange(plan.Problems);
            return;
        }

        foreach (PlainRanks plain in plan.Items.SelectMany(item => item.Plain))
        {
            Compare((GgufTensor)plain.Tensor, plain);
        }

        faults.AddRange(parts.SelectMany(part => part.Tensors).Where(tensor => !plan.Model.Tensors.Contains(tensor.Name)).Select(extra =>
            $"{ErrorText.EscapePath(extra.Part.Path)}: {ErrorText.Quote(extra.Name)} is no part of {ErrorText.EscapePath(plan.Path)}"));
    }

    private void Compare(GgufTensor whole, PlainRanks plain)
    {
        List<(IStoredTensor Part, int At, PlainRanks Whole, int Rank)> found = [];
        for (int rank = 0; rank < parts.Count; rank++)
        {
            if (!parts[rank].Tensors.TryGet(whole.Name, out GgufTensor? part))
            {
                faults.Add($"{parts[rank].ShownPath}: has no tensor {ErrorText.Quote(whole.Name)}");
            }
            else if (part.TypeNumber != whole.TypeNumber || !part.Shape.SequenceEqual(plain.PartShape) || part.ByteLength < plain.PartBytes)
            {
                faults.Add(ErrorText.Invariant(
                    $"{ErrorText.EscapePath(part.Part.Path)}: {ErrorText.Quote(whole.Name)} is {Shown(part, part.Shape, part.ByteLength)}, expected {Shown(whole, plain.PartShape, plain.PartBytes)}"));
            }
            else
            {
                found.Add((part, rank, plain, rank));
            }
        }

        comparison.Compare(whole.Name, found);
    }

    private static string Shown(GgufTensor tensor, IReadOnlyList<long> shape, long bytes) =>
        ErrorText.Invariant($"{tensor.FormatName} of the shape [{string.Join(", ", shape)}]{(tensor.IsFormatKnown ? "" : ErrorText.Invariant($" in {bytes} bytes"))}");
}
