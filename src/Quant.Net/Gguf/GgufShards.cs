using Quant.Net.IO;

namespace Quant.Net.Gguf;

/// <summary>
/// Writes a model that is one file or several, one after the other. The files get their names in <see cref="Complete"/>, when all are whole
/// and on the disk.
/// </summary>
internal sealed class GgufShards : IModelWriter
{
    private readonly IReadOnlyList<GgufContents> _contents;
    private readonly GgufWriterOptions _options;
    private readonly List<GgufWriter> _writers = [];
    private int _finished;

    /// <summary>Makes a writer. Files are begun when it is their turn.</summary>
    /// <param name="files">The paths of the files.</param>
    /// <param name="contents">What each declares.</param>
    /// <param name="options">How they are written.</param>
    /// <exception cref="IOException">A file is there already and must not be replaced.</exception>
    public GgufShards(IReadOnlyList<string> files, IReadOnlyList<GgufContents> contents, GgufWriterOptions options)
    {
        (_contents, _options) = (contents, options);
        Files = [.. files.Select(Path.GetFullPath)];
        DeclaredLength = contents.Sum(shard => shard.Length);
        foreach (string file in Files)
        {
            AtomicFile.RefuseExisting(file, options.Overwrite);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Files { get; }

    /// <inheritdoc/>
    public long DeclaredLength { get; }

    /// <inheritdoc/>
    public void Write(string tensor, ReadOnlySpan<byte> data)
    {
        Begin().Write(tensor, data);
        FinishFilled();
    }

    void IModelWriter.Skip(string tensor, int count)
    {
        ((IModelWriter)Begin()).Skip(tensor, count);
        FinishFilled();
    }

    /// <summary>Gives the files their names. If one cannot have its, none stays.</summary>
    public void Complete()
    {
        while (_finished < Files.Count)
        {
            Begin().Finish();
            _finished++;
        }

        _writers.ForEach(writer => writer.Rename());
        _writers.ForEach(writer => writer.Keep());
    }

    /// <inheritdoc/>
    public void Dispose() => _writers.ForEach(writer => writer.Dispose());

    /// <summary>The file whose turn it is. One without tensors is finished as soon as it is begun.</summary>
    private GgufWriter Begin()
    {
        while (true)
        {
            if (_writers.Count == _finished)
            {
                _writers.Add(GgufWriter.Create(Files[_finished], _options, _contents[_finished]));
            }

            if (_finished == Files.Count - 1 || !_writers[_finished].IsFilled)
            {
                return _writers[_finished];
            }

            FinishFilled();
        }
    }

    private void FinishFilled()
    {
        if (_writers[_finished].IsFilled)
        {
            _writers[_finished].Finish();
            _finished++;
        }
    }
}
