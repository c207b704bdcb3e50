using Quant.Net.IO;

namespace Quant.Net.Safetensors;

/// <summary>What is known of the types of safetensors files.</summary>
internal static class SafetensorsTypes
{
    private static readonly Dictionary<string, SafetensorsType> ByName =
        Enum.GetValues<SafetensorsType>().ToDictionary(type => type.ToString(), StringComparer.Ordinal);

    /// <summary>The names of all types, for messages.</summary>
    public static string Names => string.Join(", ", ByName.Keys);

    /// <summary>Bits of an element.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The type is none of the enumeration.</exception>
    public static int BitsPerElement(SafetensorsType type) => type switch
    {
        SafetensorsType.F4 => 4,
        SafetensorsType.F6_E2M3 or SafetensorsType.F6_E3M2 => 6,
        SafetensorsType.BOOL or SafetensorsType.U8 or SafetensorsType.I8 or SafetensorsType.F8_E5M2 or SafetensorsType.F8_E4M3
            or SafetensorsType.F8_E8M0 or SafetensorsType.F8_E4M3FNUZ or SafetensorsType.F8_E5M2FNUZ => 8,
        SafetensorsType.I16 or SafetensorsType.U16 or SafetensorsType.F16 or SafetensorsType.BF16 => 16,
        SafetensorsType.I32 or SafetensorsType.U32 or SafetensorsType.F32 => 32,
        SafetensorsType.F64 or SafetensorsType.I64 or SafetensorsType.U64 or SafetensorsType.C64 => 64,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No type of safetensors files."),
    };

    /// <summary>
    /// Bytes of a tensor; null if that is no whole number of bytes, as it may be for elements smaller than a byte, or if it is more
    /// than any file holds. No dimension is negative.
    /// </summary>
    public static long? ByteLength(SafetensorsType type, ReadOnlySpan<long> shape)
    {
        if (TensorShape.CountElements(shape) is not { } elements)
        {
            return null;
        }

        Int128 bits = (Int128)elements * BitsPerElement(type);
        return bits % 8 == 0 && bits / 8 <= long.MaxValue ? (long)(bits / 8) : null;
    }

    /// <summary>Whether the elements are real numbers that can be decoded to other floating-point types.</summary>
    public static bool IsFloat(SafetensorsType type) => type is not (SafetensorsType.BOOL or SafetensorsType.C64
        or SafetensorsType.U8 or SafetensorsType.I8 or SafetensorsType.U16 or SafetensorsType.I16
        or SafetensorsType.U32 or SafetensorsType.I32 or SafetensorsType.U64 or SafetensorsType.I64);

    /// <summary>The format that devices know the same bytes by; null if they know none.</summary>
    public static QuantFormat? Format(SafetensorsType type) => type switch
    {
        SafetensorsType.F32 => QuantFormat.F32,
        SafetensorsType.F16 => QuantFormat.F16,
        SafetensorsType.BF16 => QuantFormat.BF16,
        SafetensorsType.F64 => QuantFormat.F64,
        SafetensorsType.I8 => QuantFormat.I8,
        SafetensorsType.I16 => QuantFormat.I16,
        SafetensorsType.I32 => QuantFormat.I32,
        SafetensorsType.I64 => QuantFormat.I64,
        _ => null,
    };

    /// <summary>The type of a name as it stands in files.</summary>
    public static bool TryParse(string name, out SafetensorsType type) => ByName.TryGetValue(name, out type);
}
