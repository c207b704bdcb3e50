using Quant.Net.Gguf;
using Quant.Net.Tests.Gguf;
using Quant.Net.Tests.Ranks;

namespace Quant.Net.Tests.Verification;

/// <summary>Ranks of a GGUF model compared with it.</summary>
public class GgufRankPartsTests
{
    private const string Down = "blk.10.ffn_down.weight";

    [Fact]
    public async Task RanksMayBeGivenInAnyOrder()
    {
        using var folder = new TempFolder();
        using GgufFile model = GgufFamilyModel.Open(folder, "gemma", 4);
        string[] paths = await DivideAsync(model, folder, 4);
        PartsVerifyResult result = await PartsOnDisk.VerifyAsync(model, [paths[3], paths[0], paths[2], paths[1]]);
        PartsOnDisk.AssertSound(result);
        Assert.Equal([], result.Warnings);
        Assert.Equal(paths.Sum(path => Length(path)), result.BytesRead);

        Flip(paths[2], Down, 0);
        PartsDifference difference = Assert.Single((await PartsOnDisk.VerifyAsync(model, [.. paths.Reverse()])).Differences);
        Assert.Equal((Down, 2, paths[2]), (difference.Tensor, difference.Part, difference.Path));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(8 << 20)]
    public async Task AFlippedBitIsFoundWhereverItIs(int chunkBytes)
    {
        using var folder = new TempFolder();
        using GgufFile model = GgufFamilyModel.Open(folder, "qwen2moe", 4);
        string[] paths = await DivideAsync(model, folder, 4);
        var options = new PartsVerifyOptions { ChunkBytes = chunkBytes };
        var random = new Random(7);
        foreach (GgufTensor tensor in model.Tensors)
        {
            int rank = random.Next(4);
            long offset = random.NextInt64(LengthOf(paths[rank], tensor.Name));
            Flip(paths[rank], tensor.Name, offset);
            PartsVerifyResult result = await PartsOnDisk.VerifyAsync(model, paths, options);
            Assert.Equal([], result.Faults);
            PartsDifference difference = Assert.Single(result.Differences);
            Assert.Equal((tensor.Name, rank, 1L), (difference.Tensor, difference.Part, difference.Count));
            Assert.Equal(1UL, (difference.Found ^ difference.Expected) >> (int)(offset % difference.ValueBytes * 8));
            Flip(paths[rank], tensor.Name, offset);
        }

        PartsOnDisk.AssertSound(await PartsOnDisk.VerifyAsync(model, paths, options));
    }

    [Fact]
    public async Task ThePlaceIsThatOfTheByteWhereBlocksArePacked()
    {
        using var folder = new TempFolder();
        using GgufFile model = GgufFamilyModel.Write(folder, "gemma", GgufValue.FromNumber(4u), [(Down, QuantFormat.Q8_0, [5, 256])]);
        string[] paths = await DivideAsync(model, folder, 2);
        Flip(paths[1], Down, (3 * 4 * 34) + 40);   // rows of four blocks of 34 bytes
        PartsDifference difference = Assert.Single((await PartsOnDisk.VerifyAsync(model, paths)).Differences);
        Assert.Equal((3L, 40L, 1L, 1), (difference.Row, difference.Column, difference.Count, difference.ValueBytes));
        Assert.Equal(5 * 4 * 34, difference.ElementCount);
    }

    [Fact]
    public async Task ZerosThatTokensAreFilledUpWithAreCompared()
    {
        using var folder = new TempFolder();
        using GgufFile model = GgufFamilyModel.Write(folder, "gemma", GgufValue.FromNumber(4u), [("token_embd.weight", QuantFormat.Q4_0, [5, 32])]);
        string[] paths = await DivideAsync(model, folder, 2);
        PartsOnDisk.AssertSound(await PartsOnDisk.VerifyAsync(model, paths));
        Flip(paths[1], "token_embd.weight", (2 * 18) + 1);
        PartsDifference difference = Assert.Single((await PartsOnDisk.VerifyAsync(model, paths)).Differences);
        Assert.Equal((2L, 1L, 1UL, 0UL), (difference.Row, difference.Column, difference.Found, difference.Expected));
    }

