using System.Runtime.InteropServices;
using Quant.Net.Gguf;

namespace Quant.Net.Tests.Gguf;

/// <summary>Rows, lists of rows and slices of tensors are what the device makes of the same bytes.</summary>
public sealed class GgufTensorTests : IDisposable
{
    private readonly QuantDevice _device = QuantDevice.Open("cpu");
    private readonly TempFolder _folder = new();

    public void Dispose()
    {
        _device.Dispose();
        _folder.Dispose();
    }

    public static TheoryData<string> Samples => new("stories260K-Q4_K_M.gguf", "wide-Q4_K_M.gguf");

    [Theory]
    [MemberData(nameof(Samples))]
    public void DecodesSamplesLikeTheirBytes(string sample)
    {
        using GgufFile model = GgufFile.Open(Repository.PathOf("samples", "models", sample));
        Assert.Equal("llama", model.Architecture);
        Assert.Empty(model.Warnings);
        byte[] file = File.ReadAllBytes(model.Parts[0].Path);
        foreach (GgufTensor tensor in model.Tensors)
        {
            var expected = new float[tensor.ElementCount];
            _device.Dequantize(tensor.Format, file.AsSpan((int)tensor.FileOffset, (int)tensor.ByteLength), expected);
            var whole = new float[tensor.ElementCount];
            tensor.Dequantize(_device, 0, tensor.RowCount, whole);
            Assert.Equal(MemoryMarshal.AsBytes<float>(expected), MemoryMarshal.AsBytes<float>(whole));
            Assert.Contains(whole, value => value != 0);
            Assert.Equal(file.AsSpan((int)tensor.FileOffset, (int)tensor.ByteLength), tensor.GetSpan(0, tensor.RowCount));
        }
    }

    [Fact]
    public void DecodesRangesListsAndSlices()
    {
        using GgufFile model = OpenExperts(out float[] all);
        GgufTensor tensor = model.Tensors["experts.weight"];
        int width = (int)tensor.RowLength;

        var rows = new float[3 * width];
        tensor.Dequantize(_device, 4, 3, rows);
        Assert.Equal(all[(4 * width)..(7 * width)], rows);

        var halves = new Half[width + 5];
        halves[^1] = (Half)42;
        tensor.Dequantize(_device, 11, 1, halves);
        Assert.Equal(all.AsSpan(11 * width, width).ToArray().Select(value => (Half)value), halves[..width]);
        Assert.Equal((Half)42, halves[^1]);

        var list = new BFloat16[4 * width];
        tensor.DequantizeRows(_device, [7, 0, 7, 11], list);
        Assert.Equal(all.AsSpan(7 * width, width).ToArray().Select(value => (BFloat16)value), list[(2 * width)..(3 * width)]);

        GgufTensor slice = tensor.Slice(2);
        Assert.Equal("experts.weight[2]", slice.Name);
        Assert.Equal([width, 4], slice.Dimensions);
        var expert = new float[4 * width];
        slice.Dequantize(_device, 0, 4, expert);
        Assert.Equal(all[(8 * width)..(12 * width)], expert);
        var row = new float[width];
        slice.Slice(3).DequantizeRows(_device, [0], row);
        Assert.Equal(all[(11 * width)..], row);
    }

    [Fact]
    public void ChecksItsArguments()
    {
        using GgufFile model = OpenExperts(out _);
        GgufTensor tensor = model.Tensors["experts.weight"];
        var row = new float[tensor.RowLength];
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.Dequantize(_device, -1, 1, row));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.Dequantize(_device, 0, -1, row));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.Dequantize(_device, 12, 1, row));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.Dequantize(_device, 1, long.MaxValue, row));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.DequantizeRows(_device, [12], row));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.DequantizeRows(_device, [-1], row));
        Assert.Throws<ArgumentException>("destination", () => tensor.Dequantize(_device, 0, 2, row));
        Assert.Throws<ArgumentException>("destination", () => tensor.DequantizeRows(_device, [1, 2], row));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.Slice(3));
        Assert.Throws<InvalidOperationException>(() => tensor.Slice(0).Slice(0).Slice(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.Read(tensor.ByteLength - 1, new byte[2]));
        tensor.Dequantize(_device, 12, 0, Span<float>.Empty);
    }

    [Fact]
    public void ReachesBeyondTwoGibibytes()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;   // elsewhere the file would really take 5 GiB
        }

        const long Rows = 1_300_000;
        const int Width = 1024;
        TestTensor[] tensors = [new("huge") { Dimensions = [Width, Rows] }, new("last", Rows * Width * 4)];
        byte[] head = new TestModel { Tensors = tensors, Data = [] }.ToBytes();
        string path = _folder.Write("huge.gguf", head);
        using (FileStream file = File.OpenWrite(path))
        {
            file.Position = head.Length + (Rows * Width * 4) - 4;
            file.Write(BitConverter.GetBytes(1.25f));
            file.Write(BitConverter.GetBytes(2.5f));
            file.SetLength(file.Position + 28);
        }

        using GgufFile model = GgufFile.Open(path);
        GgufTensor huge = model.Tensors["huge"];
        var row = new float[Width];
        huge.Dequantize(_device, Rows - 1, 1, row);
        Assert.Equal(1.25f, row[^1]);
        Assert.Equal(1.25f, MemoryMarshal.Cast<byte, float>(huge.GetSpan(Rows - 1, 1))[^1]);
        model.Tensors["last"].Dequantize(_device, 0, 1, row);
        Assert.Equal(2.5f, row[0]);
        Assert.Contains("take at most 524287 rows at a time", Assert.Throws<ArgumentException>(() => huge.GetSpan(0, Rows)).Message);
    }

    /// <summary>Three experts of four rows of Q8_0.</summary>
    private GgufFile OpenExperts(out float[] all)
    {
        const int Width = 64, Rows = 12;
        var random = new Random(1);
        var data = new byte[Rows * Width / 32 * 34];
        random.NextBytes(data);
        for (int block = 0; block < data.Length; block += 34)
        {
            BitConverter.TryWriteBytes(data.AsSpan(block), (Half)(random.NextSingle() + 0.1f));
        }

        all = new float[Rows * Width];
        _device.Dequantize(QuantFormat.Q8_0, data, all);
        var model = new TestModel { Tensors = [new("experts.weight") { Type = 8, Dimensions = [Width, 4, 3] }], Data = data };
        return GgufFile.Open(_folder.Write("experts.gguf", model.ToBytes()));
    }
}
