using System.Buffers.Binary;
using System.Text;

namespace Quant.Net.Tests.Safetensors;

/// <summary>Puts safetensors files together from texts, valid or not, without the library's own writer.</summary>
internal static class SafetensorsText
{
    /// <summary>A file: the length of the header, the header, and so many bytes of data.</summary>
    public static byte[] File(string header, int data = 0, ulong? length = null) => File(Encoding.UTF8.GetBytes(header), data, length);

    public static byte[] File(byte[] header, int data = 0, ulong? length = null)
    {
        byte[] bytes = new byte[sizeof(ulong) + header.Length + data];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length ?? (ulong)header.Length);
        header.CopyTo(bytes, sizeof(ulong));
        return bytes;
    }

    /// <summary>A header's entry of a tensor.</summary>
    public static string Tensor(string name, string shape, string offsets, string type = "F32") =>
        $$"""
        "{{name}}":{"dtype":"{{type}}","shape":{{shape}},"data_offsets":{{offsets}}}
        """;
}
