using System.Runtime.InteropServices;
using Quant.Net.Gguf;

namespace Quant.Net.Cuda.Tests;

public sealed class GpuModelTests : IDisposable
{
    private static readonly string[] Unknown = [AllFormatsModel.Unknown];

    private readonly AllFormatsModel _model = new();

    public GpuModelTests()
    {
        if (FakeDriver.Missing is null)
        {
            FakeDriver.Configure("");
        }
    }

    // Whatever a test did: nothing lives, and nothing was done that a real driver would take amiss.
    public void Dispose()
    {
        _model.Dispose();
        if (FakeDriver.Missing is null)
        {
            Assert.Equal(default, FakeDriver.Living);
            Assert.Equal("", FakeDriver.Misuses);
        }
    }

    [GpuTheory]
    [InlineData(QuantFormat.F32)]
    [InlineData(QuantFormat.F16)]
    [InlineData(QuantFormat.BF16)]
    public async Task LoadsEveryFormatWithTheBitsOfTheCpu(QuantFormat output)
    {
        using QuantDevice gpu = OpenGpu();
        using QuantDevice cpu = QuantDevice.Open("cpu", new QuantDeviceOptions { Threads = 1 });
        using GpuModel loaded = await GpuModel.LoadAsync(
            _model.File, gpu, new GpuLoadOptions { OutputType = output, Exclude = Unknown });

        Assert.Equal(_model.File.Tensors.Count - 1, loaded.Tensors.Count);
        foreach (GpuTensor tensor in loaded.Tensors)
        {
            GgufTensor source = _model.File.Tensors[tensor.Name];
            bool isInteger = tensor.SourceFormatName.StartsWith('I') && !tensor.SourceFormatName.StartsWith("IQ", StringComparison.Ordinal);
            Assert.Equal(isInteger ? source.Format : output, tensor.Format);
            Assert.Equal(source.Shape, tensor.Shape);
            Assert.Equal(0u, tensor.Address % 256);
            AssertEqual(tensor.Format, Decode(cpu, source, tensor.Format), Read(gpu, tensor));
            string kernel = source.ElementCount == 0 || source.Format == tensor.Format
                ? "" : $"/{source.FormatName}/{output.ToString().ToLowerInvariant()}";
            Assert.EndsWith(kernel, tensor.Kernel, StringComparison.Ordinal);
            Assert.Equal(kernel.Length == 0, tensor.Kernel.Length == 0);
        }
    }

    [GpuFact]
    public async Task KeepsTensorsPacked()
    {
        using QuantDevice gpu = OpenGpu();
        using GpuModel loaded = await GpuModel.LoadAsync(_model.File, gpu, new GpuLoadOptions { OutputType = null });

        Assert.Equal(_model.File.Tensors.Count, loaded.Tensors.Count);
        Assert.Equal(_model.File.Tensors.Sum(tensor => tensor.ByteLength), loaded.SourceBytes);
        foreach (GpuTensor tensor in loaded.Tensors)
        {
            Assert.Equal(tensor.SourceFormatName, tensor.FormatName);
            Assert.Equal(Packed(_model.File.Tensors[tensor.Name]), Read(gpu, tensor));
        }

        Assert.Equal("type 99", loaded[AllFormatsModel.Unknown].FormatName);
        Assert.True(loaded.TryGet(AllFormatsModel.Large, out _));
        Assert.Throws<KeyNotFoundException>(() => loaded["none"]);
    }

    [GpuFact]
    public async Task LoadsWhatIsAskedFor()
    {
        using QuantDevice gpu = OpenGpu();
        using GpuModel loaded = await GpuModel.LoadAsync(
            _model.File, gpu, new GpuLoadOptions { Include = ["blk.*", "Q4_K"], Exclude = ["blk.1*"] });
        Assert.Equal(1 + 50 - 11, loaded.Tensors.Count);
        Assert.Equal("Q4_K F16 [2, 3, 512]", loaded["Q4_K"].ToString());

        foreach (GpuLoadOptions idle in new[] { new GpuLoadOptions { Include = ["none"] }, new GpuLoadOptions { Exclude = ["none"] } })
        {
            KeyNotFoundException e = await Assert.ThrowsAsync<KeyNotFoundException>(() => GpuModel.LoadAsync(_model.File, gpu, idle));
            Assert.EndsWith("no tensor matches 'none'", e.Message, StringComparison.Ordinal);
        }
    }

