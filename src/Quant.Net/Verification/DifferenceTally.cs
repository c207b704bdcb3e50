using System.Buffers.Binary;

namespace Quant.Net.Verification;

/// <summary>Counts the values of a tensor in a part that differ, and keeps the first.</summary>
/// <param name="tensor">The tensor's name.</param>
/// <param name="part">The part, from 0.</param>
/// <param name="path">The part's path.</param>
/// <param name="columns">Values of a row.</param>
/// <param name="valueBytes">Bytes of a value; 1, 2, 4 or 8.</param>
/// <param name="isDecoded">Whether values are float32 that were decoded: which NaN comes of it is not promised, so any is as good as another.</param>
internal sealed class DifferenceTally(string tensor, int part, string path, long columns, int valueBytes, bool isDecoded)
{
    private PartsDifference? _first;
    private long _compared;
    private long _count;

    /// <summary>What was found; null if nothing differs.</summary>
    public PartsDifference? Difference => _first is null ? null : _first with { Count = _count, ElementCount = _compared };

    /// <summary>A tally of the same tensor for a thread, to be added later.</summary>
    public DifferenceTally Begin() => new(tensor, part, path, columns, valueBytes, isDecoded);

    /// <summary>Adds what was found in values behind these.</summary>
    public void Add(DifferenceTally later)
    {
        _compared += later._compared;
        _count += later._count;
        _first ??= later._first;
    }

    /// <summary>Compares values that are in the part from a place on.</summary>
    public void Compare(long place, ReadOnlySpan<byte> found, ReadOnlySpan<byte> expected)
    {
        _compared += found.Length / valueBytes;
        if (found.SequenceEqual(expected))
        {
            return;
        }

        for (int at = found.CommonPrefixLength(expected) / valueBytes * valueBytes; at < found.Length; at += valueBytes)
        {
            ReadOnlySpan<byte> own = found.Slice(at, valueBytes), other = expected.Slice(at, valueBytes);
            if (!own.SequenceEqual(other) && !(isDecoded && IsNaN(own) && IsNaN(other)))
            {
                _count++;
                long value = place + (at / valueBytes);
                _first ??= new PartsDifference(
                    tensor, part, path, 0, 0, value / columns, value % columns, BitsOf(own), BitsOf(other), valueBytes);
            }
        }
    }

    private static bool IsNaN(ReadOnlySpan<byte> value) => float.IsNaN(BinaryPrimitives.ReadSingleLittleEndian(value));

    private static ulong BitsOf(ReadOnlySpan<byte> value)
    {
        ulong bits = 0;
        for (int i = value.Length - 1; i >= 0; i--)
        {
            bits = (bits << 8) | value[i];
        }

        return bits;
    }
}
