using System.Diagnostics;
using Quant.Net.Gguf;
using static Quant.Net.Tests.Gguf.GgufBytes;

namespace Quant.Net.Tests.Gguf;

public class GgufFileTests
{
    private static readonly TestEntry[] EveryType =
    [
        new("u8", U8, v => v.Raw(200)), new("i8", I8, v => v.Raw(0x9C)),
        new("u16", U16, v => v.Word16(60000)), new("i16", I16, v => v.Word16(-30000)),
        new("u32", U32, v => v.Word32(4000000000)), new("i32", I32, v => v.Word32(unchecked((uint)-2000000000))),
        new("u64", U64, v => v.Word64(ulong.MaxValue)), new("i64", I64, v => v.Word64(unchecked((ulong)long.MinValue))),
        new("f32", F32, v => v.Word32(BitConverter.SingleToUInt32Bits(1.5f))),
        new("f64", F64, v => v.Word64(BitConverter.DoubleToUInt64Bits(0.1))),
        new("no", Bool, v => v.Raw(0)), new("yes", Bool, v => v.Raw(1)),
        TestEntry.Text("text", "größer ☃"), TestEntry.Text("a.key-with-hyphens", ""),
        new("bytes", GgufBytes.String, v => v.Text([0x61, 0xFF, 0x00, 0x62])),
        new("numbers", GgufBytes.Array, v => v.ArrayHead(U16, 3).Word16(1).Word16(2).Word16(65535)),
        new("flags", GgufBytes.Array, v => v.ArrayHead(Bool, 2).Raw(0, 1)),
        new("words", GgufBytes.Array, v => v.ArrayHead(GgufBytes.String, 3).Text("one").Text("").Text("three")),
        new("empty", GgufBytes.Array, v => v.ArrayHead(F64, 0)),
        new("nested", GgufBytes.Array, v => v.ArrayHead(GgufBytes.Array, 3)
            .ArrayHead(GgufBytes.String, 2).Text("a").Text("bc")
            .ArrayHead(U32, 1).Word32(7)
            .ArrayHead(GgufBytes.Array, 1).ArrayHead(I8, 2).Raw(1, 2)),
    ];

