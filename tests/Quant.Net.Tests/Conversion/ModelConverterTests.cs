using System.Runtime.InteropServices;
using Quant.Net.Gguf;
using Quant.Net.Tests.Gguf;
using Quant.Net.Tests.Safetensors;

namespace Quant.Net.Tests.Conversion;

public sealed class ModelConverterTests : IDisposable
{
    private readonly QuantDevice _device = QuantDevice.Open("cpu");
    private readonly TempFolder _folder = new();

    public static IEnumerable<object[]> SamplesAndTypes =>
        from sample in new[] { "stories260K-Q4_K_M.gguf", "wide-Q4_K_M.gguf" }
        from type in new[] { QuantFormat.F32, QuantFormat.F16, QuantFormat.BF16 }
        select new object[] { sample, type };

    public void Dispose()
    {
        _device.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [MemberData(nameof(SamplesAndTypes))]
    public async Task SamplesBecomeSafetensors(string sample, QuantFormat type)
    {
        using GgufFile model = GgufFile.Open(Repository.PathOf("samples", "models", sample));
        DequantizeResult result = await Dequantize(model, "out.safetensors", new DequantizeOptions { OutputType = type });

        var output = new PlainSafetensors(_folder["out.safetensors"]);
        Assert.Equal("pt", output.Metadata["format"]);
        Assert.Equal(model.Tensors.Select(tensor => tensor.Name).Order(), output.Names.Order());
        foreach (GgufTensor tensor in model.Tensors)
        {
            PlainSafetensors.Tensor written = output.Tensors[tensor.Name];
            Assert.Equal(type.ToString(), written.Type);
            Assert.Equal(tensor.Shape, written.Shape);
            Assert.Equal(Decode(tensor, type), written.Data);
        }

        Assert.Equal(model.Tensors.Count, result.TensorCount);
        Assert.Equal(new FileInfo(_folder["out.safetensors"]).Length, result.OutputBytes);
        Assert.Empty(result.Warnings);
        Assert.All(result.Kernels, kernel => Assert.NotEqual("", kernel));
        Assert.Equal(["out.safetensors"], _folder.Names);
    }

    [Theory]
    [MemberData(nameof(SamplesAndTypes))]
    public async Task SamplesBecomeGguf(string sample, QuantFormat type)
    {
        using GgufFile model = GgufFile.Open(Repository.PathOf("samples", "models", sample));
        await Dequantize(model, "out.gguf", new DequantizeOptions { OutputType = type });

        using GgufFile output = GgufFile.Open(_folder["out.gguf"]);
        Assert.Equal(type switch { QuantFormat.F32 => 0, QuantFormat.F16 => 1, _ => 32 }, output.Metadata.Get<int>("general.file_type"));
        Assert.Equal(model.Metadata.Keys, output.Metadata.Keys);
        Assert.All(model.Metadata.Where(entry => entry.Key != "general.file_type"),
            entry => Assert.Equal(entry.Value.RawBytes.ToArray(), output.Metadata[entry.Key].RawBytes.ToArray()));
        Assert.Equal(model.Tensors.Select(tensor => tensor.Name), output.Tensors.Select(tensor => tensor.Name));
        foreach (GgufTensor tensor in model.Tensors)
        {
            GgufTensor written = output.Tensors[tensor.Name];
            Assert.Equal(tensor.Dimensions, written.Dimensions);
            Assert.Equal(tensor.RowCount == 1 ? QuantFormat.F32 : type, written.Format);
            Assert.Equal(Decode(tensor, written.Format), written.GetSpan(0, written.RowCount).ToArray());
        }
    }

    [Fact]
    public async Task ARankStaysMarkedAsOne()
    {
        using GgufFile rank = _folder.Open(new TestModel
        {
            Entries = [TestEntry.Text("quantnet.rank", "1"), TestEntry.Text("quantnet.ranks", "2")],
            Tensors = [new("a")],
        });
        await Dequantize(rank, "out.safetensors", new DequantizeOptions());

        IReadOnlyDictionary<string, string> metadata = new PlainSafetensors(_folder["out.safetensors"]).Metadata;
        Assert.Equal(("1", "2"), (metadata["quantnet.rank"], metadata["quantnet.ranks"]));
    }

    [Fact]
    public async Task ResultsDoNotDependOnChunks()
    {
        using GgufFile model = GgufFile.Open(Repository.PathOf("samples", "models", "stories260K-Q4_K_M.gguf"));
        await Dequantize(model, "a.gguf", new DequantizeOptions());
        await Dequantize(model, "b.gguf", new DequantizeOptions { ChunkBytes = 1 });
        await Dequantize(model, "c.gguf", new DequantizeOptions { ChunkBytes = 5000 });
        byte[] expected = File.ReadAllBytes(_folder["a.gguf"]);
        Assert.Equal(expected, File.ReadAllBytes(_folder["b.gguf"]));
        Assert.Equal(expected, File.ReadAllBytes(_folder["c.gguf"]));
    }

    [Fact]
    public async Task ShardsHoldEverything()
    {
        using GgufFile model = GgufFile.Open(Repository.PathOf("samples", "models", "stories260K-Q4_K_M.gguf"));
        DequantizeResult result = await Dequantize(model, "out.safetensors", new DequantizeOptions { MaxShardBytes = 100_000 });
        Assert.Equal(_folder["out.safetensors.index.json"], result.Files[^1]);
        Assert.Equal(result.Files.Count, _folder.Names.Length);
        Assert.Equal(model.Tensors.Count, result.Files.SkipLast(1).Sum(file => new PlainSafetensors(file).Names.Count));
    }

    [Fact]
    public async Task SplitModelsBecomeOneAndForgetIt()
    {
        for (int part = 0; part < 2; part++)
        {
            TestEntry[] entries =
            [
                TestEntry.UInt16("split.no", part), TestEntry.UInt16("split.count", 2), TestEntry.Text("general.name", "x"),
            ];
            _folder.Write($"m-0000{part + 1}-of-00002.gguf", new TestModel { Entries = entries, Tensors = [new($"w{part}")] }.ToBytes());
        }

        using GgufFile model = GgufFile.Open(_folder["m-00002-of-00002.gguf"]);
        await Dequantize(model, "out.gguf", new DequantizeOptions());
        using GgufFile output = GgufFile.Open(_folder["out.gguf"]);
        Assert.Equal(["general.name", "general.file_type"], output.Metadata.Keys);
        Assert.Equal(2, output.Tensors.Count);
    }

    [Fact]
    public async Task IntegersStayAndLargeElementsComeFirst()
    {
        byte[] data = new byte[96];
        data[0] = 0xFE;
        TestTensor[] tensors =
        [
            new("bytes") { Type = 24, Dimensions = [3] }, new("matrix", 32) { Dimensions = [2, 2] },
            new("longs", 64) { Type = 27, Dimensions = [1] },
        ];
        using GgufFile model = Open(new TestModel { Tensors = tensors, Data = data });
        await Dequantize(model, "out.safetensors", new DequantizeOptions { OutputType = QuantFormat.F16 });
        var output = new PlainSafetensors(_folder["out.safetensors"]);
        Assert.Equal(["longs", "matrix", "bytes"], output.Names);
        Assert.Equal(["I64", "F16", "I8"], output.Names.Select(name => output.Tensors[name].Type));
        Assert.Equal([0xFE, 0, 0], output.Tensors["bytes"].Data);
    }

    [Theory]
    [InlineData("out.gguf")]
    [InlineData("out.safetensors")]
    public async Task EmptyTensorsStayEmpty(string name)
    {
        TestTensor[] tensors = [new("a") { Dimensions = [0, 3] }, new("b") { Type = 2, Dimensions = [32, 0] }, new("c")];
        using GgufFile model = Open(new TestModel { Tensors = tensors });
        DequantizeResult result = await Dequantize(model, name, new DequantizeOptions());
        Assert.Equal((3, 8L), (result.TensorCount, result.ElementCount));
    }

    [Fact]
    public async Task PatternsChoose()
    {
        using GgufFile model = GgufFile.Open(Repository.PathOf("samples", "models", "stories260K-Q4_K_M.gguf"));
        var some = new DequantizeOptions { Include = ["blk.0.attn_[qk].weight", "output*"] };
        DequantizeResult result = await Dequantize(model, "out.safetensors", some);
        Assert.Equal(result.TensorCount, new PlainSafetensors(_folder["out.safetensors"]).Names.Count);
        Assert.Contains("blk.0.attn_q.weight", new PlainSafetensors(_folder["out.safetensors"]).Names);
        Assert.DoesNotContain("blk.0.attn_v.weight", new PlainSafetensors(_folder["out.safetensors"]).Names);

        var nothing = new DequantizeOptions { Include = ["output*", "no\n*"] };
        var refused = await Assert.ThrowsAsync<KeyNotFoundException>(() => Dequantize(model, "x.gguf", nothing));
        Assert.Contains("no tensor matches 'no\\n*'", refused.Message);
        Assert.Equal(["out.safetensors"], _folder.Names);
    }

    [Fact]
    public async Task UnknownTypesAreRefusedTogetherBeforeAnythingIsWritten()
    {
        TestTensor[] tensors = [new("a") { Type = 99 }, new("b", 32), new("c", 64) { Type = 31 }];
        using GgufFile model = Open(new TestModel { Tensors = tensors, DataBytes = 96 });
        var refused = await Assert.ThrowsAsync<NotSupportedException>(() => Dequantize(model, "x.gguf", new DequantizeOptions()));
        Assert.Contains("2 tensors", refused.Message);
        Assert.Contains("'a (type 99)', 'c (Q4_0_4_4 (removed from ggml))'", refused.Message);
        Assert.Equal(["model.gguf"], _folder.Names);
        await Dequantize(model, "b.gguf", new DequantizeOptions { Include = ["b"] });
    }

    [Fact]
    public async Task OverflowIsCountedAndStrictRefusesIt()
    {
        float[] values = [1, 65504, 65519, 65520, -1e9f, float.PositiveInfinity, float.NaN, float.MaxValue];
        byte[] data = MemoryMarshal.AsBytes<float>(values).ToArray();
        using GgufFile model = Open(new TestModel { Tensors = [new("w") { Dimensions = [4, 2] }], Data = data });
        DequantizeResult result = await Dequantize(model, "out.gguf", new DequantizeOptions { ChunkBytes = 8 });
        Assert.Equal($"{_folder["model.gguf"]}: tensor 'w': 3 values too large for F16 became infinite", Assert.Single(result.Warnings));
        Assert.Single((await Dequantize(model, "bf16.gguf", new DequantizeOptions { OutputType = QuantFormat.BF16 })).Warnings);
        Assert.Empty((await Dequantize(model, "f32.gguf", new DequantizeOptions { OutputType = QuantFormat.F32, Strict = true })).Warnings);

        string[] before = _folder.Names;
        var strict = new DequantizeOptions { Strict = true };
        var refused = await Assert.ThrowsAsync<OverflowException>(() => Dequantize(model, "strict.gguf", strict));
        Assert.Equal(result.Warnings[0], refused.Message);
        Assert.Equal(before, _folder.Names);
    }

    [Fact]
    public async Task CancellationLeavesNothing()
    {
        using GgufFile model = GgufFile.Open(Repository.PathOf("samples", "models", "wide-Q4_K_M.gguf"));
        using var cancel = new CancellationTokenSource();
        var progress = new Collector(_ => cancel.Cancel());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ModelConverter.DequantizeAsync(
            model, _folder["out.gguf"], new DequantizeOptions { ChunkBytes = 1000 }, _device, progress, cancel.Token));
        Assert.Empty(_folder.Names);
        Assert.InRange(progress.Reports.Count, 1, 3);
    }

