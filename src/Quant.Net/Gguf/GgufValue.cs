using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;

namespace Quant.Net.Gguf;

/// <summary>
/// A metadata value: a number, a boolean, a text, or an array of these or of arrays. A value of a file is a view into it and
/// fails with <see cref="ObjectDisposedException"/> once the file is closed; opening a model does not read long arrays.
/// </summary>
public sealed partial class GgufValue
{
    private readonly ReadOnlyMemory<byte> _raw;
    private readonly int _countSize;
    private int[]? _starts;   // where the elements begin whose sizes differ; made when first asked for

    internal GgufValue(GgufValueType type, ReadOnlyMemory<byte> raw, int countSize)
    {
        Type = type;
        _raw = raw;
        _countSize = countSize;
        if (type == GgufValueType.Array)
        {
            ElementType = (GgufValueType)BinaryPrimitives.ReadUInt32LittleEndian(raw.Span);
            Count = (int)ReadCount(raw.Span[sizeof(uint)..], countSize);
        }
        else
        {
            Count = 1;
        }
    }

    /// <summary>The value's type.</summary>
    public GgufValueType Type { get; }

    /// <summary>Whether it is an array.</summary>
    public bool IsArray => Type == GgufValueType.Array;

    /// <summary>The type of an array's elements; null for anything else.</summary>
    public GgufValueType? ElementType { get; }

    /// <summary>The number of elements of an array; 1 for anything else.</summary>
    public int Count { get; }

    /// <summary>
    /// The value as it stands in its file, without its type: a string with its length, an array with element type and count
    /// (lengths and counts have 4 bytes in files of version 1, else 8).
    /// </summary>
    public ReadOnlyMemory<byte> RawBytes => _raw;

    /// <summary>An element of an array.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    /// <exception cref="InvalidOperationException">The value is no array.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such element.</exception>
    public GgufValue this[int index]
    {
        get
        {
            GgufValueType element = ElementType ?? throw WrongType("an array");
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            if (GgufLayout.FixedSize(element) is > 0 and int size)
            {
                return new GgufValue(element, _raw.Slice(ElementsStart + (index * size), size), _countSize);
            }

            int[] starts = _starts ??= FindStarts(element);
            return new GgufValue(element, _raw[starts[index]..starts[index + 1]], _countSize);
        }
    }

    /// <summary>The value as a number of another type, if that loses nothing: a model may store a count in any integer type.</summary>
    /// <typeparam name="T">A numeric type.</typeparam>
    /// <param name="value">The number, or zero.</param>
    /// <returns>False if the value is no number or does not fit <typeparamref name="T"/> exactly.</returns>
    public bool TryGet<T>(out T value)
        where T : struct, INumberBase<T>
    {
        ReadOnlySpan<byte> raw = _raw.Span;
        return Type switch
        {
            GgufValueType.UInt8 => FromInteger(raw[0], out value),
            GgufValueType.Int8 => FromInteger((sbyte)raw[0], out value),
            GgufValueType.UInt16 => FromInteger(BinaryPrimitives.ReadUInt16LittleEndian(raw), out value),
            GgufValueType.Int16 => FromInteger(BinaryPrimitives.ReadInt16LittleEndian(raw), out value),
            GgufValueType.UInt32 => FromInteger(BinaryPrimitives.ReadUInt32LittleEndian(raw), out value),
            GgufValueType.Int32 => FromInteger(BinaryPrimitives.ReadInt32LittleEndian(raw), out value),
            GgufValueType.UInt64 => FromInteger(BinaryPrimitives.ReadUInt64LittleEndian(raw), out value),
            GgufValueType.Int64 => FromInteger(BinaryPrimitives.ReadInt64LittleEndian(raw), out value),
            GgufValueType.Float32 => FromReal(BinaryPrimitives.ReadSingleLittleEndian(raw), out value),
            GgufValueType.Float64 => FromReal(BinaryPrimitives.ReadDoubleLittleEndian(raw), out value),
            _ => Fail(out value),
        };
    }

    /// <summary>The value as a number, as <see cref="TryGet"/>.</summary>
    /// <typeparam name="T">A numeric type.</typeparam>
    /// <exception cref="InvalidOperationException">The value is no number or does not fit <typeparamref name="T"/> exactly.</exception>
    public T Get<T>()
        where T : struct, INumberBase<T> => TryGet(out T value) ? value : throw WrongType($"a number that fits {typeof(T).Name}");

