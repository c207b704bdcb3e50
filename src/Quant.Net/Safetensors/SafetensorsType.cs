namespace Quant.Net.Safetensors;

/// <summary>
/// The type of a tensor in a safetensors file. The names are those of the files; the list is <c>Dtype</c> of the format's own
/// implementation (huggingface/safetensors, <c>safetensors/src/tensor.rs</c>).
/// </summary>
public enum SafetensorsType
{
    /// <summary>Truth values, one byte each.</summary>
    BOOL = 0,

    /// <summary>4-bit floating point (E2M1 of the OCP microscaling formats), two in a byte.</summary>
    F4 = 1,

    /// <summary>6-bit floating point with 2 bits of exponent (OCP microscaling formats), four in three bytes.</summary>
    F6_E2M3 = 2,

    /// <summary>6-bit floating point with 3 bits of exponent (OCP microscaling formats), four in three bytes.</summary>
    F6_E3M2 = 3,

    /// <summary>Unsigned 8-bit integers.</summary>
    U8 = 4,

    /// <summary>Signed 8-bit integers.</summary>
    I8 = 5,

    /// <summary>8-bit floating point with 5 bits of exponent, infinities and NaNs.</summary>
    F8_E5M2 = 6,

    /// <summary>8-bit floating point with 4 bits of exponent, NaNs and no infinities.</summary>
    F8_E4M3 = 7,

    /// <summary>Powers of two as scales: 8 bits of exponent and nothing else.</summary>
    F8_E8M0 = 8,

    /// <summary>8-bit floating point with 4 bits of exponent, one NaN, no infinities and no negative zero.</summary>
    F8_E4M3FNUZ = 9,

    /// <summary>8-bit floating point with 5 bits of exponent, one NaN, no infinities and no negative zero.</summary>
    F8_E5M2FNUZ = 10,

    /// <summary>Signed 16-bit integers.</summary>
    I16 = 11,

    /// <summary>Unsigned 16-bit integers.</summary>
    U16 = 12,

    /// <summary>16-bit floating point.</summary>
    F16 = 13,

    /// <summary>Floating point with the exponent of 32 bits in 16.</summary>
    BF16 = 14,

    /// <summary>Signed 32-bit integers.</summary>
    I32 = 15,

    /// <summary>Unsigned 32-bit integers.</summary>
    U32 = 16,

    /// <summary>32-bit floating point.</summary>
    F32 = 17,

    /// <summary>Complex numbers of two 32-bit floating-point parts.</summary>
    C64 = 18,

    /// <summary>64-bit floating point.</summary>
    F64 = 19,

    /// <summary>Signed 64-bit integers.</summary>
    I64 = 20,

    /// <summary>Unsigned 64-bit integers.</summary>
    U64 = 21,
}
