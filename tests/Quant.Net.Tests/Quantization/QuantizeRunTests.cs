using Quant.Net.Conversion;
using Quant.Net.Gguf;
using Quant.Net.Tests.Gguf;

namespace Quant.Net.Tests.Quantization;

/// <summary>That bytes do not depend on threads, memory, files or interruptions, and what is left behind.</summary>
public sealed class QuantizeRunTests : IDisposable
{
    /// <summary>Holds a row of 256 float32 with what it becomes.</summary>
    private const int FewBytes = 4096;

    private readonly QuantizedModels _models = new();

    public void Dispose() => _models.Dispose();

    [Theory]
    [InlineData(QuantFormat.F32, "Q4_K_M")]
    [InlineData(QuantFormat.BF16, "Q8_0")]
    public async Task NeitherThreadsNorMemoryMatter(QuantFormat from, string recipe)
    {
        string path = _models.Write("in.gguf", from);
        await _models.Quantize(path, recipe, "plain.gguf");
        await _models.Quantize(path, recipe, "tiny.gguf", new QuantizeOptions { MaxMemory = FewBytes });
        using QuantDevice one = QuantDevice.Open("cpu", new QuantDeviceOptions { Threads = 1 });
        using QuantDevice five = QuantDevice.Open("cpu", new QuantDeviceOptions { Threads = 5 });
        using GgufFile model = GgufFile.Open(path);
        var plan = QuantizationPlan.Create(model, QuantizationRecipe.Get(recipe));
        await ModelQuantizer.QuantizeAsync(model, plan, _models.Folder["one.gguf"], new QuantizeOptions(), one);
        await ModelQuantizer.QuantizeAsync(model, plan, _models.Folder["five.gguf"], new QuantizeOptions { MaxMemory = 30_000 }, five);

        Assert.All(new[] { "tiny.gguf", "one.gguf", "five.gguf" }, name => Assert.Equal(_models.Read("plain.gguf"), _models.Read(name)));
    }

    [Fact]
    public async Task RowsThatDoNotFitIntoMemoryAreNamed()
    {
        string path = _models.Write("in.gguf", QuantFormat.F32);
        var refused = await Assert.ThrowsAsync<QuantizationRefusedException>(
            () => _models.Quantize(path, "Q8_0", "out.gguf", new QuantizeOptions { MaxMemory = 2000 }));

        Assert.Contains("rows that do not fit into 2000 bytes of memory: 'down.weight (3616 bytes)'", refused.Message);
        MalformedFileTests.AssertIsOneCleanLine(refused.Message);
        Assert.Equal(["in.gguf"], _models.Folder.Names);
    }

    [Fact]
    public async Task SplitOutputIsWhatSplittingTheOutputGives()
    {
        string path = _models.Write("in.gguf", QuantFormat.F32);
        await _models.Quantize(path, "Q8_0", "whole.gguf");
        QuantizeResult result = await _models.Quantize(path, "Q8_0", "part.gguf", new QuantizeOptions { SplitMaxBytes = 20_000 });
        using (GgufFile whole = GgufFile.Open(_models.Folder["whole.gguf"]))
        {
            await ModelConverter.SplitAsync(whole, _models.Folder["split"], new SplitOptions { MaxDataBytes = 20_000 });
        }

        Assert.Equal(3, result.Files.Count);
        Assert.Equal(result.OutputBytes, result.Files.Sum(file => new FileInfo(file).Length));
        for (int i = 1; i <= 3; i++)
        {
            Assert.Equal(_models.Read($"split-0000{i}-of-00003.gguf"), _models.Read($"part-0000{i}-of-00003.gguf"));
        }
    }

