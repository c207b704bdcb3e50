using System.Buffers.Binary;
using System.Text;

namespace Quant.Net.Tests.Importance;

/// <summary>Builds importance matrices of the binary form, valid or not.</summary>
internal sealed class BinaryFile
{
    private readonly MemoryStream _bytes = new();
    private int _entries;

    /// <summary>The number of entries that is written, if not that of <see cref="Entry(string, int, float[])"/>.</summary>
    public int? EntryCount { get; init; }

    public BinaryFile Entry(string name, int calls, params float[] values) => Entry(Encoding.UTF8.GetBytes(name), calls, values);

    public BinaryFile Entry(byte[] name, int calls, float[] values, int? nameLength = null, int? count = null)
    {
        _entries++;
        Number(nameLength ?? name.Length).Raw(name).Number(calls).Number(count ?? values.Length);
        foreach (float value in values)
        {
            Number(BitConverter.SingleToInt32Bits(value));
        }

        return this;
    }

    public BinaryFile Number(int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return Raw(bytes);
    }

    public BinaryFile Raw(params ReadOnlySpan<byte> bytes)
    {
        _bytes.Write(bytes);
        return this;
    }

    public byte[] ToArray() => [.. BitConverter.GetBytes(EntryCount ?? _entries), .. _bytes.ToArray()];
}
