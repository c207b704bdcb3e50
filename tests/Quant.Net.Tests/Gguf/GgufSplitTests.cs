using Quant.Net.Gguf;

namespace Quant.Net.Tests.Gguf;

public class GgufSplitTests
{
    private static string PartName(int part, int count) => $"m-{part + 1:D5}-of-{count:D5}.gguf";

    private static TestEntry TensorCount(uint count) => new("split.tensors.count", GgufBytes.I32, v => v.Word32(count));

    private static byte[] Part(int part, int count) => new TestModel
    {
        Entries =
        [
            TestEntry.UInt16("split.no", part), TestEntry.UInt16("split.count", count), TensorCount((uint)count),
            .. part == 0 ? [TestEntry.Text("general.architecture", "llama")] : Array.Empty<TestEntry>(),
        ],
        Tensors = [new($"w{part}")],
    }.ToBytes();

    private static void WriteAll(TempFolder folder, int count, params int[] missing)
    {
        foreach (int part in Enumerable.Range(0, count).Except(missing))
        {
            folder.Write(PartName(part, count), Part(part, count));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void AnyPartOpensAll(int opened)
    {
        using var folder = new TempFolder();
        WriteAll(folder, 3);
        using GgufFile model = GgufFile.Open(folder[PartName(opened, 3)]);
        Assert.Equal(["w0", "w1", "w2"], model.Tensors.Select(tensor => tensor.Name));
        Assert.Equal(Enumerable.Range(0, 3).Select(part => PartName(part, 3)), model.Parts.Select(part => Path.GetFileName(part.Path)));
        Assert.Equal("llama", model.Architecture);
        Assert.Same(model.Parts[1], model.Tensors["w1"].Part);
        Assert.Empty(model.Warnings);
    }

    [Fact]
    public void PartsMayBeSymbolicLinks()
    {
        using var blobs = new TempFolder();
        using var folder = new TempFolder();
        for (int part = 0; part < 2; part++)
        {
            File.CreateSymbolicLink(folder[PartName(part, 2)], blobs.Write($"blob{part}", Part(part, 2)));
        }

        using GgufFile model = GgufFile.Open(folder[PartName(1, 2)]);
        Assert.Equal(2, model.Tensors.Count);
    }

    [Fact]
    public void MissingPartsAreNamedTogether()
    {
        using var folder = new TempFolder();
        WriteAll(folder, 5, missing: [0, 3]);
        string message = Assert.Throws<FileNotFoundException>(() => GgufFile.Open(folder[PartName(1, 5)])).Message;
        Assert.EndsWith("m-00002-of-00005.gguf: 2 of 5 parts are missing: 'm-00001-of-00005.gguf', 'm-00004-of-00005.gguf'", message);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void AFolderInThePlaceOfAPartIsNotMissing(bool allowPartial)
    {
        using var folder = new TempFolder();
        WriteAll(folder, 3, missing: [1]);
        Directory.CreateDirectory(folder[PartName(1, 3)]);
        Assert.Equal(
            $"{folder[PartName(1, 3)]}: is a directory, not a file",
            Assert.Throws<IOException>(() => GgufFile.Open(folder[PartName(0, 3)], new GgufOpenOptions { AllowPartial = allowPartial })).Message);
    }

    [Fact]
    public void ListsOfMissingPartsStayReadable()
    {
        using var folder = new TempFolder();
        folder.Write(PartName(0, 65535), Part(0, 65535));
        var missing = Assert.Throws<FileNotFoundException>(() => GgufFile.Open(folder[PartName(0, 65535)]));
        Assert.Contains("more than 100 of 65535 parts", missing.Message);
        MalformedFileTests.AssertIsOneCleanLine(missing.Message);
    }

    [Fact]
    public void PartialModelsOpenWhenAskedFor()
    {
        using var folder = new TempFolder();
        WriteAll(folder, 3, missing: [0]);
        using GgufFile model = GgufFile.Open(folder[PartName(2, 3)], new GgufOpenOptions { AllowPartial = true });
        Assert.Equal(["w1", "w2"], model.Tensors.Select(tensor => tensor.Name));
        Assert.Equal([PartName(0, 3)], model.MissingParts);
        Assert.Contains("missing", Assert.Single(model.Warnings));
    }

    [Fact]
    public void MergedFilesAreModelsByThemselves()
    {
        using var folder = new TempFolder();
        TestEntry[] entries = [TestEntry.UInt16("split.count", 0), TestEntry.UInt16("split.no", 0), TensorCount(7)];
        folder.Open(new TestModel { Entries = entries, Tensors = [new("w")] }).Dispose();
    }

    [Fact]
    public void WarnsOfNamesThatPromiseParts()
    {
        using var folder = new TempFolder();
        using GgufFile model = GgufFile.Open(folder.Write(PartName(0, 2), new TestModel { Tensors = [new("w")] }.ToBytes()));
        Assert.Contains("named like a part", Assert.Single(model.Warnings));
    }
}
