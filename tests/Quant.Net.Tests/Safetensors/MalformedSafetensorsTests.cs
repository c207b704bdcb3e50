using System.Diagnostics;
using Quant.Net.Safetensors;
using Quant.Net.Tests.Gguf;
using Xunit.Abstractions;

namespace Quant.Net.Tests.Safetensors;

/// <summary>Every kind of malformed file or folder ends in one clear exception, cheaply and soon; its valid twin opens.</summary>
public class MalformedSafetensorsTests(ITestOutputHelper output)
{
    private const long AllowedBytes = 1 << 20;

    public static TheoryData<string> Kinds => new(MalformedSafetensors.All.Keys);

    [Fact]
    public void ThereAreAtLeast150Kinds() => Assert.True(MalformedSafetensors.All.Count >= 150, $"{MalformedSafetensors.All.Count} kinds");

    [Theory]
    [MemberData(nameof(Kinds))]
    public void IsRefusedAndItsTwinIsAccepted(string name)
    {
        MalformedSafetensors.Kind kind = MalformedSafetensors.All[name];
        using var folder = new TempFolder();
        Write(folder, kind.Build(false));
        SafetensorsModel.Open(folder.Path).Dispose();

        using var broken = new TempFolder();
        long size = Write(broken, kind.Build(true));
        var watch = Stopwatch.StartNew();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Exception fault = Record.Exception(() => SafetensorsModel.Open(broken.Path).Dispose());
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        output.WriteLine(fault?.Message ?? "accepted");
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(1), $"took {watch.Elapsed}");
        Assert.True(allocated < AllowedBytes + (4 * size), $"allocated {allocated} bytes");
        Assert.True(fault is ModelFormatException or FileNotFoundException, $"{fault}");
        MalformedFileTests.AssertIsOneCleanLine(fault.Message);
        Assert.StartsWith(broken.Path, fault.Message, StringComparison.Ordinal);
        Assert.Contains(kind.Expected, fault.Message, StringComparison.Ordinal);
    }

    private static long Write(TempFolder folder, (string Name, byte[] Bytes)[] files)
    {
        foreach ((string name, byte[] bytes) in files)
        {
            folder.Write(name, bytes);
        }

        return files.Sum(file => file.Bytes.Length);
    }
}
