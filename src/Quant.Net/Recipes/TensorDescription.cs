using Quant.Net.Gguf;
using Quant.Net.IO;

namespace Quant.Net;

/// <summary>What a plan has to know of a tensor.</summary>
public sealed class TensorDescription
{
    /// <summary>Describes a tensor.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="format">How its values are stored.</param>
    /// <param name="shape">Its dimensions, outermost first.</param>
    /// <exception cref="ArgumentException"><paramref name="format"/> is unknown, a dimension is negative, the values are too many, or rows
    /// are not whole blocks.</exception>
    public TensorDescription(string name, QuantFormat format, IReadOnlyList<long> shape)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(shape);
        if (shape.Any(dimension => dimension < 0) || TensorShape.CountElements([.. shape]) is not { } count)
        {
            throw new ArgumentException($"Tensor {ErrorText.Quote(name)} has shape [{string.Join(", ", shape)}], which no tensor has.", nameof(shape));
        }

        QuantFormatInfo info = QuantFormats.Get(format);
        (Name, Format, Shape, ElementCount) = (name, format, [.. shape], count);
        _ = info.GetByteCount(RowLength, nameof(shape));
        ByteLength = info.GetByteCount(count, nameof(shape));
        FormatName = info.Name;
    }

    private TensorDescription(GgufTensor tensor)
    {
        (Name, Format, Shape, ElementCount, ByteLength, FormatName) =
            (tensor.Name, tensor.Format, tensor.Shape, tensor.ElementCount, tensor.ByteLength, tensor.FormatName);
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>How its values are stored; a number without a name if the library does not know it.</summary>
    public QuantFormat Format { get; }

    /// <summary>The format's name.</summary>
    public string FormatName { get; }

    /// <summary>Its dimensions, outermost first.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>The number of its values.</summary>
    public long ElementCount { get; }

    /// <summary>Bytes of its values as they are stored.</summary>
    public long ByteLength { get; }

    /// <summary>Values of a row; formats need whole blocks in each.</summary>
    public long RowLength => Shape.Count == 0 ? 1 : Shape[^1];

    /// <summary>Dimensions up to the outermost that is not 1: a vector has one, whatever it is written as.</summary>
    internal int DimensionCount => Math.Max(1, Shape.SkipWhile(length => length == 1).Count());

    /// <summary>The matrices in it: one for each expert.</summary>
    internal long MatrixCount => Shape.Count < 3 ? 1 : Shape[^3];

    /// <summary>Describes a tensor of a model.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <returns>Its description.</returns>
    public static TensorDescription Of(GgufTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return new TensorDescription(tensor);
    }

    /// <summary>The tensor for a reader: <c>blk.0.attn_q.weight F32 [4096, 4096]</c>.</summary>
    public override string ToString() => $"{Name} {FormatName} [{string.Join(", ", Shape)}]";
}