    // Each thread waits for its stream once, at its end: not for each tensor.
    [GpuFact]
    public async Task StreamsAcrossTheBordersOfTensors()
    {
        using QuantDevice gpu = OpenGpu();
        (await Load(gpu)).Dispose();
        Assert.Equal(gpu.Threads, FakeDriver.Calls("cuStreamSynchronize"));
        Assert.Equal(gpu.Threads, FakeDriver.Calls("cuStreamCreate"));
    }

    [GpuFact]
    public async Task TellsHowFarItIs()
    {
        using QuantDevice gpu = OpenGpu();
        var progress = new Reports(_ => { });
        using GpuModel loaded = await GpuModel.LoadAsync(_model.File, gpu, new GpuLoadOptions { OutputType = null }, progress);
        Assert.Equal(Enumerable.Order(progress.All.Select(report => report.BytesDone)), progress.All.Select(report => report.BytesDone));
        ConversionProgress last = progress.All[^1];
        Assert.Equal((loaded.SourceBytes, loaded.SourceBytes), (last.BytesDone, last.BytesTotal));
        Assert.Equal((loaded.Tensors.Count - 1, loaded.Tensors.Count), (last.TensorsDone, last.TensorCount));
    }

    [GpuFact]
    public async Task FreesEverythingWhenCancelled()
    {
        using QuantDevice gpu = OpenGpu();
        using var cancel = new CancellationTokenSource();
        var progress = new Reports(_ => cancel.Cancel());
        await Assert.ThrowsAsync<OperationCanceledException>(
            () => GpuModel.LoadAsync(_model.File, gpu, new GpuLoadOptions { OutputType = null }, progress, cancel.Token));
        Assert.Equal(0, FakeDriver.Living.DeviceBuffers);
        (await Load(gpu)).Dispose();
    }

    [GpuFact]
    public async Task FreesEverythingWhenProgressFails()
    {
        using QuantDevice gpu = OpenGpu();
        var progress = new Reports(_ => throw new InvalidCastException("planted"));
        await Assert.ThrowsAsync<InvalidCastException>(
            () => GpuModel.LoadAsync(_model.File, gpu, new GpuLoadOptions { OutputType = null }, progress));
        Assert.Equal(0, FakeDriver.Living.DeviceBuffers);
    }

    [GpuTheory]
    [InlineData(QuantFormat.F32, 4_000_000, "need {0} bytes as F32, 4000000 are free; they fit as F16 or BF16, which is {1}")]
    [InlineData(QuantFormat.F16, 2_000_000, "need {0} bytes as F16, 2000000 are free; they fit packed, which is {2}")]
    [InlineData(QuantFormat.F16, 1_500_000, "need {0} bytes as F16, 1500000 are free; they do not fit even packed, which is {2}")]
    [InlineData(null, 500_000, "need {0} bytes packed, 500000 are free; they do not fit even packed, which is {2}")]
    public async Task SaysWhatWouldFit(QuantFormat? output, long memory, string said)
    {
        string[] large = [AllFormatsModel.Large];
        FakeDriver.Configure($"memory={memory}");
        using QuantDevice gpu = OpenGpu();
        OutOfMemoryException e = await Assert.ThrowsAsync<OutOfMemoryException>(
            () => GpuModel.LoadAsync(_model.File, gpu, new GpuLoadOptions { OutputType = output, Include = large }));

        ModelMemory needs = ModelMemory.Of([_model.File.Tensors[AllFormatsModel.Large]]);
        long asked = output switch
        {
            QuantFormat.F32 => needs.F32Bytes + QuantDeviceOptions.MinMemoryLimit,
            QuantFormat.F16 => needs.F16Bytes + QuantDeviceOptions.MinMemoryLimit,
            _ => needs.PackedBytes,
        };
        Assert.EndsWith(
            said.Replace("{0}", $"{asked}").Replace("{1}", $"{needs.F16Bytes}").Replace("{2}", $"{needs.PackedBytes}"),
            e.Message,
            StringComparison.Ordinal);
        Assert.StartsWith("cuda:0: 1 tensor of ", e.Message, StringComparison.Ordinal);
        Assert.Equal(0, FakeDriver.Calls("cuMemAlloc_v2"));
    }

