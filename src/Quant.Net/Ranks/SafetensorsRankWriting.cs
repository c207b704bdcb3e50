using Quant.Net.Conversion;
using Quant.Net.Safetensors;
using Quant.Net.Slicing;

namespace Quant.Net.Ranks;

/// <summary>Writes the parts of a divided safetensors model, a folder for each rank.</summary>
internal sealed class SafetensorsRankWriting(
    SafetensorsRankPlan plan, TensorParallelOptions options, IProgress<ConversionProgress>? progress, CancellationToken cancellation)
    : RankWriting<SafetensorsWriter>(plan, options, progress, cancellation)
{
    protected override void Examine() => Warnings.UnionWith(
        ModelVerifier.CheckScales(plan.Model, [.. plan.Items.Select(item => item.Module).OfType<PackedModule>()], cancellationToken: Cancellation));

    protected override SafetensorsWriter Begin(RankFolder folder, int rank)
    {
        string path = folder.Add(rank, plan.RankCount);
        RankSettings.Copy(plan.Model, path, Warnings);
        return SafetensorsWriter.Create(
            Path.Combine(path, SafetensorsFolder.UsualName),
            new SafetensorsWriterOptions
            {
                Metadata = [.. SharedMetadata(), .. RankMark.Of(rank, plan.RankCount)],
                MaxShardBytes = Options.MaxShardBytes,
            });
    }

    protected override void Declare(SafetensorsWriter writer, PlainRanks plain) =>
        writer.AddTensor(plain.Tensor.Name, ((SafetensorsTensor)plain.Tensor).Type, plain.PartShape);

    // All ranks have the same shapes, but with act-order, where zeros can be a list of groups in order.
    protected override void DeclareModule(RankItem item)
    {
        foreach ((SafetensorsWriter writer, IReadOnlyList<SlicedTensor> tensors) in Writers.Zip(item.CutModule(isOutline: true)))
        {
            foreach (SlicedTensor tensor in tensors)
            {
                writer.AddTensor(tensor.Name, tensor.Type, tensor.Shape);
                Count();
            }
        }
    }

    protected override void WriteModule(RankItem item, ProgressCount count)
    {
        var writing = new SlicedTensorWriting(count, Cancellation);
        foreach ((SafetensorsWriter writer, IReadOnlyList<SlicedTensor> tensors) in Writers.Zip(item.CutModule()))
        {
            foreach (SlicedTensor tensor in tensors)
            {
                writing.Write(tensor, writer);
            }
        }
    }

    private KeyValuePair<string, string>[] SharedMetadata() =>
        [.. plan.Model.Files[0].Metadata.Where(fact => plan.Model.Files.All(file => file.Metadata.TryGetValue(fact.Key, out string? other) && other == fact.Value))];
}
