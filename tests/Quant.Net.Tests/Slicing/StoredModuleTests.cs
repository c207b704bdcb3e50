using Quant.Net.Safetensors;
using Quant.Net.Slicing;
using Quant.Net.Tests.Modules;

namespace Quant.Net.Tests.Slicing;

/// <summary>Modules of the known answers, cut into files, read again without any settings, and joined.</summary>
public sealed class StoredModuleTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("quantnet-").FullName;
    private readonly QuantDevice _device = QuantDevice.Open("cpu", new QuantDeviceOptions { Threads = 1 });

    public static TheoryData<string> Files => new(MatrixVector.Files.Where(name => !IsRefused(name)));

    public static TheoryData<string> Refused => new(MatrixVector.Files.Where(IsRefused));

    public void Dispose()
    {
        _device.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task PartsInFilesMakeTheKnownAnswer(string name)
    {
        using var vector = new MatrixVector(name);
        var options = new PackedModuleOptions { ZeroWraps = vector.ZeroWraps };
        PackedModule module = Assert.Single(PackedModule.Find(vector.Model, options));
        float[] expected = vector.Expected;
        (int rows, int columns) = ((int)module.Rows, (int)module.Columns);
        foreach ((MatrixAxis axis, int length) in new[] { (MatrixAxis.Output, rows), (MatrixAxis.Input, columns) })
        {
            long step = MatrixGrids.Multiple(new StoredModule(module).Matrix, axis);
            step = axis == MatrixAxis.Input && name.StartsWith("awq-gemv", StringComparison.Ordinal) ? 64 : step;
            long half = Math.Max(length / 2 / step, 1) * step;
            if (half >= length)
            {
                continue;
            }

            string first = Path.Combine(_folder, $"{axis}-1.safetensors"), second = Path.Combine(_folder, $"{axis}-2.safetensors");
            await ModelConverter.SliceAsync(module, MatrixCut.Range(axis, 0, half), first);
            await ModelConverter.SliceAsync(module, MatrixCut.Range(axis, half, length - half), second);
            using SafetensorsModel one = SafetensorsModel.Open(first);
            using SafetensorsModel two = SafetensorsModel.Open(second);
            PackedModule[] parts = [Assert.Single(PackedModule.Find(one, options)), Assert.Single(PackedModule.Find(two, options))];
            AssertIsPart(expected, columns, parts[0], 0, 0);
            AssertIsPart(
                expected, columns, parts[1], axis == MatrixAxis.Output ? (int)half : 0, axis == MatrixAxis.Output ? 0 : (int)half);

            string whole = Path.Combine(_folder, $"{axis}.safetensors");
            await ModelConverter.ConcatAsync(parts, axis, whole);
            using SafetensorsModel joined = SafetensorsModel.Open(whole);
            AssertIsPart(expected, columns, Assert.Single(PackedModule.Find(joined, options)), 0, 0);
        }
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void WhatCannotBeCutIsRefused(string name)
    {
        using var vector = new MatrixVector(name);
        PackedModule module = Assert.Single(PackedModule.Find(vector.Model));
        string line = Assert.Throws<NotSupportedException>(() => new StoredModule(module)).Message;
        Assert.Contains("module 'layer", line, StringComparison.Ordinal);
        Assert.Contains("cannot be cut", line, StringComparison.Ordinal);
    }

    // Blocks of bitsandbytes run across rows, and gpt-oss has several experts in one tensor.
    private static bool IsRefused(string name) =>
        name.StartsWith("mxfp4-gpt-oss", StringComparison.Ordinal)
        || (name.StartsWith("bnb", StringComparison.Ordinal) && !name.Contains("int8", StringComparison.Ordinal));

    // Every weight of a part is the one that stands at that row and column of the whole.
    private void AssertIsPart(float[] whole, int wholeColumns, PackedModule part, int firstRow, int firstColumn)
    {
        (int rows, int columns) = ((int)part.Rows, (int)part.Columns);
        float[] decoded = new float[rows * columns];
        part.Dequantize(_device, MatrixOrder.Rows, 0, rows, decoded);
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<float> expected = whole.AsSpan(((firstRow + row) * wholeColumns) + firstColumn, columns);
            Assert.Equal(Bits(expected), Bits(decoded.AsSpan(row * columns, columns)));
        }
    }

    /// <summary>The bits of floats; any NaN is as good as another.</summary>
    private static uint[] Bits(ReadOnlySpan<float> values) =>
        [.. values.ToArray().Select(value => float.IsNaN(value) ? uint.MaxValue : BitConverter.SingleToUInt32Bits(value))];
}
