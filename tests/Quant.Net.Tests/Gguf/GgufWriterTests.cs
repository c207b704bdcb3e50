using Quant.Net.Gguf;

namespace Quant.Net.Tests.Gguf;

public sealed class GgufWriterTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static void WriteModel(string path, bool overwrite = false, uint alignment = 64)
    {
        using GgufWriter writer = GgufWriter.Create(path, new GgufWriterOptions { Overwrite = overwrite });
        writer.SetMetadata("general.architecture", GgufValue.FromString("llama"));
        writer.SetMetadata("u8", GgufValue.FromNumber((byte)8));
        writer.SetMetadata("f64", GgufValue.FromNumber(0.5));
        writer.SetMetadata("yes", GgufValue.FromBoolean(true));
        writer.SetMetadata("raw", GgufValue.FromUtf8([0xFF, 0x00]));
        writer.SetMetadata("numbers", GgufValue.FromArray<long>([1, -2, long.MaxValue]));
        writer.SetMetadata("words", GgufValue.FromArray(["a", "", "ü"]));
        writer.SetMetadata("nested", GgufValue.FromArray(GgufValueType.Array, [GgufValue.FromArray<int>([1]), GgufValue.FromArray(["x"])]));
        writer.SetMetadata("u8", GgufValue.FromNumber((byte)9));
        writer.AddTensor("a", QuantFormat.Q8_0, [32, 3]);
        writer.AddTensor("b", QuantFormat.F32, [3]);
        writer.AddTensor("c", QuantFormat.I8, []);
        writer.SetMetadata("general.alignment", GgufValue.FromNumber(alignment));
        long declared = writer.DeclaredLength;
        writer.Write("a", new byte[100]);
        writer.Write("a", [1, 2]);
        writer.Write("b", new byte[12]);
        writer.Write("c", [7]);
        writer.Complete();
        Assert.Equal(declared, new FileInfo(path).Length);
    }

    [Fact]
    public void WhatIsWrittenIsRead()
    {
        WriteModel(_folder["m.gguf"]);
        using GgufFile model = GgufFile.Open(_folder["m.gguf"]);
        Assert.Equal(3, model.Version);
        Assert.Equal(64, model.Parts[0].Alignment);
        string[] keys = ["general.architecture", "u8", "f64", "yes", "raw", "numbers", "words", "nested", "general.alignment"];
        Assert.Equal(keys, model.Metadata.Keys);
        Assert.Equal(9, model.Metadata.Get<byte>("u8"));
        Assert.Equal([0xFF, 0x00], model.Metadata["raw"].GetUtf8().ToArray());
        Assert.Equal([1, -2, long.MaxValue], model.Metadata["numbers"].ToArray<long>());
        Assert.Equal(["a", "", "ü"], model.Metadata["words"].ToStringArray());
        Assert.Equal("x", model.Metadata["nested"][1][0].GetString());
        Assert.Equal(2, model.Tensors["a"].GetSpan(2, 1)[^1]);
        Assert.Equal(7, model.Tensors["c"].GetSpan(0, 1)[0]);
        Assert.Empty(model.Warnings);
        Assert.Equal(["m.gguf"], _folder.Names);
    }

    [Fact]
    public void EqualCallsGiveEqualBytes()
    {
        WriteModel(_folder["a.gguf"]);
        WriteModel(_folder["b.gguf"]);
        Assert.Equal(File.ReadAllBytes(_folder["a.gguf"]), File.ReadAllBytes(_folder["b.gguf"]));
    }

    [Fact]
    public void MetadataOfVersion1AreWrittenAsVersion3()
    {
        TestEntry[] entries =
        [
            TestEntry.Text("text", "value"),
            new("nested", GgufBytes.Array, v => v.ArrayHead(GgufBytes.Array, 2)
                .ArrayHead(GgufBytes.String, 1).Text("x").ArrayHead(GgufBytes.U32, 1).Word32(5)),
        ];
        using GgufFile old = GgufFile.Open(_folder.Write("v1.gguf", new TestModel { Version = 1, Entries = entries }.ToBytes()));
        using (GgufWriter writer = GgufWriter.Create(_folder["v3.gguf"]))
        {
            foreach ((string key, GgufValue value) in old.Metadata)
            {
                writer.SetMetadata(key, value);
            }

            writer.Complete();
        }

        byte[] expected = new TestModel { Version = 3, Entries = entries }.ToBytes();
        Assert.Equal(expected, File.ReadAllBytes(_folder["v3.gguf"])[..expected.Length]);
    }

    [Fact]
    public void TensorsOfUnknownTypesAreCopied()
    {
        byte[] data = Enumerable.Range(0, 100).Select(i => (byte)i).ToArray();
        TestTensor[] tensors = [new("a") { Type = 99, Dimensions = [7, 3] }, new("b", 64)];
        byte[] original = new TestModel { Tensors = tensors, Data = data[..96] }.ToBytes();
        using GgufFile model = GgufFile.Open(_folder.Write("model.gguf", original));
        using (GgufWriter writer = GgufWriter.Create(_folder["copy.gguf"]))
        {
            foreach (GgufTensor tensor in model.Tensors)
            {
                writer.AddTensor(tensor);
            }

            foreach (GgufTensor tensor in model.Tensors)
            {
                var bytes = new byte[tensor.ByteLength];
                tensor.Read(0, bytes);
                writer.Write(tensor.Name, bytes);
            }

            writer.Complete();
        }

        Assert.Equal(original, File.ReadAllBytes(_folder["copy.gguf"]));
    }

    [Fact]
    public void ExistingFilesStayUnlessToldOtherwise()
    {
        _folder.Write("m.gguf", [1, 2, 3]);
        Assert.Contains("exists already", Assert.Throws<OutputExistsException>(() => GgufWriter.Create(_folder["m.gguf"])).Message);
        Assert.Equal(3, new FileInfo(_folder["m.gguf"]).Length);
        WriteModel(_folder["m.gguf"], overwrite: true);
        GgufFile.Open(_folder["m.gguf"]).Dispose();
        Assert.Equal(["m.gguf"], _folder.Names);
    }

    [Fact]
    public void AnUnfinishedFileLeavesNothing()
    {
        using (GgufWriter writer = GgufWriter.Create(_folder["m.gguf"]))
        {
            writer.AddTensor("a", QuantFormat.F32, [4]);
            writer.Write("a", new byte[8]);
            Assert.Single(_folder.Names);
            Assert.DoesNotContain("m.gguf", _folder.Names);
            Assert.Contains("8 of 16 bytes", Assert.Throws<InvalidOperationException>(writer.Complete).Message);
        }

        Assert.Empty(_folder.Names);
    }

    [Fact]
    public void AFileThatAppearsMeanwhileStays()
    {
        using (GgufWriter writer = GgufWriter.Create(_folder["m.gguf"]))
        {
            _folder.Write("m.gguf", [1]);
            Assert.Throws<OutputExistsException>(writer.Complete);
        }

        Assert.Equal([1], File.ReadAllBytes(_folder["m.gguf"]));
        Assert.Single(_folder.Names);
    }

    [Fact]
    public void SaysWhenThereIsNoDirectory()
    {
        string path = _folder[Path.Combine("none", "m.gguf")];
        var fault = Assert.Throws<DirectoryNotFoundException>(() => GgufWriter.Create(path));
        Assert.Contains("m.gguf: there is no directory '", fault.Message);
    }

    [Fact]
    public void RefusesWhatReadersWouldRefuse()
    {
        using GgufWriter writer = GgufWriter.Create(_folder["m.gguf"]);
        Assert.Throws<ArgumentException>(() => writer.SetMetadata("", GgufValue.FromBoolean(true)));
        Assert.Throws<ArgumentException>(() => writer.SetMetadata("\uD800", GgufValue.FromBoolean(true)));
        Assert.Throws<ArgumentException>(() => writer.SetMetadata(new string('k', 65536), GgufValue.FromBoolean(true)));
        Assert.Throws<ArgumentException>(() => writer.SetMetadata("general.alignment", GgufValue.FromNumber(3u)));
        Assert.Throws<ArgumentException>(() => writer.SetMetadata("general.alignment", GgufValue.FromNumber(32)));
        Assert.Throws<ArgumentException>(() => writer.AddTensor(new string('w', 65), QuantFormat.F32, [1]));
        Assert.Throws<ArgumentException>(() => writer.AddTensor("w", (QuantFormat)99, [1]));
        Assert.Throws<ArgumentException>(() => writer.AddTensor("w", QuantFormat.F32, [1, -1]));
        Assert.Throws<ArgumentException>(() => writer.AddTensor("w", QuantFormat.F32, [1L << 32, 1L << 32]));
        Assert.Throws<ArgumentException>(() => writer.AddTensor("w", QuantFormat.F32, [1, 1, 1, 1, 1]));
        Assert.Throws<ArgumentException>(() => writer.AddTensor("w", QuantFormat.Q4_K, [128, 2]));
        writer.AddTensor("w", QuantFormat.F32, [2]);
        writer.AddTensor("v", QuantFormat.F32, [1]);
        Assert.Throws<ArgumentException>(() => writer.AddTensor("w", QuantFormat.F32, [1]));
        Assert.Contains("turn of 'w'", Assert.Throws<InvalidOperationException>(() => writer.Write("v", [1])).Message);
        Assert.Contains("declared with 8", Assert.Throws<InvalidOperationException>(() => writer.Write("w", new byte[9])).Message);
        Assert.Throws<InvalidOperationException>(() => writer.AddTensor("x", QuantFormat.F32, [1]));
        Assert.Throws<InvalidOperationException>(() => writer.SetMetadata("x", GgufValue.FromBoolean(true)));
    }
}
