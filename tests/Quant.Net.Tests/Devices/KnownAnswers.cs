using System.Runtime.InteropServices;

namespace Quant.Net.Tests.Devices;

/// <summary>Packed blocks and the values that they hold.</summary>
internal sealed record KnownAnswer(string Name, byte[] Packed, float[] Values)
{
    public override string ToString() => Name;
}

/// <summary>
/// The vectors of ggml (tests/vectors), and for formats that it has no decoder for or that need none, values computed here.
/// </summary>
internal static class KnownAnswers
{
    private const int ComputedBlocks = 40;

    private static readonly Dictionary<QuantFormat, Func<byte[], float[]>> Computed = new()
    {
        [QuantFormat.F32] = packed => MemoryMarshal.Cast<byte, float>(packed).ToArray(),
        [QuantFormat.F64] = packed => Convert<double>(packed, value => (float)value),
        [QuantFormat.I8] = packed => Convert<sbyte>(packed, value => value),
        [QuantFormat.I16] = packed => Convert<short>(packed, value => value),
        [QuantFormat.I32] = packed => Convert<int>(packed, value => value),
        [QuantFormat.I64] = packed => Convert<long>(packed, value => value),
        [QuantFormat.Q8_1] = DecodeQ8_1,
    };

    public static IReadOnlyList<KnownAnswer> Of(QuantFormat format) => Computed.TryGetValue(format, out Func<byte[], float[]>? decode)
        ? [ComputedAnswer(format, decode)]
        : [Vector(format, "quant"), Vector(format, "random")];

    private static KnownAnswer Vector(QuantFormat format, string name)
    {
        string path = Repository.PathOf("tests", "vectors", format.ToString(), name);
        return new KnownAnswer(
            $"{format}/{name}", File.ReadAllBytes(path + ".bin"),
            MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(path + ".f32")).ToArray());
    }

    private static KnownAnswer ComputedAnswer(QuantFormat format, Func<byte[], float[]> decode)
    {
        byte[] packed = new byte[ComputedBlocks * QuantFormats.Get(format).BytesPerBlock];
        new Random((int)format).NextBytes(packed);
        return new KnownAnswer($"{format}, computed", packed, decode(packed));
    }

    private static float[] Convert<T>(byte[] packed, Func<T, float> convert)
        where T : unmanaged => [.. MemoryMarshal.Cast<byte, T>(packed).ToArray().Select(convert)];

    // A half d, a half s = d * sum(q) that decoding does not need, 32 signed bytes.
    private static float[] DecodeQ8_1(byte[] packed)
    {
        const int Head = 4;
        const int Block = Head + 32;
        return
        [
            .. packed.Chunk(Block).SelectMany(block =>
            {
                float d = (float)BitConverter.ToHalf(block);
                return block.Skip(Head).Select(q => d * (sbyte)q);
            }),
        ];
    }
}
