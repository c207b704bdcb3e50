using Quant.Net.IO;

namespace Quant.Net.Gguf;

/// <summary>
/// A model as the files of a split model, cut where llama.cpp's gguf-split cuts: all metadata are in the first file, and each says
/// which of how many it is. The files get their names in <see cref="Complete"/>, when all are whole and on the disk.
/// </summary>
internal sealed class GgufShards : IDisposable
{
    /// <summary><c>split.count</c> has 16 bits.</summary>
    private const int MostFiles = ushort.MaxValue;

    private readonly GgufFile _model;
    private readonly List<List<GgufTensor>> _groups;
    private readonly bool _overwrite;
    private readonly List<GgufWriter> _writers = [];

    public GgufShards(GgufFile model, string prefix, SplitOptions options)
    {
        _model = model;
        _overwrite = options.Overwrite;
        _groups = Cut(model, options);
        if (_groups.Count > MostFiles)
        {
            throw new ArgumentException(ErrorText.Invariant(
                $"{model.ShownPath}: would become {_groups.Count} files, but a split model has at most {MostFiles}."), nameof(options));
        }

        Files = GgufSplit.PathsOfParts(Path.GetFullPath(prefix), _groups.Count).ToList();
        foreach (string file in Files)
        {
            AtomicFile.RefuseExisting(file, _overwrite);
        }
    }

    /// <summary>The files, as they will be named.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>Bytes of the files that were written.</summary>
    public long Length { get; private set; }

    /// <summary>Writes all files under temporary names, one after the other.</summary>
    public void Write(Action<GgufTensor, GgufWriter> copy)
    {
        for (int i = 0; i < Files.Count; i++)
        {
            var writer = GgufWriter.Create(Files[i], new GgufWriterOptions { Overwrite = _overwrite });
            _writers.Add(writer);
            Declare(writer, i);
            Length += writer.DeclaredLength;
            foreach (GgufTensor tensor in _groups[i])
            {
                copy(tensor, writer);
            }

            writer.Finish();
        }
    }

    /// <summary>Gives the files their names. If one cannot have its, none stays.</summary>
    public void Complete()
    {
        _writers.ForEach(writer => writer.Rename());
        _writers.ForEach(writer => writer.Keep());
    }

    public void Dispose() => _writers.ForEach(writer => writer.Dispose());

    private void Declare(GgufWriter writer, int index)
    {
        if (index == 0)
        {
            writer.CopyMetadata(_model);
        }
        else if (_model.Parts[0].Alignment != GgufLayout.DefaultAlignment)
        {
            // gguf-split leaves it out here, and its further files are aligned to 32 whatever the model asks for.
            writer.SetMetadata(GgufLayout.AlignmentKey, _model.Metadata[GgufLayout.AlignmentKey]);
        }

        // In the order in which gguf-split leaves them.
        writer.SetMetadata(GgufLayout.SplitNumberKey, GgufValue.FromNumber((ushort)index));
        writer.SetMetadata(GgufLayout.SplitTensorCountKey, GgufValue.FromNumber(_model.Tensors.Count));
        writer.SetMetadata(GgufLayout.SplitCountKey, GgufValue.FromNumber((ushort)_groups.Count));
        _groups[index].ForEach(writer.AddTensor);
    }

    private static List<List<GgufTensor>> Cut(GgufFile model, SplitOptions options)
    {
        var groups = new List<List<GgufTensor>> { new() };
        long bytes = 0;
        foreach (GgufTensor tensor in model.Tensors)
        {
            long padded = (long)GgufLayout.Pad((ulong)tensor.ByteLength, (uint)model.Parts[0].Alignment);
            bool isFull = groups[^1].Count == (options.MaxTensors ?? int.MaxValue)
                || (groups[^1].Count > 0 && padded > (options.MaxDataBytes ?? long.MaxValue) - bytes);
            if (isFull)
            {
                groups.Add([]);
                bytes = 0;
            }

            groups[^1].Add(tensor);
            bytes += padded;
        }

        return groups;
    }
}
