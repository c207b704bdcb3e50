using System.Runtime.InteropServices;
using Quant.Net.Tests.Gguf;

namespace Quant.Net.Tests.Importance;

/// <summary>Importance matrices that are refused, and what is said of each.</summary>
internal static class MalformedImportance
{
    public static IReadOnlyDictionary<string, Kind> Binary { get; } = new Dictionary<string, Kind>
    {
        ["empty"] = new([], "header: number of entries needs 4 bytes at byte 0, but only 0 are left"),
        ["no entries"] = new(new BinaryFile().ToArray(), "number of entries is 0, expected 1 or more"),
        ["negative entries"] = new(new BinaryFile { EntryCount = -1 }.ToArray(), "number of entries is -1, expected 1 or more"),
        ["many entries"] = new(
            new BinaryFile { EntryCount = 1_000_000 }.Entry("a", 1, 1).ToArray(), "number of entries is 1000000, but the 17 bytes that are left hold at most 1"),
        ["text"] = new("This is a text about quantization, nothing else."u8.ToArray(), "(is this an importance matrix?)"),
        ["long name"] = new(
            new BinaryFile().Entry("a"u8.ToArray(), 1, [1], nameLength: int.MaxValue).ToArray(), "entry 0: length of the name is 2147483647, but the 13 bytes"),
        ["negative name"] = new(new BinaryFile().Entry("a"u8.ToArray(), 1, [1], nameLength: -5).ToArray(), "length of the name is -5, expected 1 or more"),
        ["empty name"] = new(new BinaryFile().Entry("", 1, 1, 2).ToArray(), "length of the name is 0, expected 1 or more"),
        ["broken name"] = new(new BinaryFile().Entry([0x61, 0xFF], 1, [1]).ToArray(), "name is not UTF-8: byte 0xFF at 1 of it"),
        ["strange name"] = new(new BinaryFile().Entry("a\n\u001b[31m", -1, 1).ToArray(), @"entry 'a\n\u{1B}[31m': number of calls is -1"),
        ["same name"] = new(new BinaryFile().Entry("a", 1, 1).Entry("a", 1, 1).ToArray(), "entry 'a': another entry has this name already"),
        ["negative calls"] = new(new BinaryFile().Entry("a", -3, 1).ToArray(), "entry 'a': number of calls is -3, expected 0 or more"),
        ["no values"] = new(new BinaryFile().Entry("a", 1).Number(0).ToArray(), "entry 'a': number of values is 0, expected 1 or more"),
        ["negative values"] = new(new BinaryFile().Entry("a"u8.ToArray(), 1, [1], count: -1).ToArray(), "number of values is -1, expected 1 or more"),
        ["many values"] = new(
            new BinaryFile().Entry("a"u8.ToArray(), 1, [1], count: int.MaxValue).ToArray(), "number of values is 2147483647, but the 4 bytes that are left hold at most 1"),
        ["NaN"] = new(new BinaryFile().Entry("a", 1, 1, float.NaN).ToArray(), "entry 'a' value 1 is NaN, expected a number from 0"),
        ["infinity"] = new(new BinaryFile().Entry("a", 1, 1, float.PositiveInfinity).ToArray(), "entry 'a' value 1 is Infinity, expected a number from 0"),
        ["huge"] = new(new BinaryFile().Entry("a", 1, 1, 3e38f).ToArray(), "entry 'a' value 1 is 3E+38, expected at most 1E+20"),
        ["negative"] = new(new BinaryFile().Entry("a", 2, 1, 2, -3).ToArray(), "entry 'a' value 2 is -1.5, expected a number from 0"),
        ["zeros"] = new(new BinaryFile().Entry("a", 1, 0, 0, 0).ToArray(), "entry 'a' values 0 to 2 are all zero"),
        ["negative chunks"] = new(new BinaryFile().Entry("a", 1, 1).Number(-1).ToArray(), "end: number of chunks is -1, expected 0 or more"),
        ["half of chunks"] = new(new BinaryFile().Entry("a", 1, 1).Raw(1, 2).ToArray(), "end: number of chunks needs 4 bytes at byte 21, but only 2 are left"),
        ["long dataset"] = new(new BinaryFile().Entry("a", 1, 1).Number(1).Number(9).Raw(1).ToArray(), "length of the dataset is 9, but the 1 bytes"),
        ["negative dataset"] = new(new BinaryFile().Entry("a", 1, 1).Number(1).Number(-9).ToArray(), "length of the dataset is -9, expected 0 or more"),
        ["more behind"] = new(new BinaryFile().Entry("a", 1, 1).Number(1).Number(1).Raw(65, 66).ToArray(), "1 byte behind the dataset, expected none"),
    };

