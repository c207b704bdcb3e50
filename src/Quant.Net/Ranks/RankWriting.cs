using System.Diagnostics;
using Quant.Net.Conversion;
using Quant.Net.IO;
using Quant.Net.Safetensors;
using Quant.Net.Slicing;

namespace Quant.Net.Ranks;

/// <summary>Writes the parts of a divided model, a folder for each rank; all of them appear together.</summary>
internal sealed class RankWriting(TensorParallelPlan plan, IProgress<ConversionProgress>? progress, CancellationToken cancellation)
{
    private const int BufferBytes = 4 << 20;
    private const long LargestCopiedFile = 64 << 20;

    // What stands beside the weights and is small: settings, tokenizers, templates.
    private static readonly string[] CopiedExtensions = [".json", ".txt", ".model", ".jinja", ".tiktoken"];

    private readonly ProgressCount _count = new([.. plan.Items.SelectMany(item => item.Tensors)], progress);
    private readonly byte[] _buffer = new byte[BufferBytes];

    public CopyResult Run(string outputFolder)
    {
        var watch = Stopwatch.StartNew();
        plan.RequirePossible();
        string output = Path.TrimEndingDirectorySeparator(Path.GetFullPath(outputFolder));
        if (Path.Exists(output))
        {
            throw new IOException($"{ErrorText.EscapePath(output)}: exists already, expected a folder that does not");
        }

        OutputGuard.RequireDirectory(output);
        string temporary = Path.Combine(Path.GetDirectoryName(output)!, $".{Path.GetFileName(output)}.{Path.GetRandomFileName()[..8]}.tmp");
        try
        {
            (string[] files, long bytes) = WriteAll(temporary);
            cancellation.ThrowIfCancellationRequested();
            SystemError.Name(output, () => Directory.Move(temporary, output));
            return new CopyResult
            {
                Files = [.. files.Select(file => Path.Combine(output, Path.GetRelativePath(temporary, file)))],
                TensorCount = plan.RankCount * plan.Items.Sum(item => item.Tensors.Count()),
                OutputBytes = bytes,
                Warnings = [],
                Elapsed = watch.Elapsed,
            };
        }
        finally
        {
            if (Directory.Exists(temporary))
            {
                Directory.Delete(temporary, recursive: true);
            }
        }
    }

    private (string[] Files, long Bytes) WriteAll(string folder)
    {
        var writers = new List<SafetensorsWriter>();
        try
        {
            for (int rank = 0; rank < plan.RankCount; rank++)
            {
                string path = Path.Combine(folder, ErrorText.Invariant($"rank-{rank}-of-{plan.RankCount}"));
                SystemError.Name(path, () => Directory.CreateDirectory(path));
                CopySettings(path);
                writers.Add(SafetensorsWriter.Create(
                    Path.Combine(path, "model.safetensors"), new SafetensorsWriterOptions { Metadata = SharedMetadata() }));
            }

            Declare(writers);
            long bytes = writers.Sum(writer => writer.DeclaredLength);
            OutputGuard.RequireSpace(Path.Combine(folder, "x"), bytes);
            foreach (RankItem item in plan.Items)
            {
                Write(item, writers);
            }

            writers.ForEach(writer => writer.Complete());
            return ([.. writers.SelectMany(writer => writer.Files)], bytes);
        }
        finally
        {
            writers.ForEach(writer => writer.Dispose());
        }
    }

    // Shapes of packed parts are known when they are cut. All ranks have the same, but with act-order, where zeros can be a list of groups in order.
    private void Declare(List<SafetensorsWriter> writers)
    {
        foreach (RankItem item in plan.Items)
        {
            cancellation.ThrowIfCancellationRequested();
            if (item.Module is not null)
            {
                foreach ((SafetensorsWriter writer, IReadOnlyList<SlicedTensor> tensors) in writers.Zip(item.CutModule()))
                {
                    foreach (SlicedTensor tensor in tensors)
                    {
                        writer.AddTensor(tensor.Name, tensor.Type, tensor.Shape);
                    }
                }
            }

            foreach (PlainRanks plain in item.Plain)
            {
                writers.ForEach(writer => writer.AddTensor(plain.Tensor.Name, plain.Tensor.Type, plain.PartShape));
            }
        }
    }

    private void Write(RankItem item, List<SafetensorsWriter> writers)
    {
        if (item.Module is not null)
        {
            foreach ((SafetensorsWriter writer, IReadOnlyList<SlicedTensor> tensors) in writers.Zip(item.CutModule()))
            {
                cancellation.ThrowIfCancellationRequested();
                foreach (SlicedTensor tensor in tensors)
                {
                    writer.Write(tensor.Name, tensor.Data.Span);
                }
            }
        }

        foreach (PlainRanks plain in item.Plain)
        {
            for (int rank = 0; rank < writers.Count; rank++)
            {
                Write(plain, rank, writers[rank]);
            }
        }

        foreach (SafetensorsTensor tensor in item.Tensors)
        {
            _count.Add(tensor, tensor.ByteLength, isLast: true);
        }
    }

    private void Write(PlainRanks plain, int rank, SafetensorsWriter writer)
    {
        foreach ((long? offset, long count) in plain.Pieces(rank))
        {
            for (long done = 0; done < count;)
            {
                cancellation.ThrowIfCancellationRequested();
                Span<byte> chunk = _buffer.AsSpan(0, (int)Math.Min(BufferBytes, count - done));
                if (offset is { } from)
                {
                    plain.Tensor.Read(from + done, chunk);
                }
                else
                {
                    chunk.Clear();
                }

                writer.Write(plain.Tensor.Name, chunk);
                done += chunk.Length;
            }
        }

        if (plain.Tensor.ByteLength == 0)
        {
            writer.Write(plain.Tensor.Name, []);   // an empty tensor has its turn too
        }
    }

    private void CopySettings(string to)
    {
        string from = SafetensorsFolder.Find(plan.Model.Path).Folder;
        foreach (FileInfo file in new DirectoryInfo(from.Length == 0 ? "." : from).EnumerateFiles())
        {
            bool isCopied = CopiedExtensions.Contains(file.Extension) && file.Length <= LargestCopiedFile
                && !file.Name.EndsWith(SafetensorsHeader.IndexSuffix, StringComparison.Ordinal);
            if (isCopied)
            {
                SystemError.Name(file.FullName, () => File.Copy(file.FullName, Path.Combine(to, file.Name)));
            }
        }
    }

    private KeyValuePair<string, string>[] SharedMetadata() =>
        [.. plan.Model.Files[0].Metadata.Where(fact => plan.Model.Files.All(file => file.Metadata.TryGetValue(fact.Key, out string? other) && other == fact.Value))];
}
