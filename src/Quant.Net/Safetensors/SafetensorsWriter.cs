using System.Globalization;
using Quant.Net.IO;

namespace Quant.Net.Safetensors;

/// <summary>
/// Writes a safetensors model: one file, or several with an index. Tensors are declared first; then their data follow in that
/// order, in pieces of any size. The files get their names in <see cref="Complete"/>, when all are whole and on the disk; a
/// writer that is disposed before that leaves nothing. Equal calls give equal bytes.
/// </summary>
/// <example>
/// <code>
/// using var writer = SafetensorsWriter.Create("model.safetensors");
/// writer.AddTensor("lm_head.weight", SafetensorsType.F16, [32000, 4096]);
/// writer.Write("lm_head.weight", bytes);
/// writer.Complete();
/// </code>
/// </example>
public sealed class SafetensorsWriter : IModelWriter
{
    private readonly string _path;
    private readonly SafetensorsWriterOptions _options;
    private readonly List<SafetensorsEntry> _tensors = [];
    private readonly TensorQueue _queue = new();
    private IReadOnlyList<SafetensorsShard>? _shards;
    private int _currentShard;
    private int _writtenOfShard;
    private bool _completed;

    private SafetensorsWriter(string path, SafetensorsWriterOptions options)
    {
        _path = Path.GetFullPath(path);
        _options = options;
    }

    /// <summary>Bytes of all files with everything that was declared, without the index.</summary>
    public long DeclaredLength => (_shards ?? PlanShards()).Sum(shard => shard.Length);

    /// <summary>The files that are being written, the index last.</summary>
    public IReadOnlyList<string> Files
    {
        get
        {
            IEnumerable<string> shards = (_shards ?? PlanShards()).Select(shard => shard.Path);
            return _options.MaxShardBytes is null ? shards.ToArray() : [.. shards, IndexPath];
        }
    }

    /// <summary>Begins a model.</summary>
    /// <param name="path">Where it will be; several files have their number before the extension.</param>
    /// <param name="options">How; null for defaults.</param>
    /// <exception cref="ArgumentException">
    /// The path does not end in .safetensors, the size of files is not positive, or a key of the metadata is there twice.
    /// </exception>
    /// <exception cref="OutputExistsException">
    /// There is such a file already and <see cref="SafetensorsWriterOptions.Overwrite"/> is not set.
    /// </exception>
    public static SafetensorsWriter Create(string path, SafetensorsWriterOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new SafetensorsWriterOptions();
        if (!path.EndsWith(SafetensorsHeader.Extension, StringComparison.OrdinalIgnoreCase))
        {
            throw new ArgumentException($"{ErrorText.EscapePath(path)}: the name must end in {SafetensorsHeader.Extension}.", nameof(path));
        }

        if (options.MaxShardBytes is <= 0)
        {
            throw new ArgumentException(
                ErrorText.Invariant($"Files of at most {options.MaxShardBytes} bytes hold nothing."), nameof(options));
        }

        if (options.Metadata.Select(entry => entry.Key).Distinct(StringComparer.Ordinal).Count() < options.Metadata.Count)
        {
            throw new ArgumentException("A key is in the metadata twice.", nameof(options));
        }

        var writer = new SafetensorsWriter(path, options);
        AtomicFile.RefuseExisting(options.MaxShardBytes is null ? writer._path : writer.IndexPath, options.Overwrite);
        return writer;
    }

