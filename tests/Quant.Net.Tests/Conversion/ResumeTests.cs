using System.Security.Cryptography;
using Quant.Net.Conversion;
using Quant.Net.Gguf;
using Quant.Net.Tests.Gguf;

namespace Quant.Net.Tests.Conversion;

public sealed class ResumeTests : IDisposable
{
    private const int ChunkBytes = 1 << 16;

    /// <summary>Not at every chunk: each checkpoint waits for the disk.</summary>
    private static readonly CheckpointSpacing Spacing = new(800_000, TimeSpan.MaxValue);

    private readonly QuantDevice _device = QuantDevice.Open("cpu");
    private readonly TempFolder _folder = new();
    private readonly GgufFile _model = GgufFile.Open(Repository.PathOf("samples", "models", "wide-Q4_K_M.gguf"));

    public void Dispose()
    {
        _model.Dispose();
        _device.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("out.gguf", null)]
    [InlineData("out.safetensors", null)]
    [InlineData("out.safetensors", 1_500_000L)]
    public async Task InterruptedAnywhereItEndsInTheSameBytes(string name, long? shardBytes)
    {
        await Run("plain" + name, shardBytes);
        int chunks = await RunUntil(name, shardBytes, stopAt: int.MaxValue);
        string[] expected = Hashes("plain" + name);
        Assert.Equal(expected, Hashes(name));

        foreach (int stopAt in new[] { 1, chunks / 3, chunks - 1 })
        {
            Delete(name);
            await RunUntil(name, shardBytes, stopAt);
            Assert.Empty(Hashes(name));
            DequantizeResult result = await Run(name, shardBytes, resume: true);

            Assert.Equal(stopAt > 1, result.ResumedBytes > 0);
            Assert.Equal(expected, Hashes(name));
            Assert.DoesNotContain(_folder.Names, left => left.StartsWith('.'));
        }
    }

    [Fact]
    public async Task ManyInterruptionsAreNoneInTheEnd()
    {
        await Run("plain.gguf");
        for (int i = 0; !File.Exists(_folder["out.gguf"]); i++)
        {
            Assert.True(i < 1000);
            await RunUntil("out.gguf", null, stopAt: 30 * (i + 1));
        }

        Assert.Equal(File.ReadAllBytes(_folder["plain.gguf"]), File.ReadAllBytes(_folder["out.gguf"]));
    }

    [Theory]
    [InlineData("changed", "are not those that were written; delete that file and the .resume file to begin anew")]
    [InlineData("shorter", "has 100000 bytes, expected ")]
    [InlineData("gone", "is not there, expected ")]
    [InlineData("a folder", "is a directory, expected a file or nothing")]
    public async Task WhatIsThereIsChecked(string fault, string expected)
    {
        await RunUntil("out.gguf", null, stopAt: 100);
        string partial = _folder[".out.gguf.partial"];
        byte[] bytes = File.ReadAllBytes(partial);
        bytes[100_000] ^= fault == "changed" ? (byte)1 : (byte)0;
        File.WriteAllBytes(partial, fault == "shorter" ? bytes[..100_000] : bytes);
        if (fault is "gone" or "a folder")
        {
            File.Delete(partial);
        }

        if (fault == "a folder")
        {
            Directory.CreateDirectory(partial);
        }

        var refused = await Assert.ThrowsAsync<IOException>(() => Run("out.gguf", resume: true));
        Assert.Contains($".out.gguf.partial {expected}", refused.Message);
        MalformedFileTests.AssertIsOneCleanLine(refused.Message);
    }

    [Fact]
    public async Task BytesBehindTheKnownOnesAreWrittenAnew()
    {
        await Run("plain.gguf");
        await RunUntil("out.gguf", null, stopAt: 100);
        File.AppendAllText(_folder[".out.gguf.partial"], "half of a chunk");
        File.AppendAllText(_folder[".out.gguf.resume"], "{\"chunks\":150,\"fil");
        await Run("out.gguf", resume: true);

        Assert.Equal(File.ReadAllBytes(_folder["plain.gguf"]), File.ReadAllBytes(_folder["out.gguf"]));
    }

    [Fact]
    public async Task ALogThatIsAFolderIsNamed()
    {
        Directory.CreateDirectory(_folder[".out.gguf.resume"]);
        var refused = await Assert.ThrowsAsync<IOException>(() => Run("out.gguf", resume: true));
        Assert.EndsWith(".out.gguf.resume is a directory, expected a file or nothing", refused.Message);
    }

