using System.Text;
using static Quant.Net.Tests.Safetensors.SafetensorsText;

namespace Quant.Net.Tests.Safetensors;

/// <summary>
/// Kinds of malformed files and folders. A kind is one rule broken; built unbroken, the same model is accepted. The whole folder
/// is opened.
/// </summary>
internal static class MalformedSafetensors
{
    /// <param name="Name">What is wrong.</param>
    /// <param name="Build">The files of the folder, broken or not.</param>
    /// <param name="Expected">What the message has to say.</param>
    public sealed record Kind(string Name, Func<bool, (string Name, byte[] Bytes)[]> Build, string Expected);

    public static readonly IReadOnlyDictionary<string, Kind> All =
        Lengths().Concat(Json()).Concat(Descriptions()).Concat(Shapes()).Concat(Places()).Concat(Metadata())
            .Concat(MalformedFolders.Kinds()).ToDictionary(kind => kind.Name);

    private static Kind Bytes(string name, string expected, Func<bool, byte[]> file) =>
        new(name, broken => [("model.safetensors", file(broken))], expected);

    private static Kind Header(string name, string expected, Func<bool, string> header, int data = 0) =>
        Bytes(name, expected, broken => File(header(broken), data));

    /// <summary>A file with one tensor.</summary>
    private static Kind One(string name, string expected, Func<bool, string> tensor, int data = 8) =>
        Header(name, expected, broken => $"{{{tensor(broken)}}}", data);

    private static IEnumerable<Kind> Lengths()
    {
        yield return Bytes("file is empty", "has 0 bytes, expected at least 8", b => b ? [] : File("{}"));
        yield return Bytes("file has 7 bytes", "has 7 bytes, expected at least 8", b => b ? new byte[7] : File("{}"));
        yield return Bytes("header length is 0", "does not begin with '{'", b => File("{}", length: b ? 0u : null));
        yield return Bytes("header length is 1 too many", "header's length is 3, but only 2", b => File("{}", length: b ? 3u : null));
        yield return Bytes("header length is 1 too few", "no valid JSON", b => File("{}", length: b ? 1u : null));
        yield return Bytes("header length is 100000001", "expected at most 100000000", b => File("{}", length: b ? 100_000_001u : null));
        foreach ((string text, ulong length) in new[]
        {
            ("2^31", 1ul << 31), ("2^32", 1ul << 32), ("2^63", 1ul << 63), ("2^64-1", ulong.MaxValue), ("2^64-8", ulong.MaxValue - 7),
        })
        {
            yield return Bytes($"header length is {text}", "expected at most 100000000", b => File("{}", length: b ? length : null));
        }

        yield return Bytes("header length has its bytes swapped", "expected at most", b => File("{}", length: b ? 2ul << 56 : null));
        yield return Bytes("truncated in the header", "truncated download",
            b => b ? File($"{{{Tensor("a", "[2]", "[0,8]")}}}", 8)[..40] : File($"{{{Tensor("a", "[2]", "[0,8]")}}}", 8));
        yield return Bytes("truncated in the data", "data end at 8, but the file has 7 bytes",
            b => File($"{{{Tensor("a", "[2]", "[0,8]")}}}", b ? 7 : 8));
        yield return Bytes("truncated before the data", "data end at 8, but the file has 0 bytes",
            b => File($"{{{Tensor("a", "[2]", "[0,8]")}}}", b ? 0 : 8));
        yield return Bytes("file is a GGUF file", "looks like a GGUF file",
            b => b ? [.. "GGUF\u0003\0\0\0"u8, .. new byte[16]] : File("{}"));
        yield return Bytes("file is a pointer of Git LFS", "pointer of Git LFS",
            b => b ? [.. "version https://git-lfs.github.com/spec/v1\noid sha256:0\n"u8] : File("{}"));
        yield return Bytes("file is a zip file", "PyTorch or zip", b => b ? [.. "PK\u0003\u0004\0\0\b\b"u8, .. new byte[30]] : File("{}"));
        yield return Bytes("file is a web page", "looks like text", b => b ? [.. "<html><body>404</body></html>"u8] : File("{}"));
        yield return Bytes("file is JSON", "looks like text", b => b ? [.. "{\"error\": 404, \"x\": 1}"u8] : File("{}"));
    }

