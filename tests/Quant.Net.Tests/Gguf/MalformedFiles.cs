using System.Text;
using static Quant.Net.Tests.Gguf.GgufBytes;

namespace Quant.Net.Tests.Gguf;

/// <summary>
/// Kinds of malformed files. A kind is one field with one rule broken; built unbroken, the same file is accepted. The first
/// file of a set is the one that is opened.
/// </summary>
internal static class MalformedFiles
{
    public sealed record Kind(string Name, Func<bool, (string Name, byte[] Bytes)[]> Build)
    {
        public bool IsTruncation => Name.StartsWith("truncated", StringComparison.Ordinal);
    }

    public static readonly IReadOnlyDictionary<string, Kind> All =
        Header().Concat(Keys()).Concat(Values()).Concat(Arrays()).Concat(Alignments()).Concat(Names()).Concat(Dimensions())
            .Concat(Places()).Concat(Truncations()).Concat(MalformedSplits.Kinds()).ToDictionary(kind => kind.Name);

    public static Kind File(string name, Func<bool, TestModel> model) => new(name, broken => [("model.gguf", model(broken).ToBytes())]);

    private static TestTensor Plain => new("w");

    private static Kind Entries(string name, Func<bool, TestEntry[]> entries, uint version = 3) =>
        File(name, broken => new TestModel { Version = version, Entries = entries(broken) });

    private static Kind Entry(string name, Func<bool, TestEntry> entry, uint version = 3) =>
        Entries(name, broken => [entry(broken)], version);

    private static Kind Tensors(string name, Func<bool, TestTensor[]> tensors, int data = 32, uint version = 3) =>
        File(name, broken => new TestModel { Version = version, Tensors = tensors(broken), DataBytes = data });

    private static Kind Tensor(string name, Func<bool, TestTensor> tensor, int data = 32, uint version = 3) =>
        Tensors(name, broken => [tensor(broken)], data, version);

    /// <summary>Lengths and counts for which the file is too short, by a little and by all sorts of much.</summary>
    private static (string Text, ulong Length)[] TooLong(ulong byLittle) =>
        [("too large for the file", byLittle), ("2^31", 1ul << 31), ("2^63", 1ul << 63), ("2^64-1", ulong.MaxValue)];

    private static IEnumerable<Kind> Header()
    {
        yield return new Kind("file is empty", broken => [("model.gguf", broken ? [] : new TestModel().ToBytes())]);
        yield return File("magic is GGML's", b => new TestModel { Magic = b ? 0x67676D6Cu : 0x46554747 });
        yield return File("magic has its bytes swapped", b => new TestModel { Magic = b ? 0x47475546u : 0x46554747 });
        yield return File("version is 0", b => new TestModel { Version = b ? 0u : 2 });
        yield return File("version is 4", b => new TestModel { Version = b ? 4u : 3 });
        yield return File("version is 2^32-1", b => new TestModel { Version = b ? uint.MaxValue : 3 });
        yield return File("version 1 is big-endian", b => new TestModel { Version = b ? 0x01000000u : 1, Layout = 1 });
        yield return File("version 2 is big-endian", b => new TestModel { Version = b ? 0x02000000u : 2 });
        yield return File("version 3 is big-endian", b => new TestModel { Version = b ? 0x03000000u : 3 });

        foreach ((string text, ulong count) in TooLong(2).Append(("2^60", 1ul << 60)))
        {
            yield return File($"tensor count is {text}", b => new TestModel { Tensors = [Plain], TensorCount = b ? count : null });
            yield return File($"metadata count is {text}",
                b => new TestModel { Entries = [TestEntry.UInt32("a", 1)], EntryCount = b ? count : null });
        }

        yield return File("tensor count of version 1 is 2^32-1", b => new TestModel { Version = 1, TensorCount = b ? uint.MaxValue : 0 });
        yield return File("metadata count of version 1 is 2^32-1", b => new TestModel { Version = 1, EntryCount = b ? uint.MaxValue : 0 });
    }

