using Quant.Net.IO;

namespace Quant.Net.Safetensors;

/// <summary>One file of a safetensors model that is being written.</summary>
internal sealed class SafetensorsShard(string path, IReadOnlyList<SafetensorsEntry> tensors, byte[] header) : IDisposable
{
    private AtomicFile? _file;

    public string Path => path;

    public IReadOnlyList<SafetensorsEntry> Tensors => tensors;

    /// <summary>Bytes of the file when it is whole.</summary>
    public long Length => header.Length + tensors.Sum(tensor => tensor.Bytes);

    /// <summary>The file, begun with its header when first asked for.</summary>
    public AtomicFile Begin(SafetensorsWriterOptions options)
    {
        if (_file is null)
        {
            _file = AtomicFile.Create(path, options.Overwrite, options.Log);
            _file.Write(header);
        }

        return _file;
    }

    public void Finish(SafetensorsWriterOptions options) => Begin(options).Finish();

    public void Rename() => _file!.Rename();

    public void Keep() => _file!.Keep();

    public void Dispose() => _file?.Dispose();
}
