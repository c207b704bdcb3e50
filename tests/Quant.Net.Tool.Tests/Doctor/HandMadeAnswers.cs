using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Quant.Net.Tool.Doctor;

namespace Quant.Net.Tool.Tests.Doctor;

/// <summary>Answers for the formats that the reference has no decoder for, or where decoding is a plain conversion.</summary>
internal static class HandMadeAnswers
{
    public static IEnumerable<KnownAnswer> All() =>
    [
        // Zeros, the ends of the range, subnormals, what f16 and bf16 round up, down, to even, to infinity and to subnormals.
        Same(QuantFormat.F32,
            0f, -0f, 1f, -1f, 0.1f, float.MaxValue, float.MinValue, float.Epsilon, -float.Epsilon, 65504f, 65519.99f, 65520f,
            float.PositiveInfinity, float.NegativeInfinity, float.NaN, 2049f, 2051f, 1.00390625f, 1.01171875f, 5.9604645e-8f,
            2.9802322e-8f, 2.9802326e-8f, 6.097555e-5f, 1.1754944e-38f, 3.4e38f),
        Q8_1(),
        Numbers(QuantFormat.I8, sizeof(sbyte), (buffer, value) => buffer[0] = (byte)value,
            (0, 0f), (1, 1f), (-1, -1f), (127, 127f), (-128, -128f), (42, 42f)),
        Numbers(QuantFormat.I16, sizeof(short), (buffer, value) => BinaryPrimitives.WriteInt16LittleEndian(buffer, (short)value),
            (0, 0f), (1, 1f), (-1, -1f), (32767, 32767f), (-32768, -32768f), (2049, 2049f), (257, 257f)),

        // From here on not every integer is a float32: ties go to the even one.
        Numbers(QuantFormat.I32, sizeof(int), (buffer, value) => BinaryPrimitives.WriteInt32LittleEndian(buffer, (int)value),
            (0, 0f), (-1, -1f), (16777217, 16777216f), (16777219, 16777220f), (-16777217, -16777216f), (2147483647, 2147483648f),
            (-2147483648, -2147483648f), (100000, 100000f)),

        // 2^62 + 2^38 is a tie between two float32, and one more is none: a detour over float64 would lose the one.
        Numbers(QuantFormat.I64, sizeof(long), BinaryPrimitives.WriteInt64LittleEndian,
            (0, 0f), (-1, -1f), (16777217, 16777216f), (4611686293305294848, 4611686018427387904f),
            (4611686293305294849, 4611686568183201792f), (-4611686293305294849, -4611686568183201792f),
            (long.MaxValue, 9223372036854775808f), (long.MinValue, -9223372036854775808f)),
        F64(
            (0.0, 0f), (-0.0, -0f), (1.0, 1f), (0.1, 0.1f), (1e300, float.PositiveInfinity), (-1e300, float.NegativeInfinity),
            (1e-300, 0f), (double.NaN, float.NaN), (1.0000000596046448, 1f), (1.0000000596046450, 1.0000001f),
            (1.401298464324817e-45, float.Epsilon), (3.4028235677973366e38, float.PositiveInfinity)),
    ];

    private static KnownAnswer Same(QuantFormat format, params float[] weights) =>
        new(format, true, MemoryMarshal.AsBytes(weights.AsSpan()).ToArray(), weights);

    // w = d * q. The second half of the header is a sum for dot products; an infinity there must not matter.
    private static KnownAnswer Q8_1()
    {
        const int Values = 32, Header = 4;
        (ushort ScaleBits, float Scale)[] blocks = [(0x3800, 0.5f), (0x0001, 5.9604645e-8f), (0xC500, -5f)];
        byte[] packed = new byte[blocks.Length * (Header + Values)];
        float[] weights = new float[blocks.Length * Values];
        for (int block = 0; block < blocks.Length; block++)
        {
            Span<byte> bytes = packed.AsSpan(block * (Header + Values));
            BinaryPrimitives.WriteUInt16LittleEndian(bytes, blocks[block].ScaleBits);
            BinaryPrimitives.WriteUInt16LittleEndian(bytes[2..], 0x7C00);
            for (int i = 0; i < Values; i++)
            {
                sbyte q = (sbyte)((i * 8) - 128 + block);
                bytes[Header + i] = (byte)q;
                weights[(block * Values) + i] = blocks[block].Scale * q;
            }
        }

        return new KnownAnswer(QuantFormat.Q8_1, true, packed, weights);
    }

    private static KnownAnswer Numbers(QuantFormat format, int size, Writer write, params (long Value, float Weight)[] cases)
    {
        byte[] packed = new byte[cases.Length * size];
        for (int i = 0; i < cases.Length; i++)
        {
            write(packed.AsSpan(i * size), cases[i].Value);
        }

        return new KnownAnswer(format, true, packed, [.. cases.Select(item => item.Weight)]);
    }

    private static KnownAnswer F64(params (double Value, float Weight)[] cases) => new(
        QuantFormat.F64,
        true,
        MemoryMarshal.AsBytes(cases.Select(item => item.Value).ToArray().AsSpan()).ToArray(),
        [.. cases.Select(item => item.Weight)]);

    private delegate void Writer(Span<byte> buffer, long value);
}