    private static IEnumerable<Kind> Keys()
    {
        foreach ((string text, ulong length) in TooLong(100))
        {
            yield return Entry($"key length is {text}", b => TestEntry.UInt32("key", 1) with { KeyLength = b ? length : null });
        }

        yield return Entry("key length of version 1 is beyond the file",
            b => TestEntry.UInt32("key", 1) with { KeyLength = b ? 100u : null }, version: 1);
        yield return Entry("key is empty", b => TestEntry.UInt32(b ? "" : "k", 1));
        yield return Entry("key is longer than 65535 bytes", b => TestEntry.UInt32(new string('k', b ? 65536 : 65535), 1));
        yield return Entries("key is there twice", b => [TestEntry.UInt32("key", 1), TestEntry.UInt32(b ? "key" : "kez", 2)]);
        yield return Entries("alignment is there twice",
            b => [TestEntry.UInt32("general.alignment", 32), TestEntry.UInt32(b ? "general.alignment" : "k", 32)]);
        yield return Entries("key with an escape sequence is there twice",
            b => [TestEntry.UInt32("\u001b[2J\r\n'", 1), TestEntry.UInt32(b ? "\u001b[2J\r\n'" : "k", 2)]);
        foreach ((string text, byte[] bytes) in BadUtf8)
        {
            yield return Entry($"key is not UTF-8: {text}", b => new TestEntry(b ? bytes : "key"u8.ToArray(), U32, v => v.Word32(1)));
        }
    }

    private static (string, byte[])[] BadUtf8 =>
    [
        ("continuation alone", [0x61, 0x80]), ("overlong", [0xC0, 0x80]), ("surrogate", [0xED, 0xA0, 0x80]),
        ("beyond U+10FFFF", [0xF4, 0x90, 0x80, 0x80]), ("cut short", [0x61, 0xE2, 0x82]), ("byte 0xFF", [0xFF]),
    ];

    private static IEnumerable<Kind> Values()
    {
        foreach (uint type in new[] { 13u, 1u << 31, uint.MaxValue })
        {
            yield return Entry($"value type is {type}", b => new TestEntry("k", b ? type : U32, v => v.Word32(1)));
        }

        yield return Entry("boolean is 2", b => new TestEntry("k", Bool, v => v.Raw(b ? (byte)2 : (byte)1)));
        yield return Entry("boolean is 255", b => new TestEntry("k", Bool, v => v.Raw(b ? (byte)255 : (byte)0)));
        foreach ((string text, ulong length) in TooLong(100))
        {
            yield return Entry($"string length is {text}",
                b => new TestEntry("k", GgufBytes.String, v => v.Text("text", b ? length : null)));
        }

        yield return Entry("string length of version 1 is beyond the file",
            b => new TestEntry("k", GgufBytes.String, v => v.Text("text", b ? uint.MaxValue : null)), version: 1);
    }