    private static IEnumerable<Kind> Json()
    {
        yield return Header("header begins with a space", "does not begin with '{'", b => b ? " {}" : "{} ");
        yield return Header("header begins with a byte order mark", "does not begin with '{'", b => b ? "\ufeff{}" : "{}");
        yield return Header("header is a list", "does not begin with '{'", b => b ? "[]" : "{}");
        yield return Header("header is null", "does not begin with '{'", b => b ? "null" : "{}  ");
        yield return Header("header has more behind its end", "no valid JSON at its byte 2", b => b ? "{}{}" : "{}  ");
        yield return Header("header is padded with zeros", "no valid JSON", b => b ? "{}\0\0" : "{}  ");
        yield return Header("header ends early", "no valid JSON", b => b ? "{\"__metadata__\":{}" : "{\"__metadata__\":{}}");
        yield return Header("header has a comment", "no valid JSON", b => b ? "{/**/}" : "{    }");
        yield return Header("header has a comma too many", "no valid JSON", b => b ? "{\"__metadata__\":{},}" : "{\"__metadata__\":{}} ");
        yield return Header("header has names without quotes", "no valid JSON", b => b ? "{__metadata__:{}}" : "{\"__metadata__\":{}}");
        foreach ((string text, byte[] bytes) in new[]
        {
            ("a lone continuation byte", new byte[] { 0x80 }), ("an overlong slash", [0xC0, 0xAF]), ("a surrogate", [0xED, 0xA0, 0x80]),
            ("a code point beyond the last", [0xF4, 0x90, 0x80, 0x80]), ("0xFF", [0xFF]), ("half a character", [0xE2, 0x82]),
        })
        {
            yield return Bytes($"name has {text}", "is not UTF-8", b =>
                File([.. "{\""u8, .. b ? bytes : "n"u8, .. "\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}"u8]));
        }

        yield return One("name has half of a surrogate pair", "half of a surrogate pair",
            b => Tensor(b ? @"\ud800" : @"\ud83d\ude00", "[2]", "[0,8]"));
        yield return One("name has a control character", "no valid JSON", b => Tensor(b ? "a\nb" : @"a\nb", "[2]", "[0,8]"));
        yield return One("description is nested too deep", "no valid JSON", b =>
            $"\"a\":{{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"x\":{new string('[', b ? 70 : 20)}{new string(']', b ? 70 : 20)}}}");
        yield return One("description is a million brackets", "no valid JSON",
            b => $"\"a\":{{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"x\":{(b ? new string('[', 1_000_000) : "0")}}}");
        yield return Header("name is there twice", "header has 'a' twice",
            b => $"{{{Tensor("a", "[0]", "[0,0]")},{Tensor(b ? "a" : "b", "[0]", "[0,0]")}}}");
        yield return Header("name is there twice, once escaped", "header has 'a' twice",
            b => $"{{{Tensor("a", "[0]", "[0,0]")},{Tensor(b ? @"\u0061" : @"\u0062", "[0]", "[0,0]")}}}");
        yield return Header("name that repaints a terminal is there twice", @"'\u{1B}[2J' twice",
            b => $"{{{Tensor(@"\u001b[2J", "[0]", "[0,0]")},{Tensor(b ? @"\u001b[2J" : "b", "[0]", "[0,0]")}}}");
    }

    private static IEnumerable<Kind> Descriptions()
    {
        foreach (string value in new[] { "1", "null", "[]", "\"x\"", "true" })
        {
            yield return Header($"description is {value}", "its description is",
                b => b ? $"{{\"a\":{value}}}" : $"{{{Tensor("a", "[0]", "[0,0]")}}}");
        }

        yield return One("dtype is missing", "tensor 'a': dtype is missing",
            b => $"\"a\":{{{(b ? "" : "\"dtype\":\"F32\",")}\"shape\":[2],\"data_offsets\":[0,8]}}");
        yield return One("shape is missing", "tensor 'a': shape is missing",
            b => $"\"a\":{{\"dtype\":\"F32\"{(b ? "" : ",\"shape\":[2]")},\"data_offsets\":[0,8]}}");
        yield return One("data_offsets are missing", "tensor 'a': data_offsets is missing",
            b => $"\"a\":{{\"dtype\":\"F32\",\"shape\":[2]{(b ? "" : ",\"data_offsets\":[0,8]")}}}");
        foreach ((string field, string value) in new[] { ("dtype", "\"F32\""), ("shape", "[2]"), ("data_offsets", "[0,8]") })
        {
            yield return One($"{field} is there twice", $"{field} is there twice",
                b => $"\"a\":{{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]{(b ? $",\"{field}\":{value}" : "")}}}");
        }

        foreach (string type in new[] { "f32", "F33", "", "F32 ", "17", "Q4_K", "F8_E3M4", "float32" })
        {
            yield return One($"dtype is '{type}'", $"dtype is '{type}', expected one of BOOL, F4",
                b => Tensor("a", "[2]", "[0,8]", b ? type : "F32"));
        }

        yield return One("dtype is a number", "dtype is 17, expected a text",
            b => $"\"a\":{{\"dtype\":{(b ? "17" : "\"F32\"")},\"shape\":[2],\"data_offsets\":[0,8]}}");
    }

    private static IEnumerable<Kind> Shapes()
    {
        foreach (string shape in new[] { "2", "null", "\"[2]\"", "{}" })
        {
            yield return One($"shape is {shape}", "shape is", b => Tensor("a", b ? shape : "[2]", "[0,8]"));
        }

        foreach (string dimension in new[]
        {
            "-2", "2.0", "2e0", "\"2\"", "null", "[2]", "9223372036854775808", "18446744073709551618", "true",
        })
        {
            yield return One($"dimension is {dimension}", "tensor 'a': shape has", b => Tensor("a", b ? $"[{dimension}]" : "[2]", "[0,8]"));
        }

        yield return One("shape has 65 dimensions", "shape has more than 64 elements",
            b => Tensor("a", $"[{string.Join(',', Enumerable.Repeat("1", b ? 65 : 64))}]", "[0,4]"), data: 4);
        yield return One("shape has 2^64 elements", "more than any file holds",
            b => Tensor("a", b ? "[4294967296,4294967296]" : "[2]", "[0,8]"));
        yield return One("shape has 2^64 + 2 elements", "more than any file holds",
            b => Tensor("a", b ? "[3,6148914691236517206]" : "[2]", "[0,8]"));
        yield return One("shape has 2^62 elements of 4 bytes", "more than any file holds",
            b => Tensor("a", b ? "[4611686018427387904]" : "[2]", "[0,8]"));
        yield return One("empty shape hides too many elements", "more than any file holds",
            b => Tensor("a", b ? "[4294967296,4294967296,0]" : "[4294967296,0]", "[0,0]"), data: 0);
        yield return One("shape is too small for the data", "which are 8 bytes, expected 4", b => Tensor("a", b ? "[1]" : "[2]", "[0,8]"));
        yield return One("shape is too large for the data", "which are 8 bytes, expected 12", b => Tensor("a", b ? "[3]" : "[2]", "[0,8]"));
        yield return One("scalar has 8 bytes", "expected 4 for F32 []", b => Tensor("a", b ? "[]" : "[2]", "[0,8]"));
        yield return One("empty tensor has data", "expected 0 for F32 [2, 0]", b => Tensor("a", b ? "[2,0]" : "[2,1]", "[0,8]"));
        yield return One("type is too large for the data", "expected 16 for F64 [2]", b => Tensor("a", "[2]", "[0,8]", b ? "F64" : "F32"));
        yield return One("F4 ends within a byte", "F4 [15] has no whole number of bytes",
            b => Tensor("a", b ? "[15]" : "[16]", "[0,8]", "F4"));
        yield return One("F6_E2M3 ends within a byte", "F6_E2M3 [5] has no whole number",
            b => Tensor("a", b ? "[5]" : "[4]", "[0,3]", "F6_E2M3"), data: 3);
        yield return One("F6_E3M2 ends within a byte", "F6_E3M2 [2, 3] has no whole number",
            b => Tensor("a", b ? "[2,3]" : "[2,2]", "[0,3]", "F6_E3M2"), data: 3);
    }

    private static IEnumerable<Kind> Places()
    {
        foreach (string offsets in new[] { "[]", "[0]", "[8,0]", "[16,8]" })
        {
            yield return One($"data_offsets are {offsets}", "expected a beginning and an end behind it",
                b => Tensor("a", "[2]", b ? offsets : "[0,8]"));
        }

        yield return One("data_offsets are three", "more than 2 elements", b => Tensor("a", "[2]", b ? "[0,8,8]" : "[0,8]"));
        foreach (string end in new[] { "-8", "8.0", "8e0", "18446744073709551624", "\"8\"", "null" })
        {
            yield return One($"data end at {end}", "data_offsets has", b => Tensor("a", "[2]", b ? $"[0,{end}]" : "[0,8]"));
        }

        yield return One("data are 0 to 8, as a text", "data_offsets is a text", b => Tensor("a", "[2]", b ? "\"0,8\"" : "[0,8]"));
        yield return One("data begin 1 byte too late", "data begin at 1, expected 0",
            b => Tensor("a", "[2]", b ? "[1,9]" : "[0,8]"), data: 8);
        yield return One("data lie at 2^62", "data begin at 4611686018427387904",
            b => Tensor("a", "[2]", b ? "[4611686018427387904,4611686018427387912]" : "[0,8]"));
        yield return Header("data have a hole", "tensor 'b': data begin at 12, expected 8: the bytes between belong to no tensor",
            b => $"{{{Tensor("a", "[2]", "[0,8]")},{Tensor("b", b ? "[1]" : "[2]", b ? "[12,16]" : "[8,16]")}}}", 16);
        yield return Header("data overlap by 4 bytes", "tensor 'b': data begin at 4, expected 8: they overlap those of 'a'",
            b => $"{{{Tensor("a", "[2]", "[0,8]")},{Tensor("b", b ? "[3]" : "[2]", b ? "[4,16]" : "[8,16]")}}}", 16);
        yield return Header("two tensors have the same data", "overlap those of 'a'",
            b => $"{{{Tensor("a", "[2]", "[0,8]")},{Tensor("b", b ? "[2]" : "[0]", b ? "[0,8]" : "[0,0]")}}}", 8);
        yield return Header("a tensor lies within another", "overlap those of 'a'",
            b => $"{{{Tensor("a", "[4]", "[0,16]")},{Tensor("b", b ? "[1]" : "[0]", b ? "[4,8]" : "[16,16]")}}}", 16);
        yield return Header("an empty tensor lies within another", "overlap those of 'a'",
            b => $"{{{Tensor("a", "[4]", "[0,16]")},{Tensor("b", "[0]", b ? "[4,4]" : "[0,0]")}}}", 16);
        yield return Header("an empty tensor lies behind the data", "data begin at 20, expected 16",
            b => $"{{{Tensor("a", "[4]", "[0,16]")},{Tensor("b", "[0]", b ? "[20,20]" : "[16,16]")}}}", 16);
        yield return Bytes("one byte is behind the data", "has 9 bytes behind the header, expected 8",
            b => File($"{{{Tensor("a", "[2]", "[0,8]")}}}", b ? 9 : 8));
        yield return Bytes("data belong to no tensor", "has 8 bytes behind the header, expected 0", b => File("{}", b ? 8 : 0));
    }

    private static IEnumerable<Kind> Metadata()
    {
        foreach (string value in new[] { "[]", "null", "\"pt\"", "1" })
        {
            yield return Header($"metadata are {value}", "__metadata__ is",
                b => b ? $"{{\"__metadata__\":{value}}}" : "{\"__metadata__\":{}}");
        }

        foreach (string value in new[] { "1", "null", "{}", "true" })
        {
            yield return Header($"metadata have the value {value}", "__metadata__ 'k' is",
                b => $"{{\"__metadata__\":{{\"k\":{(b ? value : "\"v\"")}}}}}");
        }

        yield return Header("metadata key is there twice", "__metadata__ 'k' twice",
            b => $"{{\"__metadata__\":{{\"k\":\"1\",\"{(b ? "k" : "l")}\":\"2\"}}}}");
        yield return Header("metadata are there twice", "'__metadata__' twice",
            b => b ? "{\"__metadata__\":{},\"__metadata__\":{}}" : "{\"__metadata__\":{}}");
        yield return Header("metadata value has half of a surrogate pair", "half of a surrogate pair",
            b => $"{{\"__metadata__\":{{\"k\":\"{(b ? @"\udc00" : "v")}\"}}}}");
    }

    /// <summary>Text as the bytes of a file.</summary>
    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