    [Fact]
    public async Task ProgressReachesTheEnd()
    {
        using GgufFile model = GgufFile.Open(Repository.PathOf("samples", "models", "stories260K-Q4_K_M.gguf"));
        var progress = new Collector(_ => { });
        await ModelConverter.DequantizeAsync(model, _folder["out.gguf"], new DequantizeOptions { ChunkBytes = 10_000 }, _device, progress);
        Assert.Equal(progress.Reports.Select(report => report.BytesDone), progress.Reports.Select(report => report.BytesDone).Order());
        ConversionProgress last = progress.Reports[^1];
        Assert.Equal((last.BytesTotal, model.Tensors.Count), (last.BytesDone, last.TensorsDone));
        Assert.Equal(model.Tensors.Sum(tensor => tensor.ByteLength), last.BytesTotal);
    }

    [Fact]
    public async Task TheOutputIsNeverTheModelByWhateverName()
    {
        using GgufFile model = Open(new TestModel { Tensors = [new("w")] });
        byte[] before = File.ReadAllBytes(_folder["model.gguf"]);
        File.CreateSymbolicLink(_folder["symbolic.gguf"], _folder["model.gguf"]);
        string[] names = ["model.gguf", "symbolic.gguf"];
        if (OperatingSystem.IsLinux())
        {
            System.Diagnostics.Process.Start("ln", [_folder["model.gguf"], _folder["hard.gguf"]]).WaitForExit();
            names = [.. names, "hard.gguf"];
        }

        foreach (string name in names)
        {
            var overwrite = new DequantizeOptions { Overwrite = true };
            var refused = await Assert.ThrowsAsync<IOException>(() => Dequantize(model, name, overwrite));
            Assert.Equal($"{_folder[name]}: is the model itself; the output must be another file", refused.Message);
        }

        Assert.Equal(before, File.ReadAllBytes(_folder["model.gguf"]));
        Assert.Equal(names.Order(StringComparer.Ordinal), _folder.Names);
    }