    [GpuFact]
    public async Task KeepsToItsLimit()
    {
        using QuantDevice gpu = OpenGpu();
        OutOfMemoryException e = await Assert.ThrowsAsync<OutOfMemoryException>(
            () => GpuModel.LoadAsync(_model.File, gpu, new GpuLoadOptions { MemoryLimit = 1000, Exclude = Unknown }));
        Assert.Contains(", 1000 are allowed; they do not fit even packed", e.Message, StringComparison.Ordinal);
    }

    [GpuFact]
    public async Task MakesDoWithLessStaging()
    {
        long room = ModelMemory.Of([_model.File.Tensors[AllFormatsModel.Large]]).F16Bytes + (3 << 20);
        FakeDriver.Configure($"memory={room}");
        using QuantDevice gpu = QuantDevice.Open("cuda:0", new QuantDeviceOptions { Threads = 2 });
        using GpuModel loaded = await GpuModel.LoadAsync(_model.File, gpu, new GpuLoadOptions { Include = [AllFormatsModel.Large] });
        Assert.Single(loaded.Tensors);
    }

    [GpuTheory]
    [InlineData("cuMemGetInfo_v2")]
    [InlineData("cuMemAlloc_v2")]
    [InlineData("cuMemHostAlloc")]
    [InlineData("cuStreamCreate")]
    [InlineData("cuEventCreate")]
    [InlineData("cuMemcpyHtoDAsync_v2")]
    [InlineData("cuModuleLoadDataEx")]
    [InlineData("cuModuleGetFunction")]
    [InlineData("cuLaunchKernel")]
    [InlineData("cuEventRecord")]
    [InlineData("cuEventSynchronize")]
    [InlineData("cuStreamSynchronize")]
    public async Task FreesEverythingWhenACallFails(string entry)
    {
        const int OutOfMemory = 2, LaunchFailed = 719, NotPermitted = 800;
        foreach (int error in new[] { OutOfMemory, LaunchFailed, NotPermitted })
        {
            for (int call = 1; call <= 3; call++)
            {
                FakeDriver.Configure("");
                using (QuantDevice gpu = OpenGpu())
                {
                    FakeDriver.Add($"fail={entry}:{call}:{error}");
                    Exception? failure = await Record.ExceptionAsync(async () => (await Load(gpu)).Dispose());
                    Assert.True(
                        failure is QuantNetException or OutOfMemoryException || FakeDriver.Calls(entry) < call || entry == "cuStreamSynchronize"
                        || (error == OutOfMemory && entry is "cuMemAlloc_v2" or "cuMemHostAlloc"),
                        $"{entry}, call {call}, error {error}: {failure}");
                    Assert.DoesNotContain('\n', failure?.Message ?? "");
                }

                Assert.Equal(default, FakeDriver.Living);
                Assert.Equal("", FakeDriver.Misuses);
            }
        }
    }

    [GpuFact]
    public async Task IsLostByAKernelThatFails()
    {
        using QuantDevice gpu = OpenGpu();
        FakeDriver.Add("fault=3:719");
        QuantNetException e = await Assert.ThrowsAsync<QuantNetException>(() => Load(gpu));
        Assert.Matches("^cuda:0 (is|was) lost.*CUDA_ERROR_LAUNCH_FAILED", e.Message);   // as the first thread or another one meets it
    }

    [GpuFact]
    public async Task SaysThatTheFileHasBecomeShorter()
    {
        using QuantDevice gpu = OpenGpu();
        _model.Cut();
        await Assert.ThrowsAsync<EndOfStreamException>(() => Load(gpu));
    }

