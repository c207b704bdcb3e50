using Quant.Net.Native;

namespace Quant.Net;

/// <summary>What is known of a format, as the native library tells it.</summary>
public sealed unsafe class QuantFormatInfo
{
    private const int BitsPerByte = 8;

    internal QuantFormatInfo(in qn_format_info info)
    {
        Format = info.format;
        Name = NativeText.Read(info.name);
        Formula = NativeText.Read(info.formula);
        ValuesPerBlock = (int)info.values_per_block;
        BytesPerBlock = (int)info.bytes_per_block;
        ValuesPerGroup = (int)info.values_per_group;
    }

    /// <summary>The format.</summary>
    public QuantFormat Format { get; }

    /// <summary>Its usual name, such as "Q4_K".</summary>
    public string Name { get; }

    /// <summary>How a value is computed, in one line.</summary>
    public string Formula { get; }

    /// <summary>Values in one block; 1 for plain types. A row of a tensor is a whole number of blocks.</summary>
    public int ValuesPerBlock { get; }

    /// <summary>Bytes of one block.</summary>
    public int BytesPerBlock { get; }

    /// <summary>Neighbouring values that share all their scales.</summary>
    public int ValuesPerGroup { get; }

    /// <summary>Bits that a value takes, its share of the scales included.</summary>
    public double BitsPerWeight => (double)BytesPerBlock * BitsPerByte / ValuesPerBlock;

    /// <summary>Whether the values are integers: indices and counts, not weights. Converting a model leaves them as they are.</summary>
    public bool IsInteger => Format is QuantFormat.I8 or QuantFormat.I16 or QuantFormat.I32 or QuantFormat.I64;

    /// <summary>The size of a number of values.</summary>
    /// <param name="valueCount">How many values.</param>
    /// <returns>Their size in bytes.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="valueCount"/> is negative, or the size exceeds 64 bits.</exception>
    /// <exception cref="ArgumentException"><paramref name="valueCount"/> values are not whole blocks.</exception>
    public long GetByteCount(long valueCount) => GetByteCount(valueCount, nameof(valueCount));

    /// <summary>The number of values in a number of bytes.</summary>
    /// <param name="byteCount">How many bytes.</param>
    /// <returns>The number of values that they hold.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="byteCount"/> is negative, or the number exceeds 64 bits.</exception>
    /// <exception cref="ArgumentException"><paramref name="byteCount"/> bytes are not whole blocks.</exception>
    public long GetValueCount(long byteCount) => Scale(byteCount, BytesPerBlock, ValuesPerBlock, "bytes", nameof(byteCount));

    /// <summary>As the public one, for callers whose own parameter is to be blamed.</summary>
    internal long GetByteCount(long valueCount, string parameter) =>
        Scale(valueCount, ValuesPerBlock, BytesPerBlock, "values", parameter);

    /// <summary>The format's name.</summary>
    /// <returns><see cref="Name"/>.</returns>
    public override string ToString() => Name;

    private long Scale(long count, int perBlock, int resultPerBlock, string unit, string parameter)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count, parameter);
        (long blocks, long rest) = Math.DivRem(count, perBlock);
        if (rest != 0)
        {
            throw new ArgumentException($"{count} {unit} of {Name} are not whole blocks of {perBlock}.", parameter);
        }

        if (blocks > long.MaxValue / resultPerBlock)
        {
            throw new ArgumentOutOfRangeException(parameter, $"{count} {unit} of {Name} are too many for a 64-bit result.");
        }

        return blocks * resultPerBlock;
    }
}
