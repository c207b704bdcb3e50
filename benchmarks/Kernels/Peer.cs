using System.Runtime.InteropServices;
using System.Text;

namespace Quant.Net.Benchmarks.Kernels;

/// <summary>Another library's decoders: a ggml library, called through its C interface.</summary>
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

        // The layout of the struct is no promise of the library: what it says of the format tells whether it is the one known here.
        TypeTraits* traits = _typeTraits((int)format.Format);
        string found = $"{ReadName(traits->TypeName)} of {traits->BlockValues} values in {traits->BlockBytes} bytes";
        string expected = $"{format.Name} of {format.ValuesPerBlock} values in {format.BytesPerBlock} bytes";
        return string.Equals(found, expected, StringComparison.OrdinalIgnoreCase)
            ? traits->ToFloat
            : throw new InvalidDataException($"{Name}: type {(int)format.Format} is {found}, expected {expected}");
    }

    // Asking for the traits of a type that the library does not know is undefined, but then it has no such function either.
    private static string? RowFunctionOf(QuantFormatInfo format) => format.Format switch
    {
        QuantFormat.F16 => "ggml_fp16_to_fp32_row",
        QuantFormat.BF16 => "ggml_bf16_to_fp32_row",
        // dequantize_row_q4_0, dequantize_row_iq2_xxs, but dequantize_row_q4_K
        _ when format.ValuesPerBlock > 1 =>
            $"dequantize_row_{format.Name.ToLowerInvariant()}".Replace("_k", "_K", StringComparison.Ordinal),
        _ => null,
    };

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