    public static IReadOnlyDictionary<string, Kind> Gguf { get; } = new Dictionary<string, Kind>
    {
        ["no tensors"] = new(File(), "has no entries: this is no importance matrix"),
        ["a model"] = new(
            new TestModel { Entries = [TestEntry.Text("general.type", "model")] }.ToBytes(), "metadata 'general.type' is 'model', expected 'imatrix'"),
        ["other tensors"] = new(File(new Tensor("a.weight", 1)), "has no entries: this is no importance matrix"),
        ["sums alone"] = new(File(new Tensor("a.in_sum2", 1)), "has 'a.in_sum2', but no 'a.counts'"),
        ["counts alone"] = new(File(new Tensor("a.counts", 1)), "has 'a.counts', but no 'a.in_sum2'"),
        ["not a multiple"] = new(
            File(new Tensor("a.in_sum2", 1, 2, 3), new Tensor("a.counts", 1, 1)), "tensor 'a.in_sum2' has 3 values, expected a multiple of the 2 of 'a.counts'"),
        ["no counts"] = new(File(new Tensor("a.in_sum2", 1), new Tensor("a.counts")), "expected a multiple of the 0 of 'a.counts'"),
        ["no sums"] = new(File(new Tensor("a.in_sum2"), new Tensor("a.counts", 1)), "tensor 'a.in_sum2' has 0 values"),
        ["other type"] = new(
            File(new Tensor("a.in_sum2", 1) { Type = 24 }, new Tensor("a.counts", 1)), "tensor 'a.in_sum2' has 4 values of I8, expected F32"),
        ["NaN"] = new(File(new Tensor("a.in_sum2", 1, float.NaN), new Tensor("a.counts", 2)), "entry 'a' value 1 is NaN"),
        ["negative"] = new(File(new Tensor("a.in_sum2", 1, -3), new Tensor("a.counts", 2)), "entry 'a' value 1 is -1.5"),
        ["zeros"] = new(File(new Tensor("a.in_sum2", 1, 1, 0, 0), new Tensor("a.counts", 2, 2)), "entry 'a' values 2 to 3 are all zero"),
        ["overflow"] = new(File(new Tensor("a.in_sum2", 1, float.PositiveInfinity), new Tensor("a.counts", 2)), "entry 'a' value 1 is Infinity"),
        ["count NaN"] = new(File(new Tensor("a.in_sum2", 1), new Tensor("a.counts", float.NaN)), "tensor 'a.counts': value 0 is NaN, expected a whole number from 0"),
        ["count negative"] = new(File(new Tensor("a.in_sum2", 1), new Tensor("a.counts", -1)), "tensor 'a.counts': value 0 is -1"),
        ["count infinite"] = new(File(new Tensor("a.in_sum2", 1), new Tensor("a.counts", float.PositiveInfinity)), "value 0 is Infinity"),
        ["half a count"] = new(File(new Tensor("a.in_sum2", 1), new Tensor("a.counts", 1.5f)), "value 0 is 1.5, expected a whole number from 0"),
        ["datasets"] = new(
            new TestModel { Entries = [TestEntry.UInt32("imatrix.datasets", 1)] }.ToBytes(), "metadata 'imatrix.datasets' is 1, expected an array of strings"),
        ["chunks"] = new(
            new TestModel { Entries = [TestEntry.Text("imatrix.chunk_count", "many")] }.ToBytes(), "metadata 'imatrix.chunk_count' is 'many', expected a number from 0"),
        ["cut"] = new(File(new Tensor("a.in_sum2", 1), new Tensor("a.counts", 1))[..^60], "x: "),
    };

    public static TheoryData<string> BinaryNames => new(Binary.Keys);

    public static TheoryData<string> GgufNames => new(Gguf.Keys);

    private static byte[] File(params Tensor[] tensors)
    {
        const int Alignment = 32;
        var data = new GgufBytes();
        var entries = new List<TestTensor>();
        foreach (Tensor tensor in tensors)
        {
            byte[] bytes = MemoryMarshal.AsBytes(tensor.Values.AsSpan()).ToArray();
            entries.Add(new TestTensor(tensor.Name, (ulong)data.Length)
            {
                Type = tensor.Type,
                Dimensions = [(ulong)(tensor.Type == 0 ? tensor.Values.Length : bytes.Length)],
            });
            data.Raw(bytes).PadTo(Alignment);
        }

        return new TestModel { Entries = [TestEntry.Text("general.type", "imatrix")], Tensors = [.. entries], Data = data.ToArray() }.ToBytes();
    }

    internal sealed record Kind(byte[] Bytes, string Fault);

    private sealed record Tensor(string Name, params float[] Values)
    {
        public uint Type { get; init; }
    }
}