    [Fact]
    public void FindsTheScaleBesideAWeight()
    {
        using var folder = new TempFolder();
        using GgufFile model = folder.Open(new TestModel
        {
            Tensors = [new("x.weight"), new("x.scale", 32), new("y.weight", 64), new("x", 96)],
            DataBytes = 128,
        });

        Assert.Same(model.Tensors["x.scale"], model.Tensors.FindScale(model.Tensors["x.weight"]));
        Assert.All(["x.scale", "y.weight", "x"], name => Assert.Null(model.Tensors.FindScale(model.Tensors[name])));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void ReadsEveryMetadataTypeInEveryVersion(uint version)
    {
        using var folder = new TempFolder();
        using GgufFile model = folder.Open(new TestModel { Version = version, Entries = EveryType, Tensors = [new("w")] });

        Assert.Equal((int)version, model.Version);
        Assert.Equal(EveryType.Select(entry => System.Text.Encoding.UTF8.GetString(entry.Key)), model.Metadata.Keys);
        Assert.Equal(200, model.Metadata.Get<byte>("u8"));
        Assert.Equal(-100, model.Metadata.Get<sbyte>("i8"));
        Assert.Equal(60000, model.Metadata.Get<ushort>("u16"));
        Assert.Equal(-30000, model.Metadata.Get<short>("i16"));
        Assert.Equal(4000000000, model.Metadata.Get<uint>("u32"));
        Assert.Equal(-2000000000, model.Metadata.Get<int>("i32"));
        Assert.Equal(ulong.MaxValue, model.Metadata.Get<ulong>("u64"));
        Assert.Equal(long.MinValue, model.Metadata.Get<long>("i64"));
        Assert.Equal(1.5f, model.Metadata.Get<float>("f32"));
        Assert.Equal(0.1, model.Metadata.Get<double>("f64"));
        Assert.False(model.Metadata["no"].GetBoolean());
        Assert.True(model.Metadata["yes"].GetBoolean());
        Assert.Equal("größer ☃", model.Metadata.GetString("text"));
        Assert.Equal("", model.Metadata.GetString("a.key-with-hyphens"));
        Assert.Equal("a\uFFFD\0b", model.Metadata.GetString("bytes"));
        Assert.Equal([0x61, 0xFF, 0x00, 0x62], model.Metadata["bytes"].GetUtf8().ToArray());
        Assert.Equal([1, 2, 65535], model.Metadata["numbers"].ToArray<ushort>());
        Assert.Equal([1L, 2, 65535], model.Metadata["numbers"].ToArray<long>());
        Assert.Equal("u16[3]", model.Metadata["numbers"].ToString());
        Assert.True(model.Metadata["flags"][1].GetBoolean());
        Assert.Equal(["one", "", "three"], model.Metadata["words"].ToStringArray());
        Assert.Empty(model.Metadata["empty"].ToArray<double>());
        GgufValue nested = model.Metadata["nested"];
        Assert.Equal("bc", nested[0][1].GetString());
        Assert.Equal(7, nested[1][0].Get<int>());
        Assert.Equal([1, 2], nested[2][0].ToArray<sbyte>());
    }

    [Fact]
    public void ListsTensorsAsTheyAre()
    {
        using var folder = new TempFolder();
        TestTensor[] tensors =
        [
            new("q") { Type = 12, Dimensions = [512, 3, 2] }, new("scalar", 1728) { Dimensions = [] },
            new("byte", 1760) { Type = 24, Dimensions = [1] },
        ];
        using GgufFile model = folder.Open(new TestModel { Tensors = tensors, DataBytes = 1761 });

        GgufTensor q = model.Tensors["q"];
        Assert.Equal(("Q4_K", QuantFormat.Q4_K, true), (q.FormatName, q.Format, q.IsFormatKnown));
        Assert.Equal([512, 3, 2], q.Dimensions);
        Assert.Equal([2, 3, 512], q.Shape);
        Assert.Equal((512L, 6L, 3072L, 1728L, 288L), (q.RowLength, q.RowCount, q.ElementCount, q.ByteLength, q.BytesPerRow));
        Assert.Equal((1L, 1L, 4L), (model.Tensors[1].RowLength, model.Tensors[1].RowCount, model.Tensors[1].ByteLength));
        Assert.Equal(model.Parts[0].DataOffset + 1760, model.Tensors["byte"].FileOffset);
        Assert.Equal(["q", "scalar", "byte"], model.Tensors.Select(tensor => tensor.Name));
        Assert.Contains("'x\\n'", Assert.Throws<KeyNotFoundException>(() => model.Tensors["x\n"]).Message);
    }

    [Fact]
    public void ListsUnknownTypesAndRefusesOnlyTheirDecoding()
    {
        using var folder = new TempFolder();
        TestTensor[] tensors =
        [
            new("a") { Type = 99, Dimensions = [7] }, new("b", 64) { Type = 4 }, new("c", 96), new("d", 128) { Type = 4096 },
        ];
        using GgufFile model = folder.Open(new TestModel { Tensors = tensors, DataBytes = 150 });
        using QuantDevice device = QuantDevice.Open("cpu");

        Assert.Equal(["type 99", "Q4_2 (removed from ggml)", "F32", "type 4096"], model.Tensors.Select(tensor => tensor.FormatName));
        Assert.Equal([64, 32, 32, 22], model.Tensors.Select(tensor => tensor.ByteLength));
        var refused = Assert.Throws<NotSupportedException>(() => model.Tensors[0].Dequantize(device, 0, 1, new float[7]));
        Assert.Contains("type 99", refused.Message);
        Assert.Contains("'b' has Q4_2", Assert.Throws<NotSupportedException>(() => model.Tensors[1].GetSpan(0, 1)).Message);
        model.Tensors[0].Read(0, new byte[64]);
    }

    [Fact]
    public void AcceptsWhatGgmlAccepts()
    {
        using var folder = new TempFolder();
        byte[] noTensors = new TestModel { Entries = [TestEntry.UInt32("a", 1)] }.ToBytes();
        Assert.NotEqual(0, noTensors.Length % 32);
        using GgufFile vocabulary = GgufFile.Open(folder.Write("vocab.gguf", noTensors));
        Assert.True(vocabulary.Parts[0].DataOffset > vocabulary.Parts[0].Length);
        Assert.Empty(vocabulary.Tensors);

        byte[] trailing = [.. new TestModel { Tensors = [new("w")] }.ToBytes(), .. new byte[99]];
        GgufFile.Open(folder.Write("trailing.gguf", trailing)).Dispose();
    }

    [Fact]
    public void EmptyTensorsAreRead()
    {
        using var folder = new TempFolder();
        TestTensor[] tensors = [new("a") { Type = 2, Dimensions = [0, 3] }, new("b") { Type = 2, Dimensions = [32, 0] }, new("c")];
        using GgufFile model = folder.Open(new TestModel { Tensors = tensors });
        using QuantDevice device = QuantDevice.Open("cpu");
        GgufTensor a = model.Tensors["a"], b = model.Tensors["b"];
        Assert.Equal((0L, 0L, 0L), (a.RowCount, a.RowLength, a.ByteLength));
        a.Dequantize(device, 0, 0, Span<float>.Empty);
        a.DequantizeRows(device, [], Span<float>.Empty);
        Assert.Equal(0, a.GetSpan(0, 0).Length);
        Assert.Equal((0L, 32L, 0L), (b.RowCount, b.RowLength, b.ByteLength));
        b.Dequantize(device, 0, 0, Span<float>.Empty);
        Assert.Throws<ArgumentOutOfRangeException>(() => b.Slice(0));
        Assert.Equal(2, model.Warnings.Count);
    }

    [Fact]
    public void LargeAlignmentsAreRead()
    {
        using var folder = new TempFolder();
        TestEntry[] entries = [TestEntry.UInt32("general.alignment", 1u << 21)];
        using GgufFile model = folder.Open(new TestModel { Alignment = 1 << 21, Entries = entries, Tensors = [new("w")] });
        Assert.Equal(1 << 21, model.Parts[0].DataOffset);
    }

    [Fact]
    public void WarnsOfOdditiesAndNotForever()
    {
        using var folder = new TempFolder();
        TestEntry[] entries = Enumerable.Range(0, 200).Select(i => TestEntry.UInt32($"schlüssel{i}", 1)).ToArray();
        using GgufFile model = folder.Open(new TestModel
        {
            Alignment = 4,
            Entries = [TestEntry.UInt32("general.alignment", 4), entries[0]],
            Tensors = [new(""), new(new string('w', 64), 32), new("\u001b[31m", 64)],
            DataBytes = 96,
        });
        Assert.Equal(5, model.Warnings.Count);
        Assert.All(model.Warnings, MalformedFileTests.AssertIsOneCleanLine);

        using GgufFile many = GgufFile.Open(folder.Write("many.gguf", new TestModel { Entries = entries }.ToBytes()));
        Assert.Equal(51, many.Warnings.Count);
        Assert.Equal("and 150 more warnings like these", many.Warnings[^1]);
    }

    [Fact]
    public void ClosedModelsSaySo()
    {
        using var folder = new TempFolder();
        GgufFile model = folder.Open(new TestModel { Entries = [TestEntry.Text("k", "v")], Tensors = [new("w")] });
        model.Dispose();
        model.Dispose();
        using QuantDevice device = QuantDevice.Open("cpu");
        Assert.Throws<ObjectDisposedException>(() => model.Metadata.GetString("k"));
        Assert.Throws<ObjectDisposedException>(() => model.Tensors[0].GetSpan(0, 1));
        Assert.Throws<ObjectDisposedException>(() => model.Tensors[0].Read(0, new byte[1]));
        Assert.Throws<ObjectDisposedException>(() => model.Tensors[0].Dequantize(device, 0, 1, new float[8]));
    }

    [Fact]
    public void RefusesWhatIsNoFile()
    {
        using var folder = new TempFolder();
        Assert.Throws<FileNotFoundException>(() => GgufFile.Open(folder["none.gguf"]));
        Assert.Contains("directory", Assert.Throws<IOException>(() => GgufFile.Open(folder["."])).Message);
        if (OperatingSystem.IsLinux())
        {
            Process.Start("mkfifo", folder["pipe.gguf"]).WaitForExit();
            Assert.Contains("pipe", Assert.Throws<IOException>(() => GgufFile.Open(folder["pipe.gguf"])).Message);
        }
    }

    [Fact]
    public void OpensLargeVocabulariesWithoutReadingThem()
    {
        const int Tokens = 150_000;
        using var folder = new TempFolder();
        var tokens = new TestEntry("tokens", GgufBytes.Array, v =>
        {
            v.ArrayHead(GgufBytes.String, Tokens);
            for (int i = 0; i < Tokens; i++)
            {
                v.Text($"token {i}");
            }
        });
        string path = folder.Write("m.gguf", new TestModel { Entries = [tokens] }.ToBytes());
        GgufFile.Open(path).Dispose();
        long before = GC.GetAllocatedBytesForCurrentThread();
        using GgufFile model = GgufFile.Open(path);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 50_000);
        Assert.Equal(Tokens, model.Metadata["tokens"].Count);
        Assert.Equal("token 149999", model.Metadata["tokens"][Tokens - 1].GetString());
        Assert.Throws<ArgumentOutOfRangeException>(() => model.Metadata["tokens"][Tokens]);
    }
}
