using Quant.Net.Safetensors;
using Quant.Net.Tests.Gguf;

namespace Quant.Net.Tests.Ranks;

/// <summary>The sample model, act-order GPTQ of 4 bits with plain embeddings, divided among ranks.</summary>
public class SampleRanksTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    public async Task DecodedPartsAreThePartsOfTheDecodedWhole(int ranks)
    {
        using var folder = new TempFolder();
        using var device = QuantDevice.Open("cpu", new QuantDeviceOptions { Threads = 1 });
        using SafetensorsModel model = SafetensorsModel.Open(Repository.PathOf("samples", "models", "wide-GPTQ-4bit"));
        TensorParallelPlan plan = TensorParallelPlan.Make(model, ranks);
        Assert.True(plan.IsPossible, string.Join("\n", plan.Entries.Select(entry => entry.Problem).OfType<string>()));
        await ModelConverter.SliceAsync(plan, folder["out"]);

        Dictionary<string, PackedModule> whole = PackedModule.Find(model).ToDictionary(module => module.Name);
        for (int rank = 0; rank < ranks; rank++)
        {
            using SafetensorsModel part = SafetensorsModel.Open(folder[$"out/rank-{rank}-of-{ranks}"]);
            Assert.Equal(model.Tensors.Count, part.Tensors.Count);
            foreach (PackedModule module in PackedModule.Find(part))
            {
                bool isInput = module.Name.EndsWith("o_proj", StringComparison.Ordinal) || module.Name.EndsWith("down_proj", StringComparison.Ordinal);
                float[] all = Decode(device, whole[module.Name]), own = Decode(device, module);
                int rows = (int)module.Rows, columns = (int)module.Columns, wholeColumns = (int)whole[module.Name].Columns;
                (int firstRow, int firstColumn) = isInput ? (0, rank * columns) : (rank * rows, 0);
                for (int row = 0; row < rows; row++)
                {
                    Assert.Equal(all.AsSpan(((firstRow + row) * wholeColumns) + firstColumn, columns), own.AsSpan(row * columns, columns));
                }
            }

            SafetensorsTensor tokens = part.Tensors["model.embed_tokens.weight"], allTokens = model.Tensors["model.embed_tokens.weight"];
            Assert.Equal(allTokens.GetSpan(rank * tokens.RowCount, tokens.RowCount), tokens.GetSpan(0, tokens.RowCount));
        }
    }

    [Fact]
    public void ThreeRanksAreRefusedWithTheNearestNumbers()
    {
        using SafetensorsModel model = SafetensorsModel.Open(Repository.PathOf("samples", "models", "wide-GPTQ-4bit"));
        TensorParallelPlan plan = TensorParallelPlan.Make(model, 3);
        Assert.False(plan.IsPossible);
        Assert.Contains(plan.Entries, entry => entry.Problem is "32 heads do not divide among 3 ranks; nearest numbers of ranks: 2 and 4");
    }

    private static float[] Decode(QuantDevice device, PackedModule module)
    {
        float[] weights = new float[module.Rows * module.Columns];
        module.Dequantize(device, MatrixOrder.Rows, 0, module.Rows, weights);
        return weights;
    }
}
