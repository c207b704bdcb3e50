using System.Buffers.Binary;

namespace Quant.Net.Tests.Gguf;

/// <summary>
/// Damages a valid GGUF file where it hurts: its numbers become others that programs get wrong, its entries and tensors are
/// dropped, doubled and swapped, its end is cut. Plain damage of bytes is there too. A damaged file can be kept, to be damaged further.
/// </summary>
internal sealed class GgufDamage(byte[] original, Random random)
{
    private readonly GgufMap _map = new(original);
    private readonly List<byte[]> _kept = [original];

    public byte[] Original => original;

    public byte[] Next()
    {
        byte[] bytes = [.. random.Next(2) == 0 ? original : Pick(_kept)];
        for (int i = random.Next(4); i > 0; i--)
        {
            ChangeNumber(bytes);
        }

        for (int i = random.Next(8) == 0 ? random.Next(1, 4) : 0; i > 0; i--)
        {
            ChangeByte(bytes);
        }

        return random.Next(6) switch
        {
            0 => MoveRecord(bytes, _map.Entries, _map.EntryCount),
            1 => MoveRecord(bytes, _map.Tensors, _map.TensorCount),
            2 => bytes[..random.Next(bytes.Length + 1)],
            3 => [.. bytes, .. new byte[random.Next(100)]],
            _ => bytes,
        };
    }

    /// <summary>Damages the file further at times, if things still stand where they stood in the original.</summary>
    public void Keep(byte[] damaged)
    {
        if (damaged.Length == original.Length)
        {
            _kept.Add(damaged);
        }
    }

    private void ChangeNumber(byte[] bytes)
    {
        GgufMap.Field field = Pick(_map.Numbers);
        Write(bytes, field, OtherNumber(_map.Read(field)));
    }

    private ulong OtherNumber(ulong number) => random.Next(10) switch
    {
        0 => number + 1,
        1 => number - 1,
        2 => number * 2,
        3 => 1ul << random.Next(64),
        4 => (1ul << random.Next(64)) - 1,
        5 => ulong.MaxValue - (ulong)random.Next(40),
        6 => (ulong)random.Next(45),              // types of values and tensors, small counts
        7 => (ulong)(original.Length - random.Next(-40, 40)),
        8 => _map.Read(Pick(_map.Numbers)),
        _ => number ^ (1ul << random.Next(64)),
    };

    private void ChangeByte(byte[] bytes)
    {
        ref byte place = ref bytes[random.Next(bytes.Length)];
        place = random.Next(2) == 0 ? (byte)random.Next(256) : (byte)(place ^ (1 << random.Next(8)));
    }

    /// <summary>Drops, doubles or moves one record; the count is made right in half of the cases.</summary>
    private byte[] MoveRecord(byte[] bytes, Range[] records, GgufMap.Field count)
    {
        if (records.Length == 0)
        {
            return bytes;
        }

        List<Range> order = [.. records];
        Range taken = Pick(order);
        if (random.Next(3) != 0)
        {
            order.Remove(taken);
        }

        for (int i = random.Next(3); i > 0; i--)
        {
            order.Insert(random.Next(order.Count + 1), taken);
        }

        if (random.Next(2) == 0)
        {
            Write(bytes, count, (ulong)order.Count);
        }

        var moved = new MemoryStream();
        foreach (Range part in order.Prepend(..records[0].Start).Append(records[^1].End..))
        {
            moved.Write(bytes.AsSpan(part));
        }

        return moved.ToArray();
    }

    private static void Write(byte[] bytes, GgufMap.Field field, ulong number)
    {
        Span<byte> eight = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(eight, number);
        eight[..field.Size].CopyTo(bytes.AsSpan(field.Start));
    }

    private T Pick<T>(IReadOnlyList<T> all) => all[random.Next(all.Count)];
}