    [Fact]
    public async Task AModelThatBecomesShorterIsAnOrdinaryError()
    {
        using GgufFile model = Open(new TestModel { Tensors = [new("w") { Dimensions = [1 << 20] }], DataBytes = 4 << 20 });
        using (var file = new FileStream(_folder["model.gguf"], FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            file.SetLength(1 << 20);
        }

        var fault = await Assert.ThrowsAsync<EndOfStreamException>(() => Dequantize(model, "out.gguf", new DequantizeOptions()));
        Assert.StartsWith($"{_folder["model.gguf"]}: ends at byte 1048576, but had", fault.Message);
        Assert.Equal(["model.gguf"], _folder.Names);
    }

    [Fact]
    public async Task RefusesWrongRequests()
    {
        using GgufFile model = Open(new TestModel { Tensors = [new("w")] });
        await Assert.ThrowsAsync<ArgumentException>(() => Dequantize(model, "out.bin", new DequantizeOptions()));
        DequantizeOptions[] impossible = [new() { OutputType = QuantFormat.Q4_0 }, new() { MaxShardBytes = 1 }, new() { ChunkBytes = 0 }];
        foreach (DequantizeOptions options in impossible)
        {
            await Assert.ThrowsAsync<ArgumentException>(() => Dequantize(model, "out.gguf", options));
        }

        await Assert.ThrowsAsync<FormatException>(() => Dequantize(model, "out.gguf", new DequantizeOptions { Include = ["["] }));
        _folder.Write("there.gguf", [1]);
        await Assert.ThrowsAsync<OutputExistsException>(() => Dequantize(model, "there.gguf", new DequantizeOptions()));
        Assert.Contains("are free", Assert.Throws<IOException>(() => IO.OutputGuard.RequireSpace(_folder["x"], long.MaxValue)).Message);
        Assert.Equal(["model.gguf", "there.gguf"], _folder.Names);
    }

    private GgufFile Open(TestModel model) => _folder.Open(model);

    private Task<DequantizeResult> Dequantize(GgufFile model, string output, DequantizeOptions options) =>
        ModelConverter.DequantizeAsync(model, _folder[output], options, _device);

    private byte[] Decode(GgufTensor tensor, QuantFormat type)
    {
        var values = new float[tensor.ElementCount];
        tensor.Dequantize(_device, 0, tensor.RowCount, values);
        return type switch
        {
            QuantFormat.F32 => MemoryMarshal.AsBytes<float>(values).ToArray(),
            QuantFormat.F16 => MemoryMarshal.AsBytes<Half>(values.Select(value => (Half)value).ToArray()).ToArray(),
            _ => MemoryMarshal.AsBytes<BFloat16>(values.Select(value => (BFloat16)Reference.RoundToBFloat16(value)).ToArray()).ToArray(),
        };
    }

    private sealed class Collector(Action<ConversionProgress> then) : IProgress<ConversionProgress>
    {
        public List<ConversionProgress> Reports { get; } = [];

        public void Report(ConversionProgress value)
        {
            Reports.Add(value);
            then(value);
        }
    }
}
