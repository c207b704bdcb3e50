namespace Quant.Net.Gguf;

/// <summary>The type of a metadata value, with the number that GGUF files use for it.</summary>
public enum GgufValueType
{
    /// <summary>An unsigned 8-bit integer.</summary>
    UInt8 = 0,

    /// <summary>A signed 8-bit integer.</summary>
    Int8 = 1,

    /// <summary>An unsigned 16-bit integer.</summary>
    UInt16 = 2,

    /// <summary>A signed 16-bit integer.</summary>
    Int16 = 3,

    /// <summary>An unsigned 32-bit integer.</summary>
    UInt32 = 4,

    /// <summary>A signed 32-bit integer.</summary>
    Int32 = 5,

    /// <summary>A 32-bit floating-point number.</summary>
    Float32 = 6,

    /// <summary>True or false, in one byte.</summary>
    Boolean = 7,

    /// <summary>Text, which should be UTF-8 but need not be.</summary>
    String = 8,

    /// <summary>Values of one type, which may be arrays again.</summary>
    Array = 9,

    /// <summary>An unsigned 64-bit integer.</summary>
    UInt64 = 10,

    /// <summary>A signed 64-bit integer.</summary>
    Int64 = 11,

    /// <summary>A 64-bit floating-point number.</summary>
    Float64 = 12,
}
