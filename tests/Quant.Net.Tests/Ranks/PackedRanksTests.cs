using System.Runtime.InteropServices;
using Quant.Net.Safetensors;
using Quant.Net.Tests.Gguf;

namespace Quant.Net.Tests.Ranks;

/// <summary>Packed modules in shapes that the sample does not have, divided and decoded.</summary>
public class PackedRanksTests
{
    private const string Gptq = """{"quant_method": "gptq", "bits": 4, "group_size": 16, "desc_act": true, "checkpoint_format": "gptq"}""";
    private const int Columns = 48, Rows = 16, Groups = 3;

    private static int[] InTurn => [.. Enumerable.Range(0, Columns).Select(column => column % Groups)];

    public static TheoryData<int, int[]> Orders => new()
    {
        // Among three ranks, each has 16 columns of 3 groups.
        { 3, InTurn },
        { 3, [.. Enumerable.Range(0, Columns).Select(column => column < 16 ? column % 2 * 2 : column % Groups)] },   // no group 1 in the first
        { 3, [.. Enumerable.Range(0, Columns).Select(column => column < 16 ? 2 : column % Groups)] },                // one group alone
        { 3, [.. Enumerable.Range(0, Columns).Select(column => column / 16)] },                                      // all zeros in the first
        { 2, [.. Enumerable.Range(0, Columns).Select(column => 2 - (column / 16))] },
    };

    [Theory]
    [MemberData(nameof(Orders))]
    public async Task ActOrderDividesByInputsWhateverGroupsAPartHas(int ranks, int[] order)
    {
        (float[] whole, float[][] parts) = await DivideAsync("llama", ranks, PackedTensors("model.layers.0.mlp.down_proj", Rows, order));
        int width = Columns / ranks;
        for (int rank = 0; rank < ranks; rank++)
        {
            Assert.Equal(Rows * width, parts[rank].Length);
            for (int row = 0; row < Rows; row++)
            {
                Assert.Equal(whole.AsSpan((row * Columns) + (rank * width), width), parts[rank].AsSpan(row * width, width));
            }
        }
    }

    // 24 heads of queries of 8 features, then 4 heads of keys and 4 of values, which 8 ranks share two by two.
    [Fact]
    public async Task FusedQueriesKeysAndValuesGoToTheirHeads()
    {
        const int Ranks = 8, Head = 8, Queries = FamilyModel.Heads * Head, Keys = 4 * Head;
        (float[] whole, float[][] parts) = await DivideAsync(
            "phi3", Ranks, PackedTensors("model.layers.0.self_attn.qkv_proj", Queries + (2 * Keys), InTurn));
        for (int rank = 0; rank < Ranks; rank++)
        {
            int[] rows =
            [
                .. Enumerable.Range(rank * 3 * Head, 3 * Head), .. Enumerable.Range(Queries + (rank / 2 * Head), Head),
                .. Enumerable.Range(Queries + Keys + (rank / 2 * Head), Head),
            ];
            Assert.Equal(rows.SelectMany(row => whole.Skip(row * Columns).Take(Columns)), parts[rank]);
        }
    }

    [Fact]
    public async Task WhatIsEverywhereStaysPacked()
    {
        (float[] whole, float[][] parts) = await DivideAsync("deepseek_v2", 2, PackedTensors("model.layers.0.self_attn.kv_a_proj_with_mqa", Rows, InTurn));
        Assert.All(parts, part => Assert.Equal(whole, part));
    }

    [Theory]
    [InlineData("model.layers.0.mlp.down_proj", Rows)]      // outputs are whole: so is their bias
    [InlineData("model.layers.0.mlp.up_proj", Rows / 2)]
    public async Task BiasesGoWithOutputs(string name, int partLength)
    {
        using var folder = new TempFolder();
        FamilyTensor bias = new(name + ".bias", 0, Rows) { Type = SafetensorsType.F32 };
        using SafetensorsModel model = FamilyModel.Open(folder, "llama", 4, [.. PackedTensors(name, Rows, InTurn), bias], Gptq);
        using var output = new TempFolder();
        await ModelConverter.SliceAsync(TensorParallelPlan.Make(model, 2), output["out"]);
        for (int rank = 0; rank < 2; rank++)
        {
            using SafetensorsModel part = SafetensorsModel.Open(output[$"out/rank-{rank}-of-2"]);
            long first = partLength == Rows ? 0 : rank * partLength;
            byte[] expected = new byte[partLength * sizeof(float)], own = new byte[partLength * sizeof(float)];
            model.Tensors[bias.Name].Read(first * sizeof(float), expected);
            Assert.Equal([partLength], part.Tensors[bias.Name].Shape);
            part.Tensors[bias.Name].Read(0, own);
            Assert.Equal(expected, own);
        }
    }

    [Theory]
    [InlineData("lm_head", 3, "2 more features would be needed, and packed weights have no zeros to fill up with")]
    [InlineData("model.layers.0.mlp.up_proj", 4, "4 output features for each rank are no multiple of 8, as GPTQ of 4 bits needs it; nearest numbers of ranks: 2")]
    public void PackedModulesThatDoNotFitSayWhy(string name, int ranks, string problem)
    {
        using var folder = new TempFolder();
        using SafetensorsModel model = FamilyModel.Open(folder, "llama", 4, [.. PackedTensors(name, Rows, InTurn)], Gptq);
        Assert.StartsWith(problem, Assert.Single(TensorParallelPlan.Make(model, ranks).Entries).Problem, StringComparison.Ordinal);
    }

    /// <summary>The only module of a model, and of the model of each rank, all decoded.</summary>
    private static async Task<(float[] Whole, float[][] Parts)> DivideAsync(string family, int ranks, IEnumerable<FamilyTensor> tensors)
    {
        using var folder = new TempFolder();
        using SafetensorsModel model = FamilyModel.Open(folder, family, keyValueHeads: 4, [.. tensors], Gptq);
        using var output = new TempFolder();
        await ModelConverter.SliceAsync(TensorParallelPlan.Make(model, ranks), output["out"]);
        return (Decode(model), [.. Enumerable.Range(0, ranks).Select(rank =>
        {
            using SafetensorsModel part = SafetensorsModel.Open(output[$"out/rank-{rank}-of-{ranks}"]);
            return Decode(part);
        })]);
    }

    private static float[] Decode(SafetensorsModel model)
    {
        using var device = QuantDevice.Open("cpu", new QuantDeviceOptions { Threads = 1 });
        PackedModule module = Assert.Single(PackedModule.Find(model));
        float[] weights = new float[module.Rows * module.Columns];
        module.Dequantize(device, MatrixOrder.Rows, 0, module.Rows, weights);
        return weights;
    }

    private static IEnumerable<FamilyTensor> PackedTensors(string name, int rows, int[] order)
    {
        Half[] scales = [.. Enumerable.Range(1, Groups * rows).Select(number => (Half)(number / 64f))];
        yield return new(name + ".qweight", 0, Columns / 8, rows) { Type = SafetensorsType.I32 };
        yield return new(name + ".qzeros", 0, Groups, rows / 8) { Type = SafetensorsType.I32 };
        yield return new(name + ".scales", 0, Groups, rows) { Type = SafetensorsType.F16, Data = MemoryMarshal.AsBytes(scales.AsSpan()).ToArray() };
        yield return new(name + ".g_idx", 0, Columns) { Type = SafetensorsType.I32, Data = MemoryMarshal.AsBytes(order.AsSpan()).ToArray() };
    }
}
