using Quant.Net.IO;

namespace Quant.Net;

/// <summary>How large a quantized model may be.</summary>
public readonly record struct SizeBudget
{
    private const double BitsPerByte = 8;
    private const double StepsOfBits = 10_000;   // as many digits as are shown

    private SizeBudget(long? fileBytes, double? bitsPerWeight) => (FileBytes, BitsPerWeight) = (fileBytes, bitsPerWeight);

    /// <summary>Bytes of its files, with metadata and padding; null: something else is limited.</summary>
    public long? FileBytes { get; }

    /// <summary>Bits for each value, over all tensors, those that stay as they are too; null: something else is limited.</summary>
    public double? BitsPerWeight { get; }

    /// <summary>A limit for the files.</summary>
    /// <param name="bytes">Their bytes, from 1.</param>
    public static SizeBudget OfFiles(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        return new SizeBudget(bytes, null);
    }

    /// <summary>A limit for the tensors.</summary>
    /// <param name="bits">Bits for each value, more than 0.</param>
    public static SizeBudget OfWeights(double bits)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bits);
        return double.IsFinite(bits)
            ? new SizeBudget(null, bits)
            : throw new ArgumentOutOfRangeException(nameof(bits), $"{bits} bits are no limit.");
    }

    /// <summary>The limit for a reader.</summary>
    /// <returns>Such as <c>4294967296 bytes</c> or <c>4.5 bits per weight</c>.</returns>
    public override string ToString() => FileBytes is { } bytes
        ? ErrorText.Count(bytes, "byte")
        : ErrorText.Invariant($"{BitsPerWeight:0.####} bits per weight");

    /// <summary>The least budget of this kind that is enough for so many bytes, in the digits that are shown.</summary>
    /// <param name="bytes">Bytes of files, or of tensors.</param>
    /// <param name="values">The tensors' values.</param>
    internal SizeBudget LeastFor(long bytes, long values)
    {
        if (FileBytes is not null)
        {
            return new SizeBudget(bytes, null);
        }

        double steps = Math.Floor(BitsPerByte * bytes / values * StepsOfBits);
        SizeBudget least;
        do
        {
            least = new SizeBudget(null, steps++ / StepsOfBits);
        }
        while (least.BytesOf(values) < bytes);
        return least;
    }

    /// <summary>The bytes that tensors of so many values may have.</summary>
    internal long BytesOf(long values) => (long)Math.Min(BitsPerWeight!.Value * values / BitsPerByte, long.MaxValue);
}