    [Fact]
    public async Task KeptSplitsHaveTheTensorsOfTheInputsFiles()
    {
        using (GgufFile whole = GgufFile.Open(_models.Write("in.gguf", QuantFormat.F32)))
        {
            await ModelConverter.SplitAsync(whole, _models.Folder["in"], new SplitOptions { MaxTensors = 3 });
        }

        var keep = new QuantizationOptions { KeepSplit = true };
        QuantizeResult result = await _models.Quantize(_models.Folder["in-00002-of-00002.gguf"], "Q8_0", "out.gguf", plan: keep);
        using GgufFile quantized = GgufFile.Open(result.Files[0]);

        Assert.Equal(["out-00001-of-00002.gguf", "out-00002-of-00002.gguf"], result.Files.Select(file => Path.GetFileName(file)));
        Assert.Equal(["up.weight", "down.weight", "experts.weight", "norm.weight"], quantized.Tensors.Select(tensor => tensor.Name));
        Assert.Equal([3, 1], quantized.Parts.Select(part => quantized.Tensors.Count(tensor => tensor.Part == part)));
        Assert.Equal(["split.no", "split.count", "split.tensors.count"], quantized.Metadata.Keys.TakeLast(3));
    }

    [Fact]
    public async Task AFirstFileWithoutTensorsIsKept()
    {
        for (int part = 0; part < 2; part++)
        {
            TestEntry[] split = [TestEntry.UInt16("split.no", part), TestEntry.UInt16("split.count", 2), new("split.tensors.count", GgufBytes.I32, v => v.Word32(1))];
            var file = new TestModel { Entries = split, Tensors = part == 0 ? [] : [new("w")] };
            _models.Folder.Write($"in-0000{part + 1}-of-00002.gguf", file.ToBytes());
        }

        var keep = new QuantizationOptions { KeepSplit = true };
        QuantizeResult result = await _models.Quantize(_models.Folder["in-00001-of-00002.gguf"], "Q8_0", "out.gguf", plan: keep);
        using GgufFile quantized = GgufFile.Open(result.Files[0]);
        Assert.Equal([0, 1], quantized.Parts.Select(part => quantized.Tensors.Count(tensor => tensor.Part == part)));
    }

