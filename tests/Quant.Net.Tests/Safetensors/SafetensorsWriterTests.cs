using System.Text.Json;
using Quant.Net.Safetensors;
using Quant.Net.Tests.Gguf;

namespace Quant.Net.Tests.Safetensors;

public sealed class SafetensorsWriterTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private SafetensorsWriter CreateInShards(long bytes) =>
        SafetensorsWriter.Create(_folder["m.safetensors"], new SafetensorsWriterOptions { MaxShardBytes = bytes });

    private static void WriteModel(string path, long? shard = null, bool overwrite = false)
    {
        using SafetensorsWriter writer = SafetensorsWriter.Create(path, new SafetensorsWriterOptions
        {
            Overwrite = overwrite,
            MaxShardBytes = shard,
            Metadata = [new("format", "pt"), new("quote", "\"\n<ü>")],
        });
        writer.AddTensor("a", SafetensorsType.F32, [2, 3]);
        writer.AddTensor("scalar", SafetensorsType.F64, []);
        writer.AddTensor("none", SafetensorsType.BF16, [0, 5]);
        writer.AddTensor("n\"\u001b\\ö", SafetensorsType.I8, [5]);
        long declared = writer.DeclaredLength;
        writer.Write("a", Enumerable.Range(0, 20).Select(i => (byte)i).ToArray());
        writer.Write("a", [20, 21, 22, 23]);
        writer.Write("scalar", BitConverter.GetBytes(1.5));
        writer.Write("none", []);
        writer.Write("n\"\u001b\\ö", [1, 2, 3, 4, 5]);
        writer.Complete();
        IEnumerable<string> files = writer.Files.Where(file => !file.EndsWith(".json", StringComparison.Ordinal));
        Assert.Equal(declared, files.Sum(file => new FileInfo(file).Length));
    }

    [Fact]
    public void WhatIsWrittenIsReadByAnother()
    {
        WriteModel(_folder["m.safetensors"]);
        var file = new PlainSafetensors(_folder["m.safetensors"]);
        Assert.Equal(["a", "scalar", "none", "n\"\u001b\\ö"], file.Names);
        Assert.Equal("pt", file.Metadata["format"]);
        Assert.Equal("\"\n<ü>", file.Metadata["quote"]);
        Assert.Equal(("F32", 24), (file.Tensors["a"].Type, file.Tensors["a"].Data.Length));
        Assert.Equal([2, 3], file.Tensors["a"].Shape);
        Assert.Equal(23, file.Tensors["a"].Data[^1]);
        Assert.Empty(file.Tensors["scalar"].Shape);
        Assert.Empty(file.Tensors["none"].Data);
        Assert.Equal([1, 2, 3, 4, 5], file.Tensors["n\"\u001b\\ö"].Data);
        Assert.Equal(["m.safetensors"], _folder.Names);
    }

    [Fact]
    public void EqualCallsGiveEqualBytes()
    {
        WriteModel(_folder["a.safetensors"]);
        WriteModel(_folder["b.safetensors"]);
        Assert.Equal(File.ReadAllBytes(_folder["a.safetensors"]), File.ReadAllBytes(_folder["b.safetensors"]));
    }

    [Fact]
    public void ShardsHaveAnIndex()
    {
        WriteModel(_folder["m.safetensors"], shard: 10);
        IEnumerable<string> files = Enumerable.Range(1, 3).Select(i => $"m-0000{i}-of-00003.safetensors");
        Assert.Equal([.. files, "m.safetensors.index.json"], _folder.Names);
        Assert.Equal(["scalar", "none"], new PlainSafetensors(_folder["m-00002-of-00003.safetensors"]).Names);
        using JsonDocument index = JsonDocument.Parse(File.ReadAllBytes(_folder["m.safetensors.index.json"]));
        Assert.Equal(37, index.RootElement.GetProperty("metadata").GetProperty("total_size").GetInt64());
        Dictionary<string, string> map = index.RootElement.GetProperty("weight_map").EnumerateObject()
            .ToDictionary(entry => entry.Name, entry => entry.Value.GetString()!);
        Assert.Equal("m-00001-of-00003.safetensors", map["a"]);
        Assert.All(map, entry => Assert.Contains(entry.Key, new PlainSafetensors(_folder[entry.Value]).Names));
    }

    [Fact]
    public void ExistingFilesStayUnlessToldOtherwise()
    {
        _folder.Write("m-00002-of-00003.safetensors", [1]);
        var refused = Assert.Throws<OutputExistsException>(() => WriteModel(_folder["m.safetensors"], shard: 10));
        Assert.Contains("m-00002-of-00003.safetensors: exists already", refused.Message);
        Assert.Equal(["m-00002-of-00003.safetensors"], _folder.Names);
        WriteModel(_folder["m.safetensors"], shard: 10, overwrite: true);
        Assert.Equal(4, _folder.Names.Length);
        Assert.Throws<OutputExistsException>(() => CreateInShards(10));
    }

    [Fact]
    public void AnUnfinishedModelLeavesNothing()
    {
        using (SafetensorsWriter writer = CreateInShards(1))
        {
            writer.AddTensor("a", SafetensorsType.U8, [1]);
            writer.AddTensor("b", SafetensorsType.U8, [2]);
            writer.Write("a", [1]);
            writer.Write("b", [1]);
            Assert.Contains("1 of 2 bytes", Assert.Throws<InvalidOperationException>(writer.Complete).Message);
            Assert.Equal(2, _folder.Names.Length);
        }

        Assert.Empty(_folder.Names);
    }

    [Fact]
    public void AFileThatAppearsMeanwhileStaysAndTheOthersGo()
    {
        using (SafetensorsWriter writer = CreateInShards(1))
        {
            writer.AddTensor("a", SafetensorsType.U8, [1]);
            writer.AddTensor("b", SafetensorsType.U8, [1]);
            writer.Write("a", [1]);
            writer.Write("b", [1]);
            _folder.Write("m-00002-of-00002.safetensors", [9]);
            Assert.Throws<OutputExistsException>(writer.Complete);
        }

        Assert.Equal(["m-00002-of-00002.safetensors"], _folder.Names);
        Assert.Equal([9], File.ReadAllBytes(_folder["m-00002-of-00002.safetensors"]));
    }

    [Fact]
    public void AModelWithoutTensorsIsAFile()
    {
        using (SafetensorsWriter writer = SafetensorsWriter.Create(_folder["m.safetensors"]))
        {
            writer.Complete();
        }

        Assert.Empty(new PlainSafetensors(_folder["m.safetensors"]).Names);
    }

    [Fact]
    public void RefusesWhatCannotBe()
    {
        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Create(_folder["m.bin"]));
        Assert.Throws<ArgumentException>(() => CreateInShards(0));
        using SafetensorsWriter writer = SafetensorsWriter.Create(_folder["m.safetensors"]);
        Assert.Throws<ArgumentException>(() => writer.AddTensor("__metadata__", SafetensorsType.U8, [1]));
        Assert.Throws<ArgumentException>(() => writer.AddTensor("a", SafetensorsType.U8, [-1]));
        Assert.Throws<ArgumentException>(() => writer.AddTensor("a", SafetensorsType.F64, [1L << 61]));
        writer.AddTensor("a", SafetensorsType.U8, [1]);
        Assert.Throws<ArgumentException>(() => writer.AddTensor("a", SafetensorsType.U8, [1]));
        Assert.Throws<InvalidOperationException>(() => writer.Write("b", [1]));
        Assert.Throws<InvalidOperationException>(() => writer.Write("a", [1, 2]));
        Assert.Throws<InvalidOperationException>(() => writer.AddTensor("c", SafetensorsType.U8, [1]));
    }

    [Fact]
    public void WhatNoReaderWouldTakeIsNotWritten()
    {
        using SafetensorsWriter writer = SafetensorsWriter.Create(_folder["m.safetensors"]);

        Assert.Contains("no whole number of bytes", Assert.Throws<ArgumentException>(() => writer.AddTensor("x", SafetensorsType.F4, [3])).Message);
        Assert.Contains("65 dimensions", Assert.Throws<ArgumentException>(
            () => writer.AddTensor("x", SafetensorsType.F32, Enumerable.Repeat(1L, 65).ToArray())).Message);
        Assert.Contains("twice", Assert.Throws<ArgumentException>(() => SafetensorsWriter.Create(
            _folder["n.safetensors"], new SafetensorsWriterOptions { Metadata = [new("k", "1"), new("k", "2")] })).Message);
    }
}
