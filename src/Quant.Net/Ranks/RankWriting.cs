using System.Diagnostics;
using Quant.Net.Conversion;
using Quant.Net.IO;
using Quant.Net.Safetensors;
using Quant.Net.Slicing;

namespace Quant.Net.Ranks;

/// <summary>Writes the parts of a divided model, a folder for each rank; all of them appear together.</summary>
internal sealed class RankWriting(
    TensorParallelPlan plan, TensorParallelOptions options, IProgress<ConversionProgress>? progress, CancellationToken cancellation)
{
    private readonly List<SafetensorsWriter> _writers = [];
    private readonly SortedSet<string> _warnings = new(StringComparer.Ordinal);
    private long _dataBytes;
    private int _tensorCount;

    public CopyResult Run(string outputFolder)
    {
        var watch = Stopwatch.StartNew();
        plan.RequirePossible();
        _warnings.UnionWith(ModelVerifier.CheckScales(plan.Model, [.. plan.Items.Select(item => item.Module).OfType<PackedModule>()], cancellationToken: cancellation));
        using var folder = RankFolder.Begin(outputFolder, options.Overwrite, plan.Model.Files.Select(file => file.Path));
        (string[] files, long bytes) = folder.Write(() => WriteAll(folder));
        cancellation.ThrowIfCancellationRequested();
        folder.Complete();
        return new CopyResult
        {
            Files = [.. files.Select(folder.PlaceOf)],
            TensorCount = _tensorCount,
            OutputBytes = bytes,
            Warnings = [.. _warnings],
            Elapsed = watch.Elapsed,
        };
    }

    private (string[] Files, long Bytes) WriteAll(RankFolder folder)
    {
        try
        {
            for (int rank = 0; rank < plan.RankCount; rank++)
            {
                string path = folder.Add(rank, plan.RankCount);
                RankSettings.Copy(plan.Model, path, _warnings);
                _writers.Add(SafetensorsWriter.Create(
                    Path.Combine(path, SafetensorsFolder.UsualName),
                    new SafetensorsWriterOptions
                    {
                        Metadata = [.. SharedMetadata(), .. RankMark.Of(rank, plan.RankCount)],
                        MaxShardBytes = options.MaxShardBytes,
                    }));
            }

            Declare();
            long bytes = _writers.Sum(writer => writer.DeclaredLength);
            OutputGuard.RequireSpace(folder.Path, bytes);
            WriteTensors();
            _writers.ForEach(writer => writer.Complete());
            return ([.. _writers.SelectMany(writer => writer.Files)], bytes);
        }
        finally
        {
            _writers.ForEach(writer => writer.Dispose());
        }
    }

    // All ranks have the same shapes, but with act-order, where zeros can be a list of groups in order.
    private void Declare()
    {
        foreach (RankItem item in plan.Items)
        {
            cancellation.ThrowIfCancellationRequested();
            if (item.Module is not null)
            {
                foreach ((SafetensorsWriter writer, IReadOnlyList<SlicedTensor> tensors) in _writers.Zip(item.CutModule(isOutline: true)))
                {
                    foreach (SlicedTensor tensor in tensors)
                    {
                        Declare(writer, tensor.Name, tensor.Type, tensor.Shape);
                    }
                }
            }

            foreach (PlainRanks plain in item.Plain)
            {
                _writers.ForEach(writer => Declare(writer, plain.Tensor.Name, plain.Tensor.Type, plain.PartShape));
            }
        }
    }

    private void Declare(SafetensorsWriter writer, string name, SafetensorsType type, long[] shape)
    {
        writer.AddTensor(name, type, shape);
        _dataBytes += SafetensorsTypes.ByteLength(type, shape)!.Value;
        _tensorCount++;
    }

    private void WriteTensors()
    {
        var count = new ProgressCount(_dataBytes, _tensorCount, progress);
        var plainCopy = new PlainRankCopy(_writers, count, cancellation);
        var slicedCopy = new SlicedTensorWriting(count, cancellation);
        foreach (RankItem item in plan.Items)
        {
            if (item.Module is not null)
            {
                foreach ((SafetensorsWriter writer, IReadOnlyList<SlicedTensor> tensors) in _writers.Zip(item.CutModule()))
                {
                    foreach (SlicedTensor tensor in tensors)
                    {
                        slicedCopy.Write(tensor, writer);
                    }
                }
            }

            foreach (PlainRanks plain in item.Plain)
            {
                plainCopy.Copy(plain);
            }
        }
    }

    private KeyValuePair<string, string>[] SharedMetadata() =>
        [.. plan.Model.Files[0].Metadata.Where(fact => plan.Model.Files.All(file => file.Metadata.TryGetValue(fact.Key, out string? other) && other == fact.Value))];
}