    private static IEnumerable<Kind> Arrays()
    {
        static Kind ArrayOf(string name, uint version, Func<bool, Action<GgufBytes>> value) =>
            Entry(name, broken => new TestEntry("list", GgufBytes.Array, value(broken)), version);

        (string Name, uint Type, int Size)[] types =
        [
            ("u8", U8, 1), ("i8", I8, 1), ("u16", U16, 2), ("i16", I16, 2), ("u32", U32, 4), ("i32", I32, 4), ("f32", F32, 4),
            ("bool", Bool, 1), ("u64", U64, 8), ("i64", I64, 8), ("f64", F64, 8),
        ];
        foreach ((string name, uint type, int size) in types)
        {
            yield return ArrayOf($"array of {name} is longer than the file", 3, b => v => v.ArrayHead(type, b ? 5ul : 4).Zeros(4 * size));
            if (size > 1)
            {
                yield return ArrayOf($"array of {name} has a size that wraps to 0", 3,
                    b => v => v.ArrayHead(type, b ? ulong.MaxValue / (ulong)size + 1 : 0));
            }
        }

        yield return ArrayOf("array of u8 has 2^64-1 elements", 3, b => v => v.ArrayHead(U8, b ? ulong.MaxValue : 0));
        yield return ArrayOf("array of version 1 is longer than the file", 1, b => v => v.ArrayHead(U32, b ? uint.MaxValue : 1).Word32(1));
        yield return ArrayOf("array of strings is longer than the file", 3,
            b => v => v.ArrayHead(GgufBytes.String, b ? 3ul : 2).Text("a").Text("b"));
        yield return ArrayOf("array of strings has 2^61 elements", 3, b => v => v.ArrayHead(GgufBytes.String, b ? 1ul << 61 : 0));
        yield return ArrayOf("string of an array is longer than the file", 3,
            b => v => v.ArrayHead(GgufBytes.String, 2).Text("a").Text("b", b ? 9ul : null));
        yield return ArrayOf("string of an array has 2^64-1 bytes", 3,
            b => v => v.ArrayHead(GgufBytes.String, 1).Text("b", b ? ulong.MaxValue : null));
        yield return ArrayOf("array element type is 13", 3, b => v => v.ArrayHead(b ? 13u : U8, 1).Zeros(1));
        yield return ArrayOf("array element type is 2^32-1", 3, b => v => v.ArrayHead(b ? uint.MaxValue : U8, 1).Zeros(1));
        yield return ArrayOf("empty array has element type 13", 3, b => v => v.ArrayHead(b ? 13u : U8, 0));
        yield return ArrayOf("first boolean of an array is 2", 3, b => v => v.ArrayHead(Bool, 3).Raw(b ? (byte)2 : (byte)1, 0, 1));
        yield return ArrayOf("last boolean of an array is 2", 3, b => v => v.ArrayHead(Bool, 3).Raw(1, 0, b ? (byte)2 : (byte)1));
        yield return ArrayOf("array of arrays is longer than the file", 3,
            b => v => v.ArrayHead(GgufBytes.Array, b ? 2ul : 1).ArrayHead(U8, 0));
        yield return ArrayOf("array of arrays has 2^60 elements", 3, b => v => v.ArrayHead(GgufBytes.Array, b ? 1ul << 60 : 0));
        yield return ArrayOf("array in an array is longer than the file", 3,
            b => v => v.ArrayHead(GgufBytes.Array, 1).ArrayHead(U16, b ? 2ul : 1).Zeros(2));
        yield return ArrayOf("array in an array has element type 13", 3,
            b => v => v.ArrayHead(GgufBytes.Array, 1).ArrayHead(b ? 13u : U8, 1).Zeros(1));
        yield return ArrayOf("boolean of an array in an array is 2", 3,
            b => v => v.ArrayHead(GgufBytes.Array, 1).ArrayHead(Bool, 1).Raw(b ? (byte)2 : (byte)1));
        yield return ArrayOf("string of an array in an array is longer than the file", 3,
            b => v => v.ArrayHead(GgufBytes.Array, 1).ArrayHead(GgufBytes.String, 1).Text("b", b ? 9ul : null));
        yield return ArrayOf("arrays are nested 9 deep", 3, b => v => Nest(v, b ? 9 : 8));
        yield return ArrayOf("arrays are nested 100000 deep", 3, b => v => Nest(v, b ? 100_000 : 2));
    }

    private static void Nest(GgufBytes bytes, int depth)
    {
        for (int i = 1; i < depth; i++)
        {
            bytes.ArrayHead(GgufBytes.Array, 1);
        }

        bytes.ArrayHead(U8, 0);
    }

    private static IEnumerable<Kind> Alignments()
    {
        foreach (uint alignment in new uint[] { 0, 3, 12, 33, uint.MaxValue })
        {
            yield return Entry($"alignment is {alignment}", b => TestEntry.UInt32("general.alignment", b ? alignment : 64));
        }

        (string Name, uint Type, Action<GgufBytes> Value)[] types =
        [
            ("u8", U8, v => v.Raw(32)), ("i8", I8, v => v.Raw(32)), ("u16", U16, v => v.Word16(32)), ("i16", I16, v => v.Word16(32)),
            ("i32", I32, v => v.Word32(32)), ("f32", F32, v => v.Word32(0x42000000)), ("bool", Bool, v => v.Raw(1)),
            ("string", GgufBytes.String, v => v.Text("32")), ("array", GgufBytes.Array, v => v.ArrayHead(U32, 1).Word32(32)),
            ("u64, 2^40", U64, v => v.Word64(1ul << 40)), ("i64", I64, v => v.Word64(32)), ("f64", F64, v => v.Word64(0x4040000000000000)),
        ];
        foreach ((string name, uint type, Action<GgufBytes> value) in types)
        {
            yield return Entry($"alignment is {name}",
                b => b ? new TestEntry("general.alignment", type, value) : TestEntry.UInt32("general.alignment", 32));
        }
    }