    /// <summary>The value as a boolean.</summary>
    /// <exception cref="InvalidOperationException">The value is no boolean.</exception>
    public bool GetBoolean() => Type == GgufValueType.Boolean ? _raw.Span[0] != 0 : throw WrongType("a boolean");

    /// <summary>The value as text; bytes that are not UTF-8 show as U+FFFD (<see cref="GetUtf8"/> has them as they are).</summary>
    /// <exception cref="InvalidOperationException">The value is no string.</exception>
    public string GetString() => Encoding.UTF8.GetString(GetUtf8());

    /// <summary>The bytes of a text.</summary>
    /// <exception cref="InvalidOperationException">The value is no string.</exception>
    public ReadOnlySpan<byte> GetUtf8() => Type == GgufValueType.String ? _raw.Span[_countSize..] : throw WrongType("a string");

    /// <summary>The numbers of an array, each converted as by <see cref="TryGet"/>.</summary>
    /// <typeparam name="T">A numeric type.</typeparam>
    /// <exception cref="InvalidOperationException">The value is no array of numbers that fit <typeparamref name="T"/> exactly.</exception>
    public T[] ToArray<T>()
        where T : unmanaged, INumberBase<T>
    {
        GgufValueType element = ElementType ?? throw WrongType("an array");
        var values = new T[Count];
        if (TypeOf<T>() == element)
        {
            _raw.Span[ElementsStart..].CopyTo(MemoryMarshal.AsBytes(values.AsSpan()));
            return values;
        }

        for (int i = 0; i < values.Length; i++)
        {
            values[i] = this[i].Get<T>();
        }

        return values;
    }

    /// <summary>The texts of an array, each as by <see cref="GetString"/>.</summary>
    /// <exception cref="InvalidOperationException">The value is no array of strings.</exception>
    public string[] ToStringArray()
    {
        if (ElementType != GgufValueType.String)
        {
            throw WrongType("an array of strings");
        }

        var values = new string[Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = this[i].GetString();
        }

        return values;
    }

    /// <summary>The value for a reader: a number, a text, or <c>u32[512]</c>.</summary>
    public override string ToString() => Type switch
    {
        GgufValueType.String => GetString(),
        GgufValueType.Boolean => GetBoolean() ? "true" : "false",
        GgufValueType.Array => IO.ErrorText.Invariant($"{GgufLayout.Name(ElementType!.Value)}[{Count}]"),
        GgufValueType.Float32 => Get<float>().ToString(CultureInfo.InvariantCulture),
        GgufValueType.Float64 => Get<double>().ToString(CultureInfo.InvariantCulture),
        _ => Get<Int128>().ToString(CultureInfo.InvariantCulture),
    };

    private int ElementsStart => sizeof(uint) + _countSize;

    private static ulong ReadCount(ReadOnlySpan<byte> raw, int countSize) =>
        countSize == sizeof(uint) ? BinaryPrimitives.ReadUInt32LittleEndian(raw) : BinaryPrimitives.ReadUInt64LittleEndian(raw);

    private int[] FindStarts(GgufValueType element)
    {
        var cursor = new GgufCursor(_raw.Span, "") { CountSize = _countSize };
        cursor.Take(ElementsStart, "array");
        var starts = new int[Count + 1];
        for (int i = 0; i < Count; i++)
        {
            starts[i] = cursor.Position;
            GgufValueWalk.Skip(ref cursor, element);
        }

        starts[^1] = cursor.Position;
        return starts;
    }

    private static bool FromInteger<T>(Int128 number, out T value)
        where T : struct, INumberBase<T>
    {
        value = T.CreateSaturating(number);
        return Int128.CreateSaturating(value) == number || Fail(out value);
    }

    private static bool FromReal<T>(double number, out T value)
        where T : struct, INumberBase<T>
    {
        value = T.CreateSaturating(number);
        return double.CreateSaturating(value).Equals(number) || Fail(out value);
    }

    private static bool Fail<T>(out T value)
        where T : struct
    {
        value = default;
        return false;
    }

    private InvalidOperationException WrongType(string wanted) =>
        new($"The metadata value is {(IsArray ? ToString() : GgufLayout.Name(Type))}, not {wanted}.");
}
