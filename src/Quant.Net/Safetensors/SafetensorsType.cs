namespace Quant.Net.Safetensors;

/// <summary>The type of a tensor in a safetensors file. The names are those of the files.</summary>
public enum SafetensorsType
{
    /// <summary>Truth values, one byte each.</summary>
    BOOL,

    /// <summary>Unsigned 8-bit integers.</summary>
    U8,

    /// <summary>Signed 8-bit integers.</summary>
    I8,

    /// <summary>8-bit floating point with 5 bits of exponent.</summary>
    F8_E5M2,

    /// <summary>8-bit floating point with 4 bits of exponent.</summary>
    F8_E4M3,

    /// <summary>Signed 16-bit integers.</summary>
    I16,

    /// <summary>Unsigned 16-bit integers.</summary>
    U16,

    /// <summary>16-bit floating point.</summary>
    F16,

    /// <summary>Floating point with the exponent of 32 bits in 16.</summary>
    BF16,

    /// <summary>Signed 32-bit integers.</summary>
    I32,

    /// <summary>Unsigned 32-bit integers.</summary>
    U32,

    /// <summary>32-bit floating point.</summary>
    F32,

    /// <summary>64-bit floating point.</summary>
    F64,

    /// <summary>Signed 64-bit integers.</summary>
    I64,

    /// <summary>Unsigned 64-bit integers.</summary>
    U64,
}