    private static IEnumerable<Kind> Names()
    {
        foreach ((string text, ulong length) in TooLong(1000))
        {
            yield return Tensor($"tensor name length is {text}", b => Plain with { NameLength = b ? length : null });
        }

        yield return Tensor("tensor name length of version 1 is beyond the file",
            b => Plain with { NameLength = b ? 1000u : null }, version: 1);
        yield return Tensor("tensor name has 65 bytes", b => new TestTensor(new string('w', b ? 65 : 64)));
        yield return Tensors("tensor name is there twice", b => [new("w"), new(b ? "w" : "v", 32)], 64);
        yield return Tensors("tensor name with control characters is there twice",
            b => [new("\u001b]0;x\u0007\n"), new(b ? "\u001b]0;x\u0007\n" : "v", 32)], 64);
        foreach ((string text, byte[] bytes) in BadUtf8)
        {
            yield return Tensor($"tensor name is not UTF-8: {text}", b => new TestTensor(b ? bytes : "w"u8.ToArray()));
        }
    }

    private static IEnumerable<Kind> Dimensions()
    {
        yield return Tensor("dimension count is 5", b => Plain with { Dimensions = b ? [8, 1, 1, 1, 1] : [8, 1, 1, 1] });
        yield return Tensor("dimension count is 2^32-1", b => Plain with { DimensionCount = b ? uint.MaxValue : null });
        for (int i = 0; i < 4; i++)
        {
            int place = i;
            ulong[] With(ulong value) => Enumerable.Range(0, 4).Select(j => j == place ? value : 1).ToArray();
            yield return Tensor($"dimension {i} is negative", b => Plain with { Dimensions = With(b ? ulong.MaxValue : 8) });
            yield return Tensor($"dimension {i} is 2^63", b => Plain with { Dimensions = With(b ? 1ul << 63 : 8) });
        }

        (string Text, ulong[] Dimensions)[] products =
        [
            ("2^32 x 2^32", [1ul << 32, 1ul << 32]), ("2^62 x 2", [1ul << 62, 2]),
            ("2^16 four times", [1 << 16, 1 << 16, 1 << 16, 1 << 16]),
            ("2^62 x 4 (wraps to 0)", [1ul << 62, 4]), ("2^31 x 2^31 x 4 x 1", [1ul << 31, 1ul << 31, 4, 1]),
            ("(2^32+1) x (2^32-1)", [(1ul << 32) + 1, (1ul << 32) - 1]), ("2^63-1", [long.MaxValue]), ("2 x 2^63-1", [2, long.MaxValue]),
            ("0 x 2^62 x 4", [0, 1ul << 62, 4]),
        ];
        foreach ((string text, ulong[] dimensions) in products)
        {
            yield return Tensor($"dimensions are {text}", b => Plain with { Dimensions = b ? dimensions : [2, 4] });
        }

        yield return Tensor("bytes of f32 wrap to 0", b => Plain with { Dimensions = b ? [1ul << 62] : [8] });
        yield return Tensor("bytes of f64 wrap to 0", b => Plain with { Type = 28, Dimensions = b ? [1ul << 61] : [4] });
        yield return Tensor("bytes of q8_0 are beyond 2^63", b => Plain with { Type = 8, Dimensions = b ? [(1ul << 63) - 32] : [32] }, 34);
        (string, uint, ulong, int)[] blocks = [("q4_0", 2, 32, 18), ("nvfp4", 40, 64, 36), ("q1_0", 41, 128, 18), ("q4_K", 12, 256, 144)];
        foreach ((string name, uint type, ulong width, int bytes) in blocks)
        {
            yield return Tensor($"row of {name} is no whole block",
                b => Plain with { Type = type, Dimensions = [b ? width - 1 : width] }, bytes);
        }

        yield return Tensor("row of q4_0 is half a block, two rows a whole",
            b => Plain with { Type = 2, Dimensions = b ? [16, 2] : [32, 1] }, 18);
        yield return Tensor("q4_0 has no dimensions", b => Plain with { Type = b ? 2u : 0, Dimensions = [] });
    }

