using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;

namespace Quant.Net.Gguf;

// Values that do not come from a file: for GgufWriter.
public sealed partial class GgufValue
{
    /// <summary>A number: any of the integer types of 8 to 64 bits, <see cref="float"/> or <see cref="double"/>.</summary>
    /// <typeparam name="T">The number's type, which decides the value's.</typeparam>
    /// <param name="number">The number.</param>
    /// <exception cref="ArgumentException">GGUF has no such type.</exception>
    public static GgufValue FromNumber<T>(T number)
        where T : unmanaged, INumberBase<T> =>
        new(NumberType<T>(), MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in number)).ToArray(), sizeof(ulong));

    /// <summary>A boolean.</summary>
    /// <param name="value">The boolean.</param>
    public static GgufValue FromBoolean(bool value) => new(GgufValueType.Boolean, new byte[] { value ? (byte)1 : (byte)0 }, sizeof(ulong));

    /// <summary>A text.</summary>
    /// <param name="text">The text.</param>
    public static GgufValue FromString(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return FromUtf8(Encoding.UTF8.GetBytes(text));
    }

    /// <summary>A text from its bytes, which are kept as they are.</summary>
    /// <param name="text">The text.</param>
    public static GgufValue FromUtf8(ReadOnlySpan<byte> text)
    {
        var raw = new ArrayBufferWriter<byte>(sizeof(ulong) + text.Length);
        WriteString(raw, text);
        return new GgufValue(GgufValueType.String, raw.WrittenMemory, sizeof(ulong));
    }

    /// <summary>An array of numbers.</summary>
    /// <typeparam name="T">The numbers' type, which decides that of the elements.</typeparam>
    /// <param name="numbers">The numbers.</param>
    /// <exception cref="ArgumentException">GGUF has no such type.</exception>
    public static GgufValue FromArray<T>(ReadOnlySpan<T> numbers)
        where T : unmanaged, INumberBase<T>
    {
        var raw = new ArrayBufferWriter<byte>();
        WriteArrayHead(raw, NumberType<T>(), numbers.Length);
        raw.Write(MemoryMarshal.AsBytes(numbers));
        return new GgufValue(GgufValueType.Array, raw.WrittenMemory, sizeof(ulong));
    }

    /// <summary>An array of texts.</summary>
    /// <param name="texts">The texts.</param>
    public static GgufValue FromArray(IReadOnlyCollection<string> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        return FromArray(GgufValueType.String, texts.Select(FromString).ToList());
    }

    /// <summary>An array of values of one type, such as an array of arrays.</summary>
    /// <param name="elementType">The type of all elements.</param>
    /// <param name="elements">The elements.</param>
    /// <exception cref="ArgumentException">An element has another type, or arrays are nested more than 8 deep.</exception>
    public static GgufValue FromArray(GgufValueType elementType, IReadOnlyCollection<GgufValue> elements)
    {
        ArgumentNullException.ThrowIfNull(elements);
        if (!GgufLayout.IsValueType((uint)elementType))
        {
            throw new ArgumentException($"GGUF has no type {(int)elementType}.", nameof(elementType));
        }

        var raw = new ArrayBufferWriter<byte>();
        WriteArrayHead(raw, elementType, elements.Count);
        foreach (GgufValue element in elements)
        {
            if (element.Type != elementType)
            {
                throw new ArgumentException(
                    $"An element is {GgufLayout.Name(element.Type)} in an array of {GgufLayout.Name(elementType)}.", nameof(elements));
            }

            element.WriteTo(raw);
        }

        var value = new GgufValue(GgufValueType.Array, raw.WrittenMemory, sizeof(ulong));
        return value.Depth <= GgufLayout.DeepestNesting
            ? value
            : throw new ArgumentException($"Arrays are nested more than {GgufLayout.DeepestNesting} deep.", nameof(elements));
    }

    /// <summary>Writes the value as files of version 2 and 3 have it, without its type.</summary>
    internal void WriteTo(IBufferWriter<byte> writer)
    {
        if (_countSize == sizeof(ulong) || GgufLayout.FixedSize(Type) > 0)
        {
            writer.Write(_raw.Span);
            return;
        }

        if (Type == GgufValueType.String)
        {
            WriteString(writer, GetUtf8());
            return;
        }

        WriteArrayHead(writer, ElementType!.Value, Count);
        if (GgufLayout.FixedSize(ElementType.Value) > 0)
        {
            writer.Write(_raw.Span[ElementsStart..]);
            return;
        }

        for (int i = 0; i < Count; i++)
        {
            this[i].WriteTo(writer);
        }
    }

    private int Depth
    {
        get
        {
            int deepest = 0;
            for (int i = 0; ElementType == GgufValueType.Array && i < Count; i++)
            {
                deepest = Math.Max(deepest, this[i].Depth);
            }

            return IsArray ? deepest + 1 : 0;
        }
    }

    private static void WriteString(IBufferWriter<byte> writer, ReadOnlySpan<byte> text)
    {
        WriteUInt64(writer, (ulong)text.Length);
        writer.Write(text);
    }

    private static void WriteArrayHead(IBufferWriter<byte> writer, GgufValueType elementType, int count)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(writer.GetSpan(sizeof(uint)), (uint)elementType);
        writer.Advance(sizeof(uint));
        WriteUInt64(writer, (ulong)count);
    }

    private static void WriteUInt64(IBufferWriter<byte> writer, ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(writer.GetSpan(sizeof(ulong)), value);
        writer.Advance(sizeof(ulong));
    }

    private static GgufValueType NumberType<T>() =>
        TypeOf<T>() ?? throw new ArgumentException($"GGUF has no type for {typeof(T).Name}.");

    private static GgufValueType? TypeOf<T>() =>
        typeof(T) == typeof(byte) ? GgufValueType.UInt8
        : typeof(T) == typeof(sbyte) ? GgufValueType.Int8
        : typeof(T) == typeof(ushort) ? GgufValueType.UInt16
        : typeof(T) == typeof(short) ? GgufValueType.Int16
        : typeof(T) == typeof(uint) ? GgufValueType.UInt32
        : typeof(T) == typeof(int) ? GgufValueType.Int32
        : typeof(T) == typeof(ulong) ? GgufValueType.UInt64
        : typeof(T) == typeof(long) ? GgufValueType.Int64
        : typeof(T) == typeof(float) ? GgufValueType.Float32
        : typeof(T) == typeof(double) ? GgufValueType.Float64
        : null;
}