    /// <summary>Declares a tensor.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">The type of its elements.</param>
    /// <param name="shape">Its dimensions, outermost first.</param>
    /// <exception cref="ArgumentException">The shape is impossible, the name is reserved, or there is a tensor of it already.</exception>
    /// <exception cref="InvalidOperationException">Data are being written already.</exception>
    public void AddTensor(string name, SafetensorsType type, ReadOnlySpan<long> shape)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name == SafetensorsHeader.MetadataName)
        {
            throw new ArgumentException($"A tensor cannot be named {SafetensorsHeader.MetadataName}.", nameof(name));
        }

        if (_shards is not null)
        {
            throw new InvalidOperationException("Data are being written already: tensors are declared before.");
        }

        if (shape.IndexOfAnyInRange(long.MinValue, -1) is >= 0 and int negative)
        {
            throw new ArgumentException(ErrorText.Invariant($"Dimension {negative} is {shape[negative]}, expected 0 or more."), nameof(shape));
        }

        long bytes = SafetensorsTypes.ByteLength(type, shape) ?? throw new ArgumentException(
            ErrorText.Invariant($"{type} [{string.Join(", ", shape.ToArray())}] has no whole number of bytes, or 2^63 and more."), nameof(shape));
        if (shape.Length > SafetensorsHeader.MostDimensions)
        {
            throw new ArgumentException(
                ErrorText.Invariant($"The shape has {shape.Length} dimensions, expected at most {SafetensorsHeader.MostDimensions}."), nameof(shape));
        }

        _queue.Add(name, bytes);
        _tensors.Add(new SafetensorsEntry(name, type, shape.ToArray(), bytes));
    }

    /// <summary>Appends bytes of a tensor. Tensors come in the order in which they were declared, empty ones too.</summary>
    /// <param name="tensor">The tensor's name.</param>
    /// <param name="data">Its next bytes.</param>
    /// <exception cref="InvalidOperationException">It is another tensor's turn, or these are more bytes than were declared.</exception>
    /// <exception cref="IOException">The system refused.</exception>
    public void Write(string tensor, ReadOnlySpan<byte> data)
    {
        BeginData();
        bool last = _queue.Take(tensor, data.Length);
        _shards![_currentShard].Begin(_options).Write(data);
        Advance(last);
    }

    void IModelWriter.Skip(string tensor, int count)
    {
        BeginData();
        bool last = _queue.Take(tensor, count);
        _shards![_currentShard].Begin(_options).Skip(count);
        Advance(last);
    }

    /// <summary>Ends the model: waits until its files are on the disk, and gives them their names, the index last.</summary>
    /// <exception cref="InvalidOperationException">A tensor lacks data.</exception>
    /// <exception cref="IOException">The system refused, or a file of this name has appeared meanwhile.</exception>
    public void Complete()
    {
        BeginData();
        _queue.RequireComplete();
        _completed = true;
        if (_tensors.Count == 0)
        {
            _shards![0].Finish(_options);
        }

        using AtomicFile? index = _options.MaxShardBytes is null ? null : WriteIndex();
        foreach (SafetensorsShard shard in _shards!)
        {
            shard.Rename();
        }

        index?.Rename();

        // From here on nothing can fail: the model is there as a whole.
        index?.Keep();
        foreach (SafetensorsShard shard in _shards)
        {
            shard.Keep();
        }
    }

    /// <summary>Removes the files if they were not completed.</summary>
    public void Dispose()
    {
        foreach (SafetensorsShard shard in _shards ?? [])
        {
            shard.Dispose();
        }
    }

    private string IndexPath => _path + SafetensorsHeader.IndexSuffix;

    private void BeginData()
    {
        ObjectDisposedException.ThrowIf(_completed, this);
        if (_shards is not null)
        {
            return;
        }

        IReadOnlyList<SafetensorsShard> shards = PlanShards();
        foreach (SafetensorsShard shard in shards)
        {
            AtomicFile.RefuseExisting(shard.Path, _options.Overwrite);
        }

        _shards = shards;
    }

    private void Advance(bool last)
    {
        SafetensorsShard shard = _shards![_currentShard];
        if (last && ++_writtenOfShard == shard.Tensors.Count)
        {
            shard.Finish(_options);
            _currentShard++;
            _writtenOfShard = 0;
        }
    }

    private AtomicFile WriteIndex()
    {
        IEnumerable<(string, string)> places =
            from shard in _shards!
            from tensor in shard.Tensors
            select (tensor.Name, Path.GetFileName(shard.Path));
        var index = AtomicFile.Create(IndexPath, _options.Overwrite);
        index.Write(SafetensorsHeader.BuildIndex(_tensors.Sum(tensor => tensor.Bytes), places));
        index.Finish();
        return index;
    }

    private List<SafetensorsShard> PlanShards()
    {
        var groups = new List<List<SafetensorsEntry>> { new() };
        long bytes = 0;
        foreach (SafetensorsEntry tensor in _tensors)
        {
            if (groups[^1].Count > 0 && tensor.Bytes > (_options.MaxShardBytes ?? long.MaxValue) - bytes)
            {
                groups.Add([]);
                bytes = 0;
            }

            groups[^1].Add(tensor);
            bytes += tensor.Bytes;
        }

        return groups.Select((group, i) => new SafetensorsShard(
            ShardPath(i, groups.Count), group, SafetensorsHeader.Build(_options.Metadata, group))).ToList();
    }

    private string ShardPath(int index, int count) => _options.MaxShardBytes is null
        ? _path
        : string.Create(
            CultureInfo.InvariantCulture,
            $"{_path[..^SafetensorsHeader.Extension.Length]}-{index + 1:D5}-of-{count:D5}{SafetensorsHeader.Extension}");
}
