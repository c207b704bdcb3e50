using System.Runtime.InteropServices;

namespace Quant.Net.Bindings.Clang;

/// <summary>Strings of libclang, as .NET strings.</summary>
internal static unsafe class ClangText
{
    /// <summary>Copies a string and frees the original.</summary>
    public static string Take(LibClang.String text)
    {
        string copy = Marshal.PtrToStringUTF8((nint)LibClang.clang_getCString(text)) ?? "";
        LibClang.clang_disposeString(text);
        return copy;
    }

    /// <summary>The name that a declaration introduces.</summary>
    public static string Name(LibClang.Cursor cursor) => Take(LibClang.clang_getCursorSpelling(cursor));
}