    private static IEnumerable<Kind> Places()
    {
        foreach ((string text, ulong offset) in new (string, ulong)[]
        {
            ("no multiple of the alignment", 8ul), ("behind a gap", 64), ("that of the tensor before", 0), ("beyond the file", 1 << 20),
            ("2^63", 1ul << 63), ("2^64-32", ulong.MaxValue - 31),
        })
        {
            yield return Tensors($"data offset is {text}", b => [new("v"), new("w", b ? offset : 32)], 128);
        }

        yield return Tensors("data offsets are in another order", b => b ? [new("v", 32), new("w")] : [new("v"), new("w", 32)], 64);
        yield return Tensor("first data offset is not 0", b => new("w", b ? 32u : 0), 64);
        yield return Tensors("data overlap within a block", b => [new("v") { Type = 8, Dimensions = [64] }, new("w", b ? 64u : 96)], 160);
        yield return File("data offset ignores a larger alignment", b => new TestModel
        {
            Alignment = 64,
            Entries = [TestEntry.UInt32("general.alignment", 64)],
            Tensors = [new("v"), new("w", b ? 32u : 64)],
            DataBytes = 128,
        });
        yield return Tensor("data end a byte behind the file", b => Plain with { Dimensions = [b ? 9ul : 8] });
        yield return Tensor("data are a terabyte", b => Plain with { Dimensions = b ? [1ul << 20, 1ul << 18] : [8] });
        yield return Tensor("data of q4_K end behind the file", b => Plain with { Type = 12, Dimensions = b ? [256, 2] : [256, 1] }, 144);
        yield return Tensors("data of the last of two end behind the file",
            b => [new("v"), new("w", 32) { Dimensions = [b ? 9ul : 8] }], 64);
        yield return Tensors("data behind an unknown type are out of line", b => [new("v") { Type = 99 }, new("w", b ? 40u : 64)], 128);
        yield return Tensors("data behind an unknown type are before it",
            b => [new("u"), new("v", 32) { Type = 99 }, new("w", b ? 0u : 64)], 128);
        yield return Tensors("data behind an unknown type are beyond the file",
            b => [new("v") { Type = 99 }, new("w", b ? 1u << 20 : 64)], 128);
        yield return Tensors("data offset of an unknown type leaves a gap", b => [new("v"), new("w", b ? 64u : 32) { Type = 99 }], 128);
        yield return Tensors("data behind an unknown type are at 2^64-32",
            b => [new("v") { Type = 99 }, new("w", b ? ulong.MaxValue - 31 : 64)], 128);
    }

    private static IEnumerable<Kind> Truncations()
    {
        byte[] whole = new TestModel
        {
            Entries =
            [
                TestEntry.UInt32("key", 1), TestEntry.Text("text", "value"),
                new("list", GgufBytes.Array, v => v.ArrayHead(U32, 2).Word64(0)),
            ],
            Tensors = [new("w")],
        }.ToBytes();
        int tensor = whole.AsSpan().IndexOf(new byte[] { 1, 0, 0, 0, 0, 0, 0, 0, (byte)'w' });
        (string Place, int Length)[] cuts =
        [
            ("in the magic", 3), ("in the version", 7), ("in the tensor count", 15), ("in the metadata count", 23),
            ("in a key's length", 31), ("in a key", 34), ("in a value type", 38), ("in a number", 42), ("in an array", tensor - 1),
            ("in a tensor's name length", tensor + 7), ("in a dimension count", tensor + 12), ("in a dimension", tensor + 20),
            ("in a type", tensor + 24), ("in an offset", tensor + 32), ("in the data", whole.Length - 1),
        ];
        return cuts.Select(cut => new Kind($"truncated {cut.Place}", broken => [("model.gguf", broken ? whole[..cut.Length] : whole)]));
    }
}
