using Quant.Net.Ranks;
using Quant.Net.Safetensors;
using Quant.Net.Tests.Gguf;

namespace Quant.Net.Tests.Ranks;

/// <summary>Plain models of every architecture, divided among ranks and put together again.</summary>
public class FamilyRanksTests
{
    public static TheoryData<string, int, int> Divisions
    {
        get
        {
            var data = new TheoryData<string, int, int>();
            foreach (string family in FamilyModel.Names)
            {
                bool isLatent = family.StartsWith("deepseek", StringComparison.Ordinal);
                foreach (int ranks in new[] { 2, 3, 4, 8 })
                {
                    // Four heads of keys are cut among 2 and 4 ranks, and shared by 8.
                    data.Add(family, ranks, isLatent ? FamilyModel.Heads : ranks == 3 ? 3 : 4);
                }
            }

            data.Add("llama", 1, 4);
            data.Add("gemma", 24, 1);   // all ranks share the only head of keys, and the last ones have no tokens
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Divisions))]
    public async Task PartsPutTogetherAreTheWhole(string family, int ranks, int keyValueHeads)
    {
        using var folder = new TempFolder();
        using SafetensorsModel model = FamilyModel.Open(folder, family, keyValueHeads);
        TensorParallelPlan plan = TensorParallelPlan.Make(model, ranks);
        Assert.Equal([], plan.Entries.Select(entry => entry.Problem).OfType<string>());
        using var output = new TempFolder();
        await ModelConverter.SliceAsync(plan, output["out"]);

        SafetensorsModel[] parts = [.. Enumerable.Range(0, ranks).Select(rank => SafetensorsModel.Open(output[$"out/rank-{rank}-of-{ranks}"]))];
        try
        {
            foreach (FamilyTensor expected in FamilyModel.TensorsOf(family, keyValueHeads))
            {
                RankItem item = Assert.Single(plan.Items, item => item.Tensors.Any(tensor => tensor.Name == expected.Name));
                byte[] whole = Bytes(model.Tensors[expected.Name]);
                if (expected.Dimension < 0)
                {
                    Assert.Equal(ParallelKind.Replicated, item.Entry.Kind);
                    Assert.All(parts, part => Assert.Equal(whole, Bytes(part.Tensors[expected.Name])));
                    continue;
                }

                Assert.NotEqual(ParallelKind.Replicated, item.Entry.Kind);
                AssertMakesWhole(expected, whole, [.. parts.Select(part => part.Tensors[expected.Name])], item.Ranges);
                Assert.All(parts, part => Assert.Equal(item.Entry.PartShape, part.Tensors[expected.Name].Shape));
            }

            Assert.All(parts, part => Assert.Equal(model.Tensors.Count, part.Tensors.Count));
            Assert.All(parts, part => Assert.Equal(family, part.Config!.ModelType));
        }
        finally
        {
            Array.ForEach(parts, part => part.Dispose());
        }
    }

    private static void AssertMakesWhole(FamilyTensor expected, byte[] whole, SafetensorsTensor[] parts, RankRanges ranges)
    {
        long length = expected.Shape[expected.Dimension];
        int outer = (int)expected.Shape.Take(expected.Dimension).Aggregate(1L, (product, count) => product * count);
        int inner = (int)(whole.Length / (outer * length));   // bytes
        bool[] isCovered = new bool[length];
        for (int rank = 0; rank < parts.Length; rank++)
        {
            long[] shape = [.. expected.Shape];
            shape[expected.Dimension] = ranges.PartLength;
            Assert.Equal(shape, parts[rank].Shape);
            byte[] part = Bytes(parts[rank]);
            long[] features = [.. ranges.Parts[rank].SelectMany(range => Enumerable.Range((int)range.First, (int)range.Count)).Select(at => (long)at)];
            for (int i = 0; i < outer; i++)
            {
                for (int at = 0; at < ranges.PartLength; at++)
                {
                    ReadOnlySpan<byte> own = part.AsSpan((int)((i * ranges.PartLength) + at) * inner, inner);
                    if (at >= features.Length)
                    {
                        Assert.Equal(-1, own.IndexOfAnyExcept((byte)0));
                        continue;
                    }

                    Assert.Equal(whole.AsSpan((int)((i * length) + features[at]) * inner, inner), own);
                    isCovered[features[at]] = true;
                }
            }
        }

        Assert.DoesNotContain(false, isCovered);
    }

    private static byte[] Bytes(SafetensorsTensor tensor)
    {
        byte[] bytes = new byte[tensor.ByteLength];
        tensor.Read(0, bytes);
        return bytes;
    }
}