    [GpuFact]
    public async Task ChecksItsArguments()
    {
        using QuantDevice gpu = OpenGpu();
        using QuantDevice cpu = QuantDevice.Open("cpu");
        await Assert.ThrowsAsync<NotSupportedException>(() => Load(cpu));
        NotSupportedException e = await Assert.ThrowsAsync<NotSupportedException>(
            () => GpuModel.LoadAsync(_model.File, gpu, new GpuLoadOptions()));
        Assert.Contains("1 tensor of types that cannot be decoded: 'unknown.weight (type 99)'", e.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(
            () => GpuModel.LoadAsync(_model.File, gpu, new GpuLoadOptions { OutputType = QuantFormat.Q8_0 }));
        await Assert.ThrowsAsync<ArgumentException>(() => GpuModel.LoadAsync(_model.File, gpu, new GpuLoadOptions { MemoryLimit = -1 }));

        GpuModel loaded = await Load(gpu);
        loaded.Dispose();
        Assert.Throws<ObjectDisposedException>(() => loaded.Tensors[0].Address);
    }

    private Task<GpuModel> Load(QuantDevice gpu) => GpuModel.LoadAsync(_model.File, gpu, new GpuLoadOptions { Exclude = Unknown });

    private static QuantDevice OpenGpu() =>
        QuantDevice.Open("cuda:0", new QuantDeviceOptions { Threads = 2, MemoryLimit = QuantDeviceOptions.MinMemoryLimit });

    private static byte[] Packed(GgufTensor tensor)
    {
        byte[] bytes = new byte[tensor.ByteLength];
        tensor.Read(0, bytes);
        return bytes;
    }

    private static unsafe byte[] Decode(QuantDevice cpu, GgufTensor source, QuantFormat output)
    {
        byte[] packed = Packed(source);
        if (source.Format == output)
        {
            return packed;
        }

        byte[] weights = new byte[QuantFormats.Get(output).GetByteCount(source.ElementCount)];
        fixed (byte* from = packed, to = weights)
        {
            cpu.Dequantize(source.Format, from, (nuint)packed.Length, output, to, (nuint)weights.Length);
        }

        return weights;
    }

    private static unsafe byte[] Read(QuantDevice gpu, GpuTensor tensor)
    {
        byte[] bytes = new byte[tensor.ByteLength];
        using CudaStream stream = gpu.CreateStream();
        fixed (byte* to = bytes)
        {
            stream.CopyToHost(tensor.Address, to, (nuint)bytes.Length);
            stream.Synchronize();
        }

        return bytes;
    }

    // The same bits, and any NaN for any NaN.
    private static void AssertEqual(QuantFormat format, byte[] expected, byte[] found)
    {
        switch (format)
        {
            case QuantFormat.F32:
                Assert.Equal(Numbers<float>(expected, float.IsNaN, float.NaN), Numbers<float>(found, float.IsNaN, float.NaN));
                break;
            case QuantFormat.F16:
                Assert.Equal(Numbers<Half>(expected, Half.IsNaN, Half.NaN), Numbers<Half>(found, Half.IsNaN, Half.NaN));
                break;
            case QuantFormat.BF16:
                Assert.Equal(
                    Numbers<BFloat16>(expected, IsNaN, (BFloat16)float.NaN), Numbers<BFloat16>(found, IsNaN, (BFloat16)float.NaN));
                break;
            default:
                Assert.Equal(expected, found);
                break;
        }
    }

    private static bool IsNaN(BFloat16 number) => float.IsNaN((float)number);

    private static byte[] Numbers<T>(byte[] bytes, Func<T, bool> isNaN, T nan)
        where T : unmanaged
    {
        T[] numbers = MemoryMarshal.Cast<byte, T>(bytes).ToArray();
        return MemoryMarshal.AsBytes<T>(Array.ConvertAll(numbers, number => isNaN(number) ? nan : number)).ToArray();
    }

    private sealed class Reports(Action<ConversionProgress> then) : IProgress<ConversionProgress>
    {
        public List<ConversionProgress> All { get; } = [];

        public void Report(ConversionProgress value)
        {
            All.Add(value);
            then(value);
        }
    }
}