    [Fact]
    public async Task OtherWorkIsRefused()
    {
        await RunUntil("out.gguf", null, stopAt: 100);
        var options = new DequantizeOptions { Resume = true, ChunkBytes = ChunkBytes, OutputType = QuantFormat.F32 };
        var refused = await Assert.ThrowsAsync<IOException>(
            () => ModelConverter.DequantizeAsync(_model, _folder["out.gguf"], options, _device));

        Assert.Contains(".out.gguf.resume is about other work", refused.Message);
        MalformedFileTests.AssertIsOneCleanLine(refused.Message);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"chunks\":-1,\"files\":[],\"overflows\":{}}")]
    [InlineData("{\"chunks\":1,\"files\":[null],\"overflows\":{}}")]
    [InlineData("nonsense")]
    public async Task ADamagedLogIsRefused(string line)
    {
        await RunUntil("out.gguf", null, stopAt: 100);
        File.AppendAllText(_folder[".out.gguf.resume"], line + "\n");

        var refused = await Assert.ThrowsAsync<IOException>(() => Run("out.gguf", resume: true));
        Assert.Contains(".out.gguf.resume is damaged", refused.Message);
    }

    [Fact]
    public async Task OverflowsOfTheFirstRunAreStillTold()
    {
        // The first tensor has what float16 cannot hold, the second is where the run ends.
        const int Row = 16384;
        byte[] data = new byte[2 * 2 * 4 * Row];
        BitConverter.TryWriteBytes(data.AsSpan(4), 1e30f);
        using GgufFile model = _folder.Open(new TestModel
        {
            Tensors = [new("a") { Dimensions = [Row, 2] }, new("b", offset: 8 * Row) { Dimensions = [Row, 2] }],
            Data = data,
        });
        DequantizeResult plain = await Dequantize(model, "plain.safetensors");
        var end = new EndAt(3);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Dequantize(model, "out.safetensors", end));
        DequantizeResult resumed = await Dequantize(model, "out.safetensors");

        Assert.Single(plain.Warnings);
        Assert.True(resumed.ResumedBytes > 0);
        Assert.Equal(plain.Warnings, resumed.Warnings);
        Assert.Equal(File.ReadAllBytes(_folder["plain.safetensors"]), File.ReadAllBytes(_folder["out.safetensors"]));
    }

    [Fact]
    public async Task TwoAtOnceAreRefused()
    {
        using var first = new ManualResetEventSlim();
        using var second = new ManualResetEventSlim();
        var wait = new Wait(first, second);
        Task<DequantizeResult> running = Run("out.gguf", resume: true, progress: wait);
        Assert.True(first.Wait(TimeSpan.FromSeconds(60)));
        await Assert.ThrowsAsync<IOException>(() => Run("out.gguf", resume: true));
        second.Set();
        await running;

        await Run("plain.gguf");
        Assert.Equal(File.ReadAllBytes(_folder["plain.gguf"]), File.ReadAllBytes(_folder["out.gguf"]));
    }

    [Fact]
    public async Task FaultsBeforeAnythingIsDoneLeaveNothing()
    {
        _folder.Write("out.gguf", [1]);
        await Assert.ThrowsAsync<OutputExistsException>(() => Run("out.gguf", resume: true));

        Assert.Equal(["out.gguf"], _folder.Names);
    }

    private Task<DequantizeResult> Dequantize(GgufFile model, string name, EndAt? end = null) => ModelConverter.DequantizeAsync(
        model, _folder[name],
        new DequantizeOptions { Resume = true, ChunkBytes = ChunkBytes, Checkpoints = new CheckpointSpacing(1, TimeSpan.MaxValue) },
        _device, end, end?.Token ?? default);

    private Task<DequantizeResult> Run(
        string name, long? shardBytes = null, bool resume = false, IProgress<ConversionProgress>? progress = null,
        CancellationToken cancellation = default) => ModelConverter.DequantizeAsync(
        _model, _folder[name],
        new DequantizeOptions { Resume = resume, MaxShardBytes = shardBytes, ChunkBytes = ChunkBytes, Checkpoints = Spacing },
        _device, progress, cancellation);

    /// <summary>Runs until so many chunks are reported, or to the end.</summary>
    /// <returns>The number of chunks.</returns>
    private async Task<int> RunUntil(string name, long? shardBytes, int stopAt)
    {
        var end = new EndAt(stopAt);
        try
        {
            await Run(name, shardBytes, resume: true, end, end.Token);
        }
        catch (OperationCanceledException)
        {
        }

        return end.Reports;
    }

    /// <summary>The outputs, without an index, which has their names in it.</summary>
    private string[] Hashes(string name) => Outputs(name)
        .Where(path => !path.EndsWith(".json", StringComparison.Ordinal))
        .Select(path => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path))))
        .ToArray();

    private void Delete(string name) => Outputs(name).ToList().ForEach(File.Delete);

    private IEnumerable<string> Outputs(string name) => _folder.Names
        .Where(file => file.StartsWith(Path.GetFileNameWithoutExtension(name), StringComparison.Ordinal))
        .Select(file => _folder[file]);

    private sealed class EndAt(int stopAt) : IProgress<ConversionProgress>
    {
        private readonly CancellationTokenSource _source = new();

        public int Reports { get; private set; }

        public CancellationToken Token => _source.Token;

        public void Report(ConversionProgress value)
        {
            if (++Reports == stopAt)
            {
                _source.Cancel();
            }
        }
    }

    private sealed class Wait(ManualResetEventSlim reached, ManualResetEventSlim goOn) : IProgress<ConversionProgress>
    {
        public void Report(ConversionProgress value)
        {
            reached.Set();
            goOn.Wait(TimeSpan.FromSeconds(60));
        }
    }
}
