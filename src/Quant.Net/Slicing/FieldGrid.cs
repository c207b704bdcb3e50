using System.Buffers.Binary;

namespace Quant.Net.Slicing;

/// <summary>What one direction of an array counts.</summary>
internal enum GridAxis
{
    Rows,
    Columns,
    RowGroups,
    Groups,
}

/// <summary>How the fields of a string follow each other.</summary>
internal enum FieldOrder
{
    /// <summary>One behind the other; they may straddle words.</summary>
    Dense,

    /// <summary>Whole ones in a word; the bits above them are 0.</summary>
    Padded,

    /// <summary>AWQ GEMM: eight outputs of a word in the order 0, 2, 4, 6, 1, 3, 5, 7.</summary>
    Dealt,

    /// <summary>AWQ GEMV_FAST: four outputs and 64 inputs woven.</summary>
    Woven,
}

/// <summary>
/// Where in an array a number stands: strings of fields in words. Word k of string s is word <c>s * StringStride + k * WordStride</c> of the
/// array, the first field of a word its lowest bits. Arrays of plain numbers have one field in a word.
/// </summary>
internal sealed record FieldGrid(
    GridAxis Strings, GridAxis Fields, int Bits, int WordBytes, long StringStride, long WordStride, long ByteLength,
    FieldOrder Order = FieldOrder.Dense)
{
    private int WordBits => 8 * WordBytes;

    private uint Mask => uint.MaxValue >> (32 - Bits);

    /// <summary>Fields after which a word begins anew.</summary>
    private long Cycle => Order switch
    {
        FieldOrder.Padded => WordBits / Bits,
        FieldOrder.Woven => long.MaxValue,
        _ => WordBits / Gcd(WordBits, Bits),
    };

    private long CycleWords => Order is FieldOrder.Padded or FieldOrder.Woven ? 1 : Cycle * Bits / WordBits;

    /// <summary>Copies a block of fields into an array of the same kind of other extents, which holds zeros there.</summary>
    public void Copy(
        ReadOnlySpan<byte> source, (long String, long Field) from, FieldGrid target, Span<byte> destination, (long String, long Field) to,
        long strings, long fields)
    {
        long whole = 0;
        if (from.Field % Cycle == 0 && to.Field % Cycle == 0)
        {
            whole = fields / Cycle * Cycle;
            CopyWords(source, from, target, destination, to, strings, whole / Cycle * CycleWords);
        }

        for (long s = 0; s < strings; s++)
        {
            for (long f = whole; f < fields; f++)
            {
                target.Put(destination, to.String + s, to.Field + f, Get(source, from.String + s, from.Field + f));
            }
        }
    }

    private void CopyWords(
        ReadOnlySpan<byte> source, (long String, long Field) from, FieldGrid target, Span<byte> destination, (long String, long Field) to,
        long strings, long words)
    {
        if (words == 0)
        {
            return;
        }

        long first = (from.String * StringStride) + (from.Field / Cycle * CycleWords * WordStride);
        long toFirst = (to.String * target.StringStride) + (to.Field / Cycle * CycleWords * target.WordStride);

        // Either the words of a string are neighbours, or the strings are.
        bool alongWords = WordStride == 1 && target.WordStride == 1;
        long lines = alongWords ? strings : words;
        int bytes = checked((int)((alongWords ? words : strings) * WordBytes));
        long stride = alongWords ? StringStride : WordStride, toStride = alongWords ? target.StringStride : target.WordStride;
        for (long line = 0; line < lines; line++)
        {
            int at = checked((int)((first + (line * stride)) * WordBytes));
            int toAt = checked((int)((toFirst + (line * toStride)) * WordBytes));
            source.Slice(at, bytes).CopyTo(destination[toAt..]);
        }
    }

    private uint Get(ReadOnlySpan<byte> array, long text, long field)
    {
        (long word, int shift) = Place(text, field);
        uint value = Word(array, word) >> shift;
        if (shift + Bits > WordBits)
        {
            value |= Word(array, word + WordStride) << (WordBits - shift);
        }

        return value & Mask;
    }

    private void Put(Span<byte> array, long text, long field, uint value)
    {
        (long word, int shift) = Place(text, field);
        SetBits(array, word, value << shift);
        if (shift + Bits > WordBits)
        {
            SetBits(array, word + WordStride, value >> (WordBits - shift));
        }
    }

    private (long Word, int Shift) Place(long text, long field)
    {
        if (Order == FieldOrder.Woven)
        {
            // The low five bits of an input, aabbc, stand as bbcaa.
            long low = field % 32, woven = ((low >> 1 & 3) << 3) | ((low & 1) << 2) | (low >> 3);
            long n = (text % 4 * 64) + (field & 32) + woven;
            return ((text / 4 * StringStride) + (field / 64 * 64) + (n / 4), (int)(n % 4) * Bits);
        }

        if (Order == FieldOrder.Dealt)
        {
            long j = field % 8;
            field = field - j + (j % 2 * 4) + (j / 2);
        }

        long bit = Order == FieldOrder.Padded ? (field / Cycle * WordBits) + (field % Cycle * Bits) : field * Bits;
        return ((text * StringStride) + (bit / WordBits * WordStride), (int)(bit % WordBits));
    }

    private uint Word(ReadOnlySpan<byte> array, long word)
    {
        ReadOnlySpan<byte> at = array.Slice(checked((int)(word * WordBytes)), WordBytes);
        return WordBytes switch
        {
            1 => at[0],
            2 => BinaryPrimitives.ReadUInt16LittleEndian(at),
            _ => BinaryPrimitives.ReadUInt32LittleEndian(at),
        };
    }

    private void SetBits(Span<byte> array, long word, uint bits)
    {
        Span<byte> at = array.Slice(checked((int)(word * WordBytes)), WordBytes);
        for (int i = 0; i < WordBytes; i++)
        {
            at[i] |= (byte)(bits >> (8 * i));
        }
    }

    internal static long Gcd(long a, long b) => b == 0 ? a : Gcd(b, a % b);
}
