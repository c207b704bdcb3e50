using System.Collections;
using System.Runtime.InteropServices;
using Quant.Net.Safetensors;
using Quant.Net.Tests.Gguf;

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

    /// <summary>The two readings of stored zeros of all ones: of the same tensors, and not of the same weights.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(8)]
    public void OnesAreInTheVectorsOfOnes(int bits)
    {
        using var unmasked = new MatrixVector($"gptq-b{bits}-g32-ones.safetensors");
        using var wrapped = new MatrixVector($"gptq-b{bits}-g32-ones-wrapped.safetensors");
        foreach (SafetensorsTensor tensor in unmasked.Model.Tensors.Where(tensor => tensor.Name != "expected"))
        {
            Assert.True(tensor.GetSpan(0, tensor.RowCount).SequenceEqual(wrapped.Model.Tensors[tensor.Name].GetSpan(0, tensor.RowCount)), tensor.Name);
        }

        // A row of zeros is a stream of bits.
        SafetensorsTensor zeros = unmasked.Model.Tensors["layer.qzeros"];
        int ones = 0;
        for (long row = 0; row < zeros.RowCount; row++)
        {
            var stream = new BitArray(zeros.GetSpan(row, 1).ToArray());
            ones += Enumerable.Range(0, stream.Length / bits).Count(field => Enumerable.Range(field * bits, bits).All(bit => stream[bit]));
        }

        Assert.True(ones > 0, "no stored zero is all ones");
        Assert.NotEqual(unmasked.Expected, wrapped.Expected);
    }

    /// <summary>In a folder, experts of one tensor are as the transformers library has plain ones: [experts, in, out].</summary>
    [Fact]
    public async Task ExpertsAreTurnedInAFolder()
    {
        using var vector = new MatrixVector("mxfp4-gpt-oss.safetensors");
        using QuantDevice device = QuantDevice.Open("cpu");
        using var output = new TempFolder();
        var options = new DequantizeOptions { OutputType = QuantFormat.F32, ChunkBytes = 1000 };
        await ModelConverter.DequantizeAsync(vector.Model, output["plain"], options, device);
        using SafetensorsModel plain = SafetensorsModel.Open(output["plain"]);
        PackedModule module = Assert.Single(PackedModule.Find(vector.Model));
        SafetensorsTensor turned = plain.Tensors[module.WeightName];
        (int experts, int rows, int columns) = ((int)module.Shape[0], (int)module.Shape[1], (int)module.Shape[2]);
        Assert.Equal([experts, columns, rows], turned.Shape);
        float[] found = MemoryMarshal.Cast<byte, float>(turned.GetSpan(0, turned.RowCount)).ToArray(), expected = vector.Expected;
        AssertSame(expected, [.. Enumerable.Range(0, expected.Length).Select(i =>
        {
            (int expert, int row, int column) = (i / (rows * columns), i / columns % rows, i % columns);
            return found[(((expert * columns) + column) * rows) + row];
        })]);
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
