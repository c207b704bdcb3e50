using Quant.Net.Conversion;

namespace Quant.Net;

/// <summary>A tensor in the memory of a GPU. From <see cref="GpuModel.Tensors"/>.</summary>
public sealed class GpuTensor
{
    private readonly GpuModel _model;
    private readonly ulong _offset;

    internal GpuTensor(GpuModel model, PlannedTensor planned, ulong offset, string kernel)
    {
        _model = model;
        _offset = offset;
        Name = planned.Source.Name;
        Format = planned.Output;
        FormatName = planned.IsCopy ? planned.Source.FormatName : QuantFormats.Get(planned.Output).Name;
        SourceFormatName = planned.Source.FormatName;
        Dimensions = planned.Source.Dimensions;
        Shape = planned.Source.Shape;
        ElementCount = planned.Source.ElementCount;
        ByteLength = planned.OutputBytes;
        Kernel = kernel;
    }

    /// <summary>The tensor's name.</summary>
    public string Name { get; }

    /// <summary>Its type on the GPU; a number without a name for one that is packed in a type that nobody knows.</summary>
    public QuantFormat Format { get; }

    /// <summary>The name of its type on the GPU, such as "F16".</summary>
    public string FormatName { get; }

    /// <summary>The name of its type in the model, such as "Q4_K".</summary>
    public string SourceFormatName { get; }

    /// <summary>The dimensions as GGUF has them, innermost first.</summary>
    public IReadOnlyList<long> Dimensions { get; }

    /// <summary>The dimensions as most of the world has them, outermost first.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>The number of values.</summary>
    public long ElementCount { get; }

    /// <summary>Its bytes on the GPU.</summary>
    public long ByteLength { get; }

    /// <summary>The kernel that decoded it, such as "sm_80-ptx/Q4_K/f16"; "" if it was copied.</summary>
    public string Kernel { get; }

    /// <summary>Where it begins, aligned to 256 bytes: a <c>CUdeviceptr</c>, for other engines too.</summary>
    /// <exception cref="ObjectDisposedException">The model was disposed of.</exception>
    public ulong Address => _model.Buffer.Address + _offset;

    /// <summary>The tensor for a reader: <c>blk.0.attn_q.weight F16 [4096, 4096]</c>.</summary>
    public override string ToString() => $"{Name} {FormatName} [{string.Join(", ", Shape)}]";
}
