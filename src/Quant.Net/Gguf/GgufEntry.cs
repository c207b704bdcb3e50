using Quant.Net.IO;

namespace Quant.Net.Gguf;

/// <summary>A tensor as the head of a file declares it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">The number of its type.</param>
/// <param name="Dimensions">Its dimensions, innermost first.</param>
/// <param name="Bytes">Bytes of its data, without padding.</param>
internal readonly record struct GgufEntry(string Name, uint Type, long[] Dimensions, long Bytes)
{
    /// <summary>A tensor as it is in a model, also one whose type nobody knows.</summary>
    public static GgufEntry Of(GgufTensor tensor) => new(tensor.Name, tensor.TypeNumber, [.. tensor.Dimensions], tensor.ByteLength);

    /// <summary>A tensor of a known type.</summary>
    /// <exception cref="ArgumentException">GGUF has no such type or dimensions, or rows are not whole blocks.</exception>
    public static GgufEntry Of(string name, QuantFormat format, ReadOnlySpan<long> dimensions)
    {
        QuantFormatInfo info = GgufLayout.Format((uint)format)
            ?? throw new ArgumentException(ErrorText.Invariant($"GGUF has no type {(int)format}."), nameof(format));
        long elements = RequireDimensions(dimensions);
        long row = dimensions.IsEmpty ? 1 : dimensions[0];
        return row % info.ValuesPerBlock == 0
            ? new GgufEntry(name, (uint)format, dimensions.ToArray(), info.GetByteCount(elements))
            : throw new ArgumentException(ErrorText.Invariant(
                $"Rows have {row} values, but blocks of {info.Name} have {info.ValuesPerBlock}."), nameof(dimensions));
    }

    private static long RequireDimensions(ReadOnlySpan<long> dimensions)
    {
        if (dimensions.Length > GgufLayout.MostDimensions)
        {
            throw new ArgumentException(ErrorText.Invariant(
                $"{dimensions.Length} dimensions, expected at most {GgufLayout.MostDimensions}."), nameof(dimensions));
        }

        return dimensions.IndexOfAnyInRange(long.MinValue, -1) < 0 && TensorShape.CountElements(dimensions) is { } elements
            ? elements
            : throw new ArgumentException(
                $"Dimensions are {string.Join(" x ", dimensions.ToArray())}; none is negative, and all together are less than 2^63.",
                nameof(dimensions));
    }
}
