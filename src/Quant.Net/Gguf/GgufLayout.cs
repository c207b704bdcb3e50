namespace Quant.Net.Gguf;

/// <summary>The numbers of the file format that reader and writer share.</summary>
internal static class GgufLayout
{
    /// <summary>"GGUF", read as a little-endian number.</summary>
    public const uint Magic = 0x46554747;

    /// <summary>The version that is written; 1 to this one are read.</summary>
    public const uint Version = 3;

    public const string AlignmentKey = "general.alignment";
    public const string ArchitectureKey = "general.architecture";
    public const string FileTypeKey = "general.file_type";
    private const string SplitPrefix = "split.";
    public const string SplitNumberKey = "split.no";
    public const string SplitCountKey = "split.count";
    public const string SplitTensorCountKey = "split.tensors.count";

    public const uint DefaultAlignment = 32;

    /// <summary>The specification's limit for keys.</summary>
    public const int LongestKey = 65535;

    /// <summary>The specification's limit for tensor names. ggml itself reads one byte less.</summary>
    public const int LongestTensorName = 64;

    /// <summary>The specification's limit.</summary>
    public const int MostDimensions = 4;

    /// <summary>Arrays within arrays. The specification has no limit; nobody is known to use more than two levels.</summary>
    public const int DeepestNesting = 8;

    /// <summary>Type numbers from here on are this library's own and do not occur in GGUF files.</summary>
    private const uint FirstForeignType = 1000;

    /// <summary>The bytes of a value of fixed size, 0 for strings and arrays.</summary>
    public static int FixedSize(GgufValueType type) => type switch
    {
        GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.Boolean => 1,
        GgufValueType.UInt16 or GgufValueType.Int16 => 2,
        GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.Float32 => 4,
        GgufValueType.UInt64 or GgufValueType.Int64 or GgufValueType.Float64 => 8,
        _ => 0,
    };

    /// <summary>The type's name as messages and listings show it.</summary>
    public static string Name(GgufValueType type) => type switch
    {
        GgufValueType.UInt8 => "u8",
        GgufValueType.Int8 => "i8",
        GgufValueType.UInt16 => "u16",
        GgufValueType.Int16 => "i16",
        GgufValueType.UInt32 => "u32",
        GgufValueType.Int32 => "i32",
        GgufValueType.Float32 => "f32",
        GgufValueType.Boolean => "bool",
        GgufValueType.String => "string",
        GgufValueType.Array => "array",
        GgufValueType.UInt64 => "u64",
        GgufValueType.Int64 => "i64",
        GgufValueType.Float64 => "f64",
        _ => IO.ErrorText.Invariant($"type {(uint)type}"),
    };

    /// <summary>Whether a key says which part of a split model a file is.</summary>
    public static bool IsSplitKey(string key) => key.StartsWith(SplitPrefix, StringComparison.Ordinal);

    /// <summary>Whether a number is one of the metadata types.</summary>
    public static bool IsValueType(uint number) => number <= (uint)GgufValueType.Float64;

    /// <summary>What is known of a tensor's type number; null if nothing is.</summary>
    public static QuantFormatInfo? Format(uint typeNumber) =>
        typeNumber < FirstForeignType && QuantFormats.TryGet((QuantFormat)typeNumber, out QuantFormatInfo? info) ? info : null;

    /// <summary>A tensor type's name, also for types that cannot be decoded.</summary>
    public static string FormatName(uint typeNumber) => Format(typeNumber)?.Name ?? typeNumber switch
    {
        4 => "Q4_2 (removed from ggml)",
        5 => "Q4_3 (removed from ggml)",
        31 => "Q4_0_4_4 (removed from ggml)",
        32 => "Q4_0_4_8 (removed from ggml)",
        33 => "Q4_0_8_8 (removed from ggml)",
        36 => "IQ4_NL_4_4 (removed from ggml)",
        37 => "IQ4_NL_4_8 (removed from ggml)",
        38 => "IQ4_NL_8_8 (removed from ggml)",
        _ => IO.ErrorText.Invariant($"type {typeNumber}"),
    };

    /// <summary>The next multiple of an alignment, which is a power of two.</summary>
    public static ulong Pad(ulong offset, uint alignment) => checked(offset + (alignment - 1)) & ~(ulong)(alignment - 1);
}
