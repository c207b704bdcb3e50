using System.Buffers.Binary;
using System.Text;
using System.Text.RegularExpressions;

namespace Quant.Net.Tests.Safetensors;

/// <summary>
/// Damages a valid safetensors file or one of the JSON files beside it where it hurts: its numbers become others that programs get
/// wrong, pieces of its JSON are dropped, doubled and swapped, its end is cut, its bytes are changed.
/// </summary>
internal sealed partial class SafetensorsDamage(string name, byte[] original, Random random)
{
    private readonly List<byte[]> _kept = [original];

    public string Name => name;

    public byte[] Original => original;

    private bool HasHeader => name.EndsWith(".safetensors", StringComparison.Ordinal);

    public byte[] Next()
    {
        byte[] bytes = random.Next(2) == 0 ? original : _kept[random.Next(_kept.Count)];
        (string json, byte[] data) = Take(bytes);
        for (int i = random.Next(4); i > 0; i--)
        {
            json = random.Next(3) == 0 ? MovePiece(json) : ChangeNumber(json);
        }

        data = random.Next(8) switch { 0 => data[..random.Next(data.Length + 1)], 1 => [.. data, .. new byte[random.Next(1, 20)]], _ => data };
        byte[] damaged = Put(json, data);
        for (int i = random.Next(8) == 0 && damaged.Length > 0 ? random.Next(1, 4) : 0; i > 0; i--)
        {
            damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
        }

        return random.Next(12) == 0 ? damaged[..random.Next(damaged.Length + 1)] : damaged;
    }

    /// <summary>Damages the file further at times, if it does not grow with every time.</summary>
    public void Keep(byte[] damaged)
    {
        if (damaged.Length <= 2 * original.Length)
        {
            _kept.Add(damaged);
        }
    }

    private (string Json, byte[] Data) Take(byte[] bytes)
    {
        if (!HasHeader)
        {
            return (Encoding.Latin1.GetString(bytes), []);
        }

        int length = (int)Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(bytes), (ulong)(bytes.Length - sizeof(ulong)));
        return (Encoding.Latin1.GetString(bytes, sizeof(ulong), length), bytes[(sizeof(ulong) + length)..]);
    }

    // Latin-1 keeps every byte as it is, whatever the header was damaged to.
    private byte[] Put(string json, byte[] data)
    {
        byte[] text = Encoding.Latin1.GetBytes(json);
        return HasHeader ? SafetensorsText.File([.. text, .. data], length: Length(text.Length)) : text;
    }

    private ulong Length(int right) => random.Next(20) switch
    {
        0 => (ulong)(right - random.Next(-9, 9)),
        1 => 1ul << random.Next(64),
        2 => ulong.MaxValue - (ulong)random.Next(20),
        _ => (ulong)right,
    };

    private string ChangeNumber(string json)
    {
        MatchCollection numbers = Numbers().Matches(json);
        return numbers.Count == 0 ? json : Replace(json, numbers[random.Next(numbers.Count)], OtherNumber);
    }

    private string OtherNumber(string number) => random.Next(10) switch
    {
        0 => "0",
        1 => "-1",
        2 => $"{1ul << random.Next(64)}",
        3 => $"{(1ul << random.Next(64)) - 1}",
        4 => $"{number}.0",
        5 => $"{number}e{random.Next(5)}",
        6 => $"{ulong.MaxValue}{random.Next(10)}",
        7 => $"{(ulong.TryParse(number, out ulong more) ? more + 1 : 1)}",
        8 => $"{(ulong.TryParse(number, out ulong less) && less > 0 ? less - 1 : 1)}",
        _ => $"{random.Next(70)}",
    };

    /// <summary>Drops a token, doubles it, or puts another one in its place.</summary>
    private string MovePiece(string json)
    {
        MatchCollection pieces = Pieces().Matches(json);
        if (pieces.Count == 0)
        {
            return json;
        }

        string other = pieces[random.Next(pieces.Count)].Value;
        return Replace(json, pieces[random.Next(pieces.Count)], piece => random.Next(3) switch { 0 => "", 1 => piece + piece, _ => other });
    }

    private static string Replace(string json, Match place, Func<string, string> other) =>
        string.Concat(json.AsSpan(0, place.Index), other(place.Value), json.AsSpan(place.Index + place.Length));

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Numbers();

    // An entry with the comma behind it, a text, a list, or a single character.
    [GeneratedRegex("\"[^\"]*\":\\{[^{}]*\\},?|\"[^\"]*\":?|\\[[^\\[\\]]*\\]|[{}\\[\\],:]")]
    private static partial Regex Pieces();
}
