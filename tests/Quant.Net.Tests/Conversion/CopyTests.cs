using Quant.Net.Gguf;
using Quant.Net.Tests.Gguf;

namespace Quant.Net.Tests.Conversion;

/// <summary>Splitting, merging and extracting; the tests of the command line compare whole models.</summary>
public sealed class CopyTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task EachPartHasTheModelsAlignment()
    {
        using GgufFile model = _folder.Open(new TestModel
        {
            Alignment = 256,
            Entries = [TestEntry.UInt32("general.alignment", 256), TestEntry.Text("general.name", "x")],
            Tensors = [new("a"), new("b", offset: 256)],
            DataBytes = 512,
        });
        await ModelConverter.SplitAsync(model, _folder["part"], new SplitOptions { MaxDataBytes = 256 });
        using GgufFile split = GgufFile.Open(_folder["part-00001-of-00002.gguf"]);
        await ModelConverter.MergeAsync(split, _folder["whole.gguf"]);

        Assert.Equal([256, 256], split.Parts.Select(part => part.Alignment));
        Assert.Equal(File.ReadAllBytes(_folder["model.gguf"]), File.ReadAllBytes(_folder["whole.gguf"]));
    }

    [Fact]
    public async Task LimitsThatMakeNoSenseAreRefused()
    {
        using GgufFile model = _folder.Open(new TestModel { Tensors = [new("a")] });
        foreach (SplitOptions options in new SplitOptions[]
        {
            new(), new() { MaxDataBytes = 1, MaxTensors = 1 }, new() { MaxDataBytes = 0 }, new() { MaxTensors = -1 },
        })
        {
            await Assert.ThrowsAsync<ArgumentException>(() => ModelConverter.SplitAsync(model, _folder["part"], options));
        }

        Assert.Equal(["model.gguf"], _folder.Names);
    }

    [Fact]
    public async Task PartialModelsAreNotCopied()
    {
        using GgufFile model = _folder.Open(new TestModel { Tensors = [new("a"), new("b", offset: 32)], DataBytes = 64 });
        await ModelConverter.SplitAsync(model, _folder["part"], new SplitOptions { MaxTensors = 1 });
        File.Delete(_folder["part-00002-of-00002.gguf"]);
        using GgufFile partial = GgufFile.Open(_folder["part-00001-of-00002.gguf"], new GgufOpenOptions { AllowPartial = true });

        var refused = await Assert.ThrowsAsync<ArgumentException>(() => ModelConverter.MergeAsync(partial, _folder["whole.gguf"]));
        Assert.Contains("'part-00002-of-00002.gguf'", refused.Message);
    }

    [Fact]
    public async Task CancellationLeavesNothing()
    {
        using GgufFile model = _folder.Open(new TestModel { Tensors = [new("a"), new("b", offset: 32)], DataBytes = 64 });
        using var source = new CancellationTokenSource();
        var cancel = new Cancel(source);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => ModelConverter.SplitAsync(model, _folder["part"], new SplitOptions { MaxTensors = 1 }, cancel, source.Token));
        Assert.Equal(["model.gguf"], _folder.Names);
    }

    [Fact]
    public async Task SlicesAreExtracted()
    {
        byte[] data = Enumerable.Range(0, 2 * 3 * 4 * 4).Select(i => (byte)i).ToArray();
        using GgufFile model = _folder.Open(new TestModel { Tensors = [new("a") { Dimensions = [4, 3, 2] }], Data = data });
        await ModelConverter.ExtractAsync(model.Tensors["a"].Slice(1), _folder["a.bin"]);

        Assert.Equal(data[48..], File.ReadAllBytes(_folder["a.bin"]));
    }

    [Theory]
    [InlineData("model.gguf", "model")]
    [InlineData("model-00002-of-00003.gguf", "model")]
    [InlineData("model-2-of-3.gguf", "model-2-of-3")]
    public void StemsHaveNoNumber(string name, string stem)
    {
        using GgufFile model = _folder.Open(new TestModel { Tensors = [new("a")] }, name);
        Assert.Equal(stem, model.FileStem);
    }

    private sealed class Cancel(CancellationTokenSource source) : IProgress<ConversionProgress>
    {
        public void Report(ConversionProgress value) => source.Cancel();
    }
}
