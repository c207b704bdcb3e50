using Quant.Net.Gguf;

namespace Quant.Net.Ranks;

/// <summary>Writes the parts of a divided GGUF model, a file for each rank, with the metadata of the whole.</summary>
internal sealed class GgufRankWriting(
    GgufRankPlan plan, TensorParallelOptions options, IProgress<ConversionProgress>? progress, CancellationToken cancellation)
    : RankWriting<GgufWriter>(plan, options, progress, cancellation)
{
    protected override void Examine()
    {
        if (Options.MaxShardBytes is not null)
        {
            throw new ArgumentException("A rank of a GGUF model is one file, which is not split.");
        }
    }

    protected override GgufWriter Begin(RankFolder folder, int rank)
    {
        var writer = GgufWriter.Create(folder.FileOf(rank, plan.RankCount));
        writer.CopyMetadata(plan.Model);
        foreach ((string key, string text) in RankMark.Of(rank, plan.RankCount))
        {
            writer.SetMetadata(key, GgufValue.FromString(text));
        }

        return writer;
    }

    protected override void Declare(GgufWriter writer, PlainRanks plain)
    {
        var tensor = (GgufTensor)plain.Tensor;
        if (plain.IsWhole)
        {
            writer.AddTensor(tensor);   // also of a type that nobody knows
        }
        else
        {
            writer.AddTensor(tensor.Name, tensor.Format, [.. plain.PartShape.AsEnumerable().Reverse()]);
        }
    }
}
