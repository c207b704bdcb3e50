using System.Diagnostics;
using Quant.Net.Gguf;
using Xunit.Abstractions;

namespace Quant.Net.Tests.Gguf;

/// <summary>Every kind of malformed file ends in one clear exception, cheaply and soon; its valid twin opens.</summary>
public class MalformedFileTests(ITestOutputHelper output)
{
    private const long AllowedBytes = 1 << 20;

    public static TheoryData<string> Kinds => new(MalformedFiles.All.Keys);

    [Fact]
    public void ThereAreAtLeast150KindsOfWhichAtMost15AreTruncations()
    {
        Assert.True(MalformedFiles.All.Count >= 150, $"{MalformedFiles.All.Count} kinds");
        Assert.True(MalformedFiles.All.Values.Count(kind => kind.IsTruncation) <= 15);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void IsRefusedAndItsTwinIsAccepted(string name)
    {
        MalformedFiles.Kind kind = MalformedFiles.All[name];
        using var folder = new TempFolder();
        using (GgufFile twin = GgufFile.Open(Write(folder, kind.Build(false))))
        {
            Assert.All(twin.Metadata, entry => Assert.NotNull(entry.Value.ToString()));
        }

        using var broken = new TempFolder();
        (string Name, byte[] Bytes)[] files = kind.Build(true);
        string path = Write(broken, files);
        var watch = Stopwatch.StartNew();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Exception fault = Record.Exception(() => GgufFile.Open(path).Dispose());
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        output.WriteLine(fault?.Message ?? "accepted");
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(1), $"took {watch.Elapsed}");
        Assert.True(allocated < AllowedBytes + (4 * files.Sum(file => file.Bytes.Length)), $"allocated {allocated} bytes");
        if (name == "part is missing")
        {
            Assert.IsType<FileNotFoundException>(fault);
        }
        else
        {
            Assert.Contains(Path.GetFileName(Assert.IsType<ModelFormatException>(fault).Path!), files.Select(file => file.Name));
        }

        AssertIsOneCleanLine(fault.Message);
        Assert.Contains(files, file => fault.Message.StartsWith(broken[file.Name] + ": ", StringComparison.Ordinal));
    }

    internal static void AssertIsOneCleanLine(string message)
    {
        Assert.DoesNotContain(message, char.IsControl);
        Assert.InRange(message.Length, 20, 500);
    }

    private static string Write(TempFolder folder, (string Name, byte[] Bytes)[] files)
    {
        foreach ((string name, byte[] bytes) in files)
        {
            folder.Write(name, bytes);
        }

        return folder[files[0].Name];
    }
}
