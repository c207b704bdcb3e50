using Quant.Net.IO;

namespace Quant.Net.Gguf;

/// <summary>One file of a model: the only one, or a shard of a split model.</summary>
public sealed class GgufPart
{
    internal GgufPart(MappedFile file, GgufHead head)
    {
        File = file;
        Version = (int)head.Version;
        Alignment = head.Alignment;
        DataOffset = head.DataOffset;
        TensorCount = head.Tensors.Count;
        Metadata = head.Metadata;
    }

    /// <summary>The path it was opened by.</summary>
    public string Path => File.Path;

    /// <summary>Bytes of the file.</summary>
    public long Length => File.Length;

    /// <summary>The version of the GGUF format: 1, 2 or 3.</summary>
    public int Version { get; }

    /// <summary>What the offsets of tensors are multiples of.</summary>
    public long Alignment { get; }

    /// <summary>Where the tensors' data begin. A file without tensors may end before that.</summary>
    public long DataOffset { get; }

    /// <summary>The number of tensors in this file.</summary>
    public int TensorCount { get; }

    /// <summary>The metadata of this file. Those of the model are the first part's.</summary>
    public GgufMetadata Metadata { get; }

    internal MappedFile File { get; }
}