    [Theory]
    [InlineData(null, 1, int.MaxValue)]
    [InlineData(20_000L, 1, int.MaxValue)]
    [InlineData(null, int.MaxValue, 0)]
    public async Task InterruptedAnywhereItEndsInTheSameBytes(long? splitBytes, int bytes, int seconds)
    {
        string path = _models.Write("in.gguf", QuantFormat.F32);
        var options = new QuantizeOptions { MaxMemory = FewBytes, SplitMaxBytes = splitBytes, Checkpoints = Spaced(bytes, seconds) };
        QuantizeResult plain = await _models.Quantize(path, "Q8_0", "plain.gguf", options);
        foreach (int stopAt in new[] { 1, 40, 90, 120 })
        {
            using var end = new EndAt(stopAt);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                () => _models.Quantize(path, "Q8_0", "out.gguf", options with { Resume = true }, progress: end, cancellation: end.Token));
            Assert.DoesNotContain(_models.Folder.Names, name => name.StartsWith("out", StringComparison.Ordinal));
            QuantizeResult resumed = await _models.Quantize(path, "Q8_0", "out.gguf", options with { Resume = true });

            Assert.True(resumed.ResumedBytes > 0);
            Assert.Equal(plain.Files.Select(File.ReadAllBytes), resumed.Files.Select(File.ReadAllBytes));
            Assert.DoesNotContain(_models.Folder.Names, name => name.StartsWith('.'));
            resumed.Files.ToList().ForEach(File.Delete);
        }
    }

    [Fact]
    public async Task OtherWorkIsNotResumed()
    {
        string path = _models.Write("in.gguf", QuantFormat.F32);
        var options = new QuantizeOptions { MaxMemory = FewBytes, Checkpoints = Spaced(1, int.MaxValue), Resume = true };
        using var end = new EndAt(40);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _models.Quantize(path, "Q8_0", "out.gguf", options, progress: end, cancellation: end.Token));

        var refused = await Assert.ThrowsAsync<IOException>(() => _models.Quantize(path, "Q4_0", "out.gguf", options));
        Assert.Contains(".out.gguf.resume is about other work", refused.Message);
        refused = await Assert.ThrowsAsync<IOException>(() => _models.Quantize(path, "Q8_0", "out.gguf", options with { AllowNonFinite = true }));
        Assert.Contains(".out.gguf.resume is about other work", refused.Message);
    }

    [Fact]
    public async Task CancellationLeavesNothing()
    {
        string path = _models.Write("in.gguf", QuantFormat.F32);
        using var end = new EndAt(40);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _models.Quantize(
            path, "Q8_0", "out.gguf", new QuantizeOptions { MaxMemory = FewBytes, SplitMaxBytes = 20_000 }, progress: end, cancellation: end.Token));

        Assert.Equal(["in.gguf"], _models.Folder.Names);
    }

    [Fact]
    public async Task WhatIsThereStaysUnlessItMayBeReplaced()
    {
        string path = _models.Write("in.gguf", QuantFormat.F32);
        _models.Folder.Write("out.gguf", [1]);
        await Assert.ThrowsAsync<OutputExistsException>(() => _models.Quantize(path, "Q8_0", "out.gguf"));
        Assert.Equal([1], _models.Read("out.gguf"));
        await _models.Quantize(path, "Q8_0", "out.gguf", new QuantizeOptions { Overwrite = true });
        Assert.NotEqual([1], _models.Read("out.gguf"));

        byte[] before = _models.Read("in.gguf");
        await Assert.ThrowsAsync<IOException>(() => _models.Quantize(path, "Q8_0", "in.gguf", new QuantizeOptions { Overwrite = true }));
        Assert.Equal(before, _models.Read("in.gguf"));
        await Assert.ThrowsAsync<ArgumentException>(() => _models.Quantize(path, "Q8_0", "out.bin"));
    }

    [Fact]
    public async Task TooLittleRoomIsToldBeforeAnythingIsWritten()
    {
        const long Columns = 4096, LargestFile = 1L << 43;
        long rows = (new DriveInfo(_models.Folder.Path).AvailableFreeSpace / Columns) + 1, bytes = rows * Columns * sizeof(ushort);
        if (!OperatingSystem.IsLinux() || bytes > LargestFile)
        {
            return;   // a file of holes must be possible, and as large
        }

        string path = _models.Folder.Write("in.gguf", new TestModel
        {
            Tensors = [new("big.weight") { Type = (uint)QuantFormat.F16, Dimensions = [Columns, (ulong)rows] }],
            DataBytes = 0,
        }.ToBytes());
        using (FileStream file = File.OpenWrite(path))
        {
            file.SetLength(file.Length + bytes);
        }

        var refused = await Assert.ThrowsAsync<IOException>(() => _models.Quantize(path, "Q8_0", "out.gguf"));
        Assert.Matches("out.gguf: needs [0-9]+ bytes, but only [0-9]+ are free there$", refused.Message);
        Assert.Equal(["in.gguf"], _models.Folder.Names);
    }

    [Fact]
    public async Task ProgressCountsBytesOfBoth()
    {
        string path = _models.Write("in.gguf", QuantFormat.F32);
        var reports = new Reports();
        QuantizeResult result = await _models.Quantize(path, "Q8_0", "out.gguf", new QuantizeOptions { MaxMemory = FewBytes }, progress: reports);

        ConversionProgress last = reports.All[^1];
        Assert.Equal((result.SourceBytes, result.SourceBytes), (last.BytesDone, last.BytesTotal));
        Assert.Equal(result.Tensors.Sum(tensor => tensor.OutputBytes), last.OutputBytesDone);
        Assert.Equal((4, 4), (last.TensorsDone, last.TensorCount));
        Assert.Equal(reports.All.OrderBy(report => report.BytesDone), reports.All);
    }

    private static CheckpointSpacing Spaced(int bytes, int seconds) => new(bytes, TimeSpan.FromSeconds(seconds));

    private sealed class EndAt(int stopAt) : IProgress<ConversionProgress>, IDisposable
    {
        private readonly CancellationTokenSource _source = new();
        private int _reports;

        public CancellationToken Token => _source.Token;

        public void Report(ConversionProgress value)
        {
            if (++_reports == stopAt)
            {
                _source.Cancel();
            }
        }

        public void Dispose() => _source.Dispose();
    }

    private sealed class Reports : IProgress<ConversionProgress>
    {
        public List<ConversionProgress> All { get; } = [];

        public void Report(ConversionProgress value) => All.Add(value);
    }
}
