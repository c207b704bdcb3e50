using Quant.Net.Gguf;
using Quant.Net.Ranks;
using Quant.Net.Tests.Gguf;
using Quant.Net.Tests.Verification;

namespace Quant.Net.Tests.Ranks;

/// <summary>GGUF models of every architecture, divided among ranks and put together again.</summary>
public class GgufRanksTests
{
    public static TheoryData<string, int, int> Divisions
    {
        get
        {
            var data = new TheoryData<string, int, int>();
            foreach (string family in GgufFamilyModel.Names)
            {
                foreach (int ranks in new[] { 2, 3, 4, 8 })
                {
                    // Four heads of keys are cut among 2 and 4 ranks, and shared by 8. Latent attention says that it has one.
                    data.Add(family, ranks, family == "deepseek2" ? 1 : ranks == 3 ? 3 : 4);
                }
            }

            data.Add("llama", 1, 4);
            data.Add("gemma", 24, 1);   // all ranks share the only head of keys, and the last ones have no tokens
            return data;
        }
    }

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 40)];

    [Theory]
    [MemberData(nameof(Divisions))]
    public async Task PartsPutTogetherAreTheWhole(string family, int ranks, int keyValueHeads)
    {
        using var folder = new TempFolder();
        using GgufFile model = GgufFamilyModel.Open(folder, family, keyValueHeads);
        IReadOnlyList<FamilyTensor> tensors = GgufFamilyModel.TensorsOf(family, keyValueHeads);
        TensorParallelPlan plan = TensorParallelPlan.Make(model, ranks);
        Assert.Equal([], plan.Entries.Select(entry => entry.Problem).OfType<string>());
        using var output = new TempFolder();
        CopyResult result = await ModelConverter.SliceAsync(plan, output["out"]);
        Assert.Equal(Enumerable.Range(0, ranks).Select(rank => output[$"out/rank-{rank}-of-{ranks}.gguf"]), result.Files);
        Assert.Equal((ranks * tensors.Count, result.Files.Sum(file => new FileInfo(file).Length)), (result.TensorCount, result.OutputBytes));

        GgufFile[] parts = [.. result.Files.Select(file => GgufFile.Open(file))];
        try
        {
            foreach (FamilyTensor expected in tensors)
            {
                RankItem item = Assert.Single(plan.Items, item => item.Entry.Name == expected.Name);
                GgufTensor[] own = [.. parts.Select(part => part.Tensors[expected.Name])];
                Assert.All(own, part => Assert.Equal(item.Entry.PartShape, part.Shape));
                Assert.All(own, part => Assert.Equal(model.Tensors[expected.Name].Format, part.Format));
                if (expected.Dimension < 0)
                {
                    Assert.Equal(ParallelKind.Replicated, item.Entry.Kind);
                    Assert.All(own, part => Assert.Equal(Bytes(model.Tensors[expected.Name]), Bytes(part)));
                    continue;
                }

                Assert.NotEqual(ParallelKind.Replicated, item.Entry.Kind);
                AssertMakesWhole(model.Tensors[expected.Name], expected, own, item.Ranges);
            }

            Assert.All(parts, part => Assert.Equal(tensors.Select(tensor => tensor.Name), part.Tensors.Select(tensor => tensor.Name)));
            Assert.All(parts.Select((part, rank) => (part, rank)), found =>
            {
                GgufMetadata metadata = found.part.Metadata;
                Assert.All(model.Metadata, entry => Assert.Equal(entry.Value.RawBytes.ToArray(), metadata[entry.Key].RawBytes.ToArray()));
                Assert.Equal(($"{found.rank}", $"{ranks}"), (metadata["quantnet.rank"].GetString(), metadata["quantnet.ranks"].GetString()));
                Assert.Equal(model.Metadata.Count + 2, metadata.Count);
            });
        }
        finally
        {
            Array.ForEach(parts, part => part.Dispose());
        }

        PartsVerifyResult verified = await PartsOnDisk.VerifyAsync(model, [.. result.Files]);
        PartsOnDisk.AssertSound(verified);
        Assert.Equal(tensors.Count, verified.TensorCount);
    }

    // Any shape and format: either the plan says why not, or the parts make the whole.
    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task RandomModelsAreDividedOrRefused(int seed)
    {
        var random = new Random(seed);
        QuantFormat[] formats = [.. QuantFormats.All.Where(info => GgufLayout.Format((uint)info.Format) is not null).Select(info => info.Format)];
        QuantFormat Any() => formats[random.Next(formats.Length)];
        QuantFormat one = Any(), two = Any(), three = Any();
        long common = random.Next(1, 5);   // of which most lengths are multiples, so that some number of ranks divides all of them
        long Length(int most) => random.Next(0, most) * (random.Next(20) == 0 ? 1 : common);
        long In(QuantFormat format, int most) => Length(most) * QuantFormats.Get(format).ValuesPerBlock;
        (string Name, QuantFormat Format, long[] Shape)[] tensors =
        [
            ("token_embd.weight", one, [random.Next(0, 70), In(one, 3)]),
            ("blk.0.ffn_up.weight", two, [Length(20), In(two, 3)]),
            ("blk.0.ffn_down.weight", two, [random.Next(1, 40), In(two, 6)]),
            ("blk.0.ffn_gate_up_exps.weight", three, [random.Next(1, 4), 2 * Length(20), In(three, 3)]),
            ("blk.0.ffn_down_exps.weight", three, [random.Next(1, 4), random.Next(1, 20), In(three, 6)]),
            ("blk.0.ffn_down.bias", QuantFormat.F32, [random.Next(0, 40)]),
        ];
        using var folder = new TempFolder();
        using GgufFile model = GgufFamilyModel.Write(folder, "llama", GgufValue.FromNumber(4u), tensors);
        using var output = new TempFolder();
        bool wasPossible = false;
        for (int ranks = 1; ranks <= 8; ranks++)
        {
            TensorParallelPlan plan = TensorParallelPlan.Make(model, ranks);
            if (!plan.IsPossible)
            {
                await Assert.ThrowsAsync<NotSupportedException>(() => ModelConverter.SliceAsync(plan, output[$"{ranks}"]));
                continue;
            }

            wasPossible = true;
            CopyResult result = await ModelConverter.SliceAsync(plan, output[$"{ranks}"]);
            PartsOnDisk.AssertSound(await PartsOnDisk.VerifyAsync(model, [.. result.Files]));
            GgufFile[] parts = [.. result.Files.Select(file => GgufFile.Open(file))];
            try
            {
                foreach (RankItem item in plan.Items.Where(item => item.Entry.Kind != ParallelKind.Replicated))
                {
                    (string name, _, long[] shape) = tensors.Single(tensor => tensor.Name == item.Entry.Name);
                    int dimension = shape.Length - (item.Entry.Axis == MatrixAxis.Input ? 1 : 2);
                    AssertMakesWhole(model.Tensors[name], new FamilyTensor(name, dimension, shape), [.. parts.Select(part => part.Tensors[name])], item.Ranges);
                }
            }
            finally
            {
                Array.ForEach(parts, part => part.Dispose());
            }
        }

        Assert.True(wasPossible || tensors.Any(tensor => tensor.Shape.Contains(0)));   // one rank is everything, where there is something
    }

    [Fact]
    public void ZerosThatTokensAreFilledUpWithDecodeToZeros()
    {
        using var device = QuantDevice.Open("cpu");
        Assert.All(QuantFormats.All.Where(info => GgufLayout.Format((uint)info.Format) is not null && !info.IsInteger && info.Format != QuantFormat.F64), info =>
        {
            float[] weights = new float[info.ValuesPerBlock];
            Array.Fill(weights, 1);
            device.Dequantize(info.Format, new byte[info.BytesPerBlock], weights);
            Assert.All(weights, weight => Assert.Equal(0, weight));
        });
    }

    [Fact]
    public async Task AllFilesOfASplitModelAreDividedAsOne()
    {
        using var folder = new TempFolder();
        using GgufFile model = GgufFamilyModel.Open(folder, "llama", 4);
        await ModelConverter.SplitAsync(model, folder["split"], new SplitOptions { MaxTensors = 5 });
        using GgufFile split = GgufFile.Open(Directory.GetFiles(folder.Path, "split-00002-of-*.gguf").Single());
        using TempFolder output = new(), other = new();
        CopyResult result = await ModelConverter.SliceAsync(TensorParallelPlan.Make(split, 2), output["out"]);
        CopyResult same = await ModelConverter.SliceAsync(TensorParallelPlan.Make(model, 2), other["out"]);
        Assert.All(result.Files.Zip(same.Files), files => Assert.Equal(File.ReadAllBytes(files.Second), File.ReadAllBytes(files.First)));
        PartsOnDisk.AssertSound(await PartsOnDisk.VerifyAsync(split, [.. result.Files]));
    }

    [Fact]
    public async Task ATypeThatNobodyKnowsIsCopiedWhereNothingIsCut()
    {
        using var folder = new TempFolder();
        using GgufFile model = Unknown(folder, "blk.0.attn_norm.weight");
        using var output = new TempFolder();
        CopyResult result = await ModelConverter.SliceAsync(TensorParallelPlan.Make(model, 2), output["out"]);
        PartsOnDisk.AssertSound(await PartsOnDisk.VerifyAsync(model, [.. result.Files]));

        using var cut = new TempFolder();
        using GgufFile other = Unknown(cut, "blk.0.ffn_up.weight");
        Assert.Equal("nobody knows how to cut type 99", Assert.Single(TensorParallelPlan.Make(other, 2).Entries).Problem);
    }

    /// <summary>A model with one tensor of type 99.</summary>
    private static GgufFile Unknown(TempFolder folder, string name)
    {
        GgufFamilyModel.Write(folder, "llama", GgufValue.FromNumber(4u), [(name, QuantFormat.F32, [2, 8])]).Dispose();
        byte[] bytes = File.ReadAllBytes(folder["model.gguf"]);
        byte[] text = System.Text.Encoding.UTF8.GetBytes(name);
        int type = bytes.AsSpan().IndexOf(text) + text.Length + sizeof(uint) + (2 * sizeof(ulong));
        Assert.Equal(0, bytes[type]);
        bytes[type] = 99;
        File.WriteAllBytes(folder["model.gguf"], bytes[..^1]);   // it reaches to the end of the file, and that of a copy is padded
        return GgufFile.Open(folder["model.gguf"]);
    }

    // Features are whole blocks in the innermost dimension, and single ones elsewhere.
    private static void AssertMakesWhole(GgufTensor whole, FamilyTensor expected, GgufTensor[] parts, RankRanges ranges)
    {
        int unit = expected.Dimension == expected.Shape.Length - 1 ? whole.FormatInfo!.ValuesPerBlock : 1;
        long length = expected.Shape[expected.Dimension] / unit, partLength = ranges.PartLength / unit;
        byte[] bytes = Bytes(whole);
        int outer = (int)expected.Shape.Take(expected.Dimension).Aggregate(1L, (product, count) => product * count);
        int inner = length == 0 ? 0 : (int)(bytes.Length / (outer * length));
        bool[] isCovered = new bool[length];
        for (int rank = 0; rank < parts.Length; rank++)
        {
            long[] shape = [.. expected.Shape];
            shape[expected.Dimension] = ranges.PartLength;
            Assert.Equal(shape, parts[rank].Shape);
            byte[] part = Bytes(parts[rank]);
            long[] units = [.. ranges.Parts[rank].SelectMany(range => Enumerable.Range((int)(range.First / unit), (int)(range.Count / unit))).Select(at => (long)at)];
            Assert.Equal(outer * partLength * inner, part.Length);
            for (int i = 0; i < outer; i++)
            {
                for (int at = 0; at < partLength; at++)
                {
                    ReadOnlySpan<byte> own = part.AsSpan((int)((i * partLength) + at) * inner, inner);
                    if (at >= units.Length)
                    {
                        Assert.Equal(-1, own.IndexOfAnyExcept((byte)0));
                        continue;
                    }

                    Assert.True(bytes.AsSpan((int)((i * length) + units[at]) * inner, inner).SequenceEqual(own));
                    isCovered[units[at]] = true;
                }
            }
        }

        Assert.DoesNotContain(false, isCovered);
    }

    private static byte[] Bytes(GgufTensor tensor)
    {
        byte[] bytes = new byte[tensor.ByteLength];
        tensor.Read(0, bytes);
        return bytes;
    }
}
