namespace Quant.Net.Tests.Modules;

/// <summary>Every vector of tests/vectors/matrices, made by a reference that knows nothing of this library: found, and decoded to
/// the bit, in both orders and to every type.</summary>
public class PackedModuleVectorTests
{
    public static TheoryData<string> Vectors => new(MatrixVector.Files);

    [Theory]
    [MemberData(nameof(Vectors))]
    public void AreDecodedToTheBit(string file)
    {
        using var vector = new MatrixVector(file);
        PackedModule module = Assert.Single(PackedModule.Find(vector.Model, new PackedModuleOptions { ZeroWraps = vector.ZeroWraps }));
        Assert.StartsWith("layer", module.Name, StringComparison.Ordinal);
        float[] expected = vector.Expected;
        (int rows, int columns) = ((int)module.Rows, (int)module.Columns);
        Assert.Equal(expected.Length, rows * columns);
        Assert.Equal(expected.Length, module.Shape.Aggregate(1L, (product, length) => product * length));

        using QuantDevice device = QuantDevice.Open("cpu");
        float[] floats = new float[expected.Length];
        module.Dequantize(device, MatrixOrder.Rows, 0, rows, floats);
        AssertSame(expected, floats);

        float[] transposed = new float[expected.Length];
        module.Dequantize(device, MatrixOrder.Columns, 0, columns, transposed);
        AssertSame(expected, [.. Enumerable.Range(0, expected.Length).Select(i => transposed[(i % columns * rows) + (i / columns)])]);

        Half[] halves = new Half[expected.Length];
        module.Dequantize(device, MatrixOrder.Rows, 0, rows, halves);
        AssertSame([.. expected.Select(value => (float)(Half)value)], [.. halves.Select(value => (float)value)]);

        BFloat16[] bfloats = new BFloat16[expected.Length];
        module.Dequantize(device, MatrixOrder.Rows, 0, rows, bfloats);
        AssertSame([.. expected.Select(value => (float)(BFloat16)value)], [.. bfloats.Select(value => (float)value)]);

        // A part of it is that part.
        float[] part = new float[columns];
        module.Dequantize(device, MatrixOrder.Rows, rows / 2, 1, part);
        AssertSame(expected[(rows / 2 * columns)..((rows / 2 * columns) + columns)], part);
    }

    [Fact]
    public void AreMany() => Assert.True(MatrixVector.Files.Count() >= 105);

    private static void AssertSame(float[] expected, float[] found)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            uint want = BitConverter.SingleToUInt32Bits(expected[i]), have = BitConverter.SingleToUInt32Bits(found[i]);
            Assert.True(want == have || (float.IsNaN(expected[i]) && float.IsNaN(found[i])), $"weight {i}: expected {want:x8}, found {have:x8}");
        }
    }
}
