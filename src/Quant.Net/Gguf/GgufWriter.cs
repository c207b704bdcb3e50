using System.Buffers;
using Quant.Net.IO;

namespace Quant.Net.Gguf;

/// <summary>
/// Writes a GGUF file (version 3). Metadata and tensors are declared first; then the data of the tensors follow in that order,
/// in pieces of any size. The file gets its name in <see cref="Complete"/>, when it is whole and on the disk; a writer that is
/// disposed before that leaves nothing. Equal calls give equal bytes.
/// </summary>
/// <example>
/// <code>
/// using var writer = GgufWriter.Create("model.gguf");
/// writer.SetMetadata("general.architecture", GgufValue.FromString("llama"));
/// writer.AddTensor("output.weight", QuantFormat.Q8_0, [4096, 32000]);
/// writer.Write("output.weight", packed);
/// writer.Complete();
/// </code>
/// </example>
public sealed class GgufWriter : IModelWriter
{
    private readonly AtomicFile _file;
    private readonly GgufContents _contents;
    private readonly TensorQueue _queue = new();
    private long _position;
    private bool _declared;
    private bool _completed;

    private GgufWriter(AtomicFile file, GgufContents contents)
    {
        (_file, _contents) = (file, contents);
        foreach (GgufEntry tensor in contents.Tensors)
        {
            _queue.Add(tensor.Name, tensor.Bytes);
        }
    }

    /// <summary>What the data of tensors are padded to: <c>general.alignment</c> of the metadata, else 32.</summary>
    public long Alignment => _contents.Alignment;

    /// <summary>Bytes of the whole file with everything that was declared.</summary>
    public long DeclaredLength => _contents.Length;

    /// <summary>The file that is being written.</summary>
    public IReadOnlyList<string> Files => [_file.Path];

    /// <summary>Begins a file.</summary>
    /// <param name="path">Where it will be.</param>
    /// <param name="options">How; null for defaults.</param>
    /// <exception cref="OutputExistsException">There is a file already and <see cref="GgufWriterOptions.Overwrite"/> is not set.</exception>
    /// <exception cref="UnauthorizedAccessException">The system refused.</exception>
    public static GgufWriter Create(string path, GgufWriterOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Create(path, options, new GgufContents());
    }

    /// <summary>Begins a file of which everything is declared.</summary>
    internal static GgufWriter Create(string path, GgufWriterOptions? options, GgufContents contents) =>
        new(AtomicFile.Create(path, options?.Overwrite ?? false, options?.Log), contents);

    /// <summary>Sets a metadata value. A key that is set again keeps its place.</summary>
    /// <param name="key">The key; by custom lower-case words joined by dots and underscores.</param>
    /// <param name="value">The value.</param>
    /// <exception cref="ArgumentException">The key is empty, too long or no valid text, or the alignment is none.</exception>
    /// <exception cref="InvalidOperationException">Data are being written already.</exception>
    public void SetMetadata(string key, GgufValue value)
    {
        ArgumentNullException.ThrowIfNull(value);
        RequireDeclaring();
        _contents.Set(key, value);
    }

    /// <summary>Declares a tensor.</summary>
    /// <param name="name">Its name, at most 64 bytes of UTF-8 (ggml reads 63).</param>
    /// <param name="format">Its type, one of GGUF's.</param>
    /// <param name="dimensions">Its dimensions, innermost first; at most four; the first is whole blocks.</param>
    /// <exception cref="ArgumentException">One of these is not so, or there is a tensor of this name already.</exception>
    /// <exception cref="InvalidOperationException">Data are being written already.</exception>
    public void AddTensor(string name, QuantFormat format, ReadOnlySpan<long> dimensions)
    {
        Add(GgufEntry.Of(name, format, dimensions));
    }

    /// <summary>Declares a tensor that is to be copied from a model, also one whose type nobody knows.</summary>
    /// <param name="tensor">The tensor, whose name, type, dimensions and size are taken; its bytes come by <see cref="Write"/>.</param>
    /// <exception cref="ArgumentException">There is a tensor of this name already.</exception>
    /// <exception cref="InvalidOperationException">Data are being written already.</exception>
    public void AddTensor(GgufTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        Add(GgufEntry.Of(tensor));
    }

    /// <summary>Appends bytes of a tensor. Tensors come in the order in which they were declared, empty ones too.</summary>
    /// <param name="tensor">The tensor's name.</param>
    /// <param name="data">Its next bytes.</param>
    /// <exception cref="InvalidOperationException">It is another tensor's turn, or these are more bytes than were declared.</exception>
    /// <exception cref="IOException">The system refused.</exception>
    public void Write(string tensor, ReadOnlySpan<byte> data)
    {
        EndDeclaring();
        bool last = _queue.Take(tensor, data.Length);
        _file.Write(data);
        Advance(data.Length, last);
    }

    void IModelWriter.Skip(string tensor, int count)
    {
        EndDeclaring();
        bool last = _queue.Take(tensor, count);
        _file.Skip(count);
        Advance(count, last);
    }

    /// <summary>Ends the file: waits until it is on the disk, and gives it its name.</summary>
    /// <exception cref="InvalidOperationException">A tensor lacks data.</exception>
    /// <exception cref="IOException">The system refused, or a file of this name has appeared meanwhile.</exception>
    public void Complete()
    {
        Finish();
        Rename();
        Keep();
    }

    /// <summary>The first step of <see cref="Complete"/>: the file is whole and on the disk, under its temporary name.</summary>
    internal void Finish()
    {
        EndDeclaring();
        _queue.RequireComplete();
        _completed = true;
        _file.Finish();
    }

    /// <summary>The second step: the file has its name, but goes when this is disposed.</summary>
    internal void Rename() => _file.Rename();

    /// <summary>The third step: the file stays.</summary>
    internal void Keep() => _file.Keep();

    /// <summary>Removes the file if it was not completed.</summary>
    public void Dispose() => _file.Dispose();

    /// <summary>Whether all tensors have their bytes.</summary>
    internal bool IsFilled => _queue.IsComplete;

    /// <summary>Sets the metadata of a model, except for those that say which part of a split model a file is.</summary>
    internal void CopyMetadata(GgufFile model) => _contents.CopyMetadata(model);

    private void Add(GgufEntry tensor)
    {
        RequireDeclaring();
        _contents.Add(tensor);
        _queue.Add(tensor.Name, tensor.Bytes);
    }

    private void EndDeclaring()
    {
        ObjectDisposedException.ThrowIf(_completed, this);
        if (_declared)
        {
            return;
        }

        _declared = true;
        ArrayBufferWriter<byte> head = _contents.BuildHead();
        _file.Write(head.WrittenSpan);
        _position = head.WrittenCount;
        PadTo(_contents.Padded(_position));
    }

    private void Advance(int bytes, bool last)
    {
        _position += bytes;
        if (last)
        {
            PadTo(_contents.Padded(_position));
        }
    }

    private void PadTo(long position)
    {
        _file.WriteZeros(position - _position);
        _position = position;
    }

    private void RequireDeclaring()
    {
        if (_declared)
        {
            throw new InvalidOperationException("Data are being written already: metadata and tensors are declared before.");
        }
    }
}