    [Fact]
    public async Task RanksThatAreNotThoseOfOneDivisionAreRefused()
    {
        using TempFolder folder = new(), other = new();
        using GgufFile model = GgufFamilyModel.Open(folder, "gemma", 4);
        string[] paths = await DivideAsync(model, folder, 2), four = await DivideAsync(model, other, 4);
        async Task Refuse(string[] parts, params string[] faults) => Assert.Equal(faults, (await PartsOnDisk.VerifyAsync(model, parts)).Faults);

        await Refuse([paths[0], paths[1], paths[0]], $"{paths[0]}: is rank 0 of 2, and so is {paths[0]}");
        await Refuse([paths[1]], "rank 0 of 2 is missing");
        await Refuse([paths[0], four[1]], $"{four[1]}: is rank 1 of 4, expected one of 2 as {paths[0]} is");
        await Refuse([paths[0], folder["model.gguf"]], $"{folder["model.gguf"]}: does not say which rank it is, expected one of 2 as {paths[0]} is");
    }

    [Fact]
    public async Task RanksOfAnotherModelAreRefused()
    {
        using TempFolder folder = new(), other = new();
        using GgufFile model = GgufFamilyModel.Write(
            folder, "gemma", GgufValue.FromNumber(4u), [("output_norm.weight", QuantFormat.F32, [8]), ("token_embd.weight", QuantFormat.F16, [4, 8]), (Down, QuantFormat.Q8_0, [8, 64])]);
        using GgufFile stranger = GgufFamilyModel.Write(
            other, "gemma", GgufValue.FromNumber(4u), [("output_norm.weight", QuantFormat.F16, [8]), ("token_embd.weight", QuantFormat.F16, [8, 8]), ("blk.1.attn_norm.weight", QuantFormat.F32, [8])]);
        string[] paths = await DivideAsync(stranger, other, 1);
        IReadOnlyList<string> faults = (await PartsOnDisk.VerifyAsync(model, paths)).Faults;
        Assert.Equal(
            [
                $"{paths[0]}: 'output_norm.weight' is F16 of the shape [8], expected F32 of the shape [8]",
                $"{paths[0]}: 'token_embd.weight' is F16 of the shape [8, 8], expected F16 of the shape [4, 8]",
                $"{paths[0]}: has no tensor '{Down}'",
                $"{paths[0]}: 'blk.1.attn_norm.weight' is no part of {folder["model.gguf"]}",
            ],
            faults);

        using var third = new TempFolder();
        using GgufFile small = GgufFamilyModel.Write(third, "gemma", GgufValue.FromNumber(4u), [("output_norm.weight", QuantFormat.F32, [8])]);
        string[] three = await DivideAsync(small, third, 3);
        Assert.Contains(
            (await PartsOnDisk.VerifyAsync(model, three)).Faults,
            fault => fault.StartsWith($"{folder["model.gguf"]}: '{Down}' cannot be divided among 3 ranks: 64 features", StringComparison.Ordinal));
    }

    private static async Task<string[]> DivideAsync(GgufFile model, TempFolder output, int ranks) =>
        [.. (await ModelConverter.SliceAsync(TensorParallelPlan.Make(model, ranks), output["out"], new TensorParallelOptions { Overwrite = true })).Files];

    private static long Length(string path)
    {
        using GgufFile part = GgufFile.Open(path);
        return part.Tensors.Sum(tensor => tensor.ByteLength);
    }

    private static long LengthOf(string path, string tensor)
    {
        using GgufFile part = GgufFile.Open(path);
        return part.Tensors[tensor].ByteLength;
    }

    private static void Flip(string path, string tensor, long offset)
    {
        long at;
        using (GgufFile part = GgufFile.Open(path))
        {
            at = part.Tensors[tensor].FileOffset + offset;
        }

        PartsOnDisk.FlipByte(path, at);
    }
}
