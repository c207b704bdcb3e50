using System.Runtime.InteropServices;
using System.Text;

namespace Quant.Net.Benchmarks.Kernels;

/// <summary>Encodes rows of floats.</summary>
/// <param name="source">The floats, rows behind each other.</param>
/// <param name="destination">Receives the packed rows.</param>
/// <param name="rows">How many rows there are.</param>
/// <param name="columns">How long each is.</param>
/// <param name="importance">How much each column matters; null: equally.</param>
internal unsafe delegate void RowEncoder(float* source, byte* destination, long rows, long columns, float* importance);

/// <summary>Another library's decoders and encoders: a ggml library, called through its C interface.</summary>
internal sealed unsafe class Peer
{
    private readonly nint _library;
    private readonly delegate* unmanaged<int, TypeTraits*> _typeTraits;

    /// <summary>Loads a library.</summary>
    /// <param name="name">How results call it.</param>
    /// <param name="path">The file, usually <c>libggml-base.so</c>.</param>
    /// <exception cref="DllNotFoundException">There is no such library.</exception>
    /// <exception cref="EntryPointNotFoundException">It is no ggml library.</exception>
    public Peer(string name, string path)
    {
        Name = name;
        _library = NativeLibrary.Load(Path.GetFullPath(path));
        _typeTraits = (delegate* unmanaged<int, TypeTraits*>)NativeLibrary.GetExport(_library, "ggml_get_type_traits");
    }

    public string Name { get; }

    /// <summary>The library's own word on its version, if it has one.</summary>
    public string Version => NativeLibrary.TryGetExport(_library, "ggml_version", out nint version)
        ? Marshal.PtrToStringUTF8((nint)((delegate* unmanaged<byte*>)version)()) ?? ""
        : "";

    /// <summary>The library's decoder of a format; null if it has none.</summary>
    /// <exception cref="InvalidDataException">It describes the format otherwise than this library does.</exception>
    public delegate* unmanaged<byte*, float*, long, void> DecoderOf(QuantFormatInfo format)
    {
        if (RowFunctionOf(format) is not { } function || !NativeLibrary.TryGetExport(_library, function, out _))
        {
            return null;
        }

        return TraitsOf(format)->ToFloat;
    }

    /// <summary>The library's encoder of a format; null if it has none.</summary>
    /// <exception cref="InvalidDataException">It describes the format otherwise than this library does.</exception>
    public RowEncoder? EncoderOf(QuantFormatInfo format)
    {
        // No file has these two, so that only the functions of their rows encode them.
        if (format.Format is QuantFormat.Q8_1 or QuantFormat.Q8_K)
        {
            return NativeLibrary.TryGetExport(_library, $"quantize_row_{FunctionNameOf(format)}_ref", out nint row)
                ? (source, destination, rows, columns, _) =>
                    ((delegate* unmanaged<float*, byte*, long, void>)row)(source, destination, rows * columns)
                : null;
        }

        if (DecoderOf(format) is null || !NativeLibrary.TryGetExport(_library, "ggml_quantize_chunk", out nint chunk))
        {
            return null;
        }

        int type = (int)format.Format;
        return (source, destination, rows, columns, importance) =>
            ((delegate* unmanaged<int, float*, byte*, long, long, long, float*, nuint>)chunk)(
                type, source, destination, 0, rows, columns, importance);
    }

    // What the library says of a type that it knows.
    private TypeTraits* TraitsOf(QuantFormatInfo format)
    {
        // The layout of the struct is no promise of the library: what it says of the format tells whether it is the one known here.
        TypeTraits* traits = _typeTraits((int)format.Format);
        string found = $"{ReadName(traits->TypeName)} of {traits->BlockValues} values in {traits->BlockBytes} bytes";
        string expected = $"{format.Name} of {format.ValuesPerBlock} values in {format.BytesPerBlock} bytes";
        return string.Equals(found, expected, StringComparison.OrdinalIgnoreCase)
            ? traits
            : throw new InvalidDataException($"{Name}: type {(int)format.Format} is {found}, expected {expected}");
    }

    // Asking for the traits of a type that the library does not know is undefined, but then it has no such function either.
    private static string? RowFunctionOf(QuantFormatInfo format) => format.Format switch
    {
        QuantFormat.F16 => "ggml_fp16_to_fp32_row",
        QuantFormat.BF16 => "ggml_bf16_to_fp32_row",
        _ when format.ValuesPerBlock > 1 => $"dequantize_row_{FunctionNameOf(format)}",
        _ => null,
    };

    // q4_0, iq2_xxs, but q4_K
    private static string FunctionNameOf(QuantFormatInfo format) =>
        format.Name.ToLowerInvariant().Replace("_k", "_K", StringComparison.Ordinal);

    // Not longer than the longest name, in case this is no name at all.
    private static string ReadName(byte* name)
    {
        var text = new StringBuilder();
        for (; *name != 0 && text.Length < 16; name++)
        {
            text.Append((char)*name);
        }

        return text.ToString();
    }

    /// <summary>ggml.h: <c>struct ggml_type_traits</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct TypeTraits
    {
        public readonly byte* TypeName;
        public readonly long BlockValues;
        public readonly long BlockInterleave;
        public readonly nuint BlockBytes;
        public readonly byte IsQuantized;
        public readonly delegate* unmanaged<byte*, float*, long, void> ToFloat;
        public readonly delegate* unmanaged<float*, byte*, long, void> FromFloat;
    }
}
