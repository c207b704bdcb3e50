using System.Runtime.InteropServices;
using System.Text;

namespace Quant.Net.Native;

/// <summary>Text of the native library, which is UTF-8 and ends in zero.</summary>
internal static unsafe class NativeText
{
    /// <summary>Copies a text that the library owns.</summary>
    public static string Read(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";

    /// <summary>Copies a text that fills at most <paramref name="buffer"/>.</summary>
    public static string Read(ReadOnlySpan<byte> buffer)
    {
        int end = buffer.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? buffer : buffer[..end]);
    }

    /// <summary>Makes a text that the library can read. The caller makes sure that there is no zero inside.</summary>
    public static byte[] Write(string text)
    {
        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, bytes);
        return bytes;
    }
}
