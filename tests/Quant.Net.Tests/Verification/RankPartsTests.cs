using Quant.Net.Safetensors;
using Quant.Net.Tests.Gguf;
using Quant.Net.Tests.Ranks;

namespace Quant.Net.Tests.Verification;

/// <summary>Ranks compared with the model that they are parts of.</summary>
public class RankPartsTests
{
    private const string Down = "model.layers.0.mlp.down_proj", Up = "model.layers.0.mlp.up_proj";

    private static string Sample => Repository.PathOf("samples", "models", "wide-GPTQ-4bit");

    public static TheoryData<string, int, int> Divisions => FamilyRanksTests.Divisions;

    [Theory]
    [MemberData(nameof(Divisions))]
    public async Task RanksOfEveryFamilyAreTheWhole(string family, int ranks, int keyValueHeads)
    {
        using var folder = new TempFolder();
        using SafetensorsModel model = FamilyModel.Open(folder, family, keyValueHeads);
        using var output = new TempFolder();
        string[] paths = await DivideAsync(model, output, ranks);
        PartsVerifyResult result = await PartsOnDisk.VerifyAsync(model, paths);
        PartsOnDisk.AssertSound(result);
        Assert.Equal(model.Tensors.Count, result.TensorCount);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    public async Task RanksOfAPackedModelAreTheWhole(int ranks)
    {
        using SafetensorsModel model = SafetensorsModel.Open(Sample);
        using var output = new TempFolder();
        string[] paths = await DivideAsync(model, output, ranks);

        // Whatever is compared at a time, down to a row.
        foreach (int chunk in new[] { 1, 5000, 8 << 20 })
        {
            var watch = new Watch();
            PartsOnDisk.AssertSound(await PartsOnDisk.VerifyAsync(model, paths, new PartsVerifyOptions { ChunkBytes = chunk }, watch));
            Assert.Equal(watch.Last.TensorCount, watch.Last.TensorsDone);
            Assert.Equal(watch.Last.BytesTotal, watch.Last.BytesDone);
        }
    }

    // Of rows that are divided as many are read at a time as fit, and pieces of one where it does not.
    [Theory]
    [InlineData(10)]
    [InlineData(200)]
    [InlineData(1000)]
    [InlineData(8 << 20)]
    public async Task DividedInputsAreComparedInChunksOfAnySize(int chunk)
    {
        const string Name = "model.layers.10.mlp.down_proj.weight";
        using var folder = new TempFolder();
        using SafetensorsModel model = FamilyModel.Open(folder, "llama", 4);
        using var output = new TempFolder();
        string[] paths = await DivideAsync(model, output, 4);
        SafetensorsTensor whole = model.Tensors[Name];
        (long columns, int size) = (whole.Shape[1] / 4, whole.BitsPerElement / 8);
        var options = new PartsVerifyOptions { ChunkBytes = chunk };
        var watch = new Watch();
        PartsOnDisk.AssertSound(await PartsOnDisk.VerifyAsync(model, paths, options, watch));
        Assert.Equal((watch.Last.BytesTotal, watch.Last.TensorCount), (watch.Last.BytesDone, watch.Last.TensorsDone));

        PartsOnDisk.Flip(paths[2], Name, ((7 * columns) + 3) * size);
        PartsOnDisk.Flip(paths[2], Name, ((9 * columns) + 1) * size);
        PartsDifference difference = Assert.Single((await PartsOnDisk.VerifyAsync(model, paths, options)).Differences);
        Assert.Equal((Name, 2, 2, 7, 3), (difference.Tensor, difference.Part, difference.Count, difference.Row, difference.Column));
        Assert.Equal(whole.ElementCount / 4, difference.ElementCount);
    }

    // Large enough for all threads: one tensor that each rank has whole, and one of which inputs are divided.
    [Theory]
    [InlineData("model.norm.weight", 1_000_000, 1)]
    [InlineData("model.layers.0.mlp.down_proj.weight", 1024, 1024)]
    public async Task AllThreadsFindOneDifference(string name, long rows, long columns)
    {
        using var folder = new TempFolder();
        long[] shape = columns == 1 ? [rows] : [rows, columns];
        using SafetensorsModel model = FamilyModel.Open(
            folder, "llama", 4, [new("model.layers.0.input_layernorm.weight", -1, 8), new(name, columns == 1 ? -1 : 1, shape) { Type = SafetensorsType.F32 }]);
        using var output = new TempFolder();
        string[] paths = await DivideAsync(model, output, 2);
        PartsOnDisk.AssertSound(await PartsOnDisk.VerifyAsync(model, paths));
        long width = columns == 1 ? 1 : columns / 2;
        PartsOnDisk.Flip(paths[1], name, 5 * width * 4);
        PartsOnDisk.Flip(paths[1], name, (rows - 1) * width * 4);
        PartsDifference difference = Assert.Single((await PartsOnDisk.VerifyAsync(model, paths)).Differences);
        Assert.Equal((name, 1, 2, rows * width), (difference.Tensor, difference.Part, difference.Count, difference.ElementCount));
        Assert.Equal((5, 0), columns == 1 ? (difference.Column, difference.Row) : (difference.Row, difference.Column));
    }

    [Theory]
    [InlineData(Down, ".scales", 1)]
    [InlineData(Up, ".qweight", 0)]
    [InlineData("model.embed_tokens", ".weight", 1)]
    [InlineData("model.norm", ".weight", 0)]
    public async Task AFlippedBitIsFoundAndNamed(string name, string tensor, int rank)
    {
        using SafetensorsModel model = SafetensorsModel.Open(Sample);
        using var output = new TempFolder();
        string[] paths = await DivideAsync(model, output, 2);
        PartsOnDisk.Flip(paths[rank], name + tensor, 0);
        PartsVerifyResult result = await PartsOnDisk.VerifyAsync(model, paths);
        Assert.Equal([], result.Faults);
        PartsDifference difference = Assert.Single(result.Differences);
        Assert.Equal((name, rank, paths[rank]), (difference.Tensor.Replace(".weight", "", StringComparison.Ordinal), difference.Part, difference.Path));
        Assert.Equal(0, difference.Row);
        Assert.InRange(difference.Column, 0, 31);   // the first group, in the order that the list says
        Assert.NotEqual(difference.Found, difference.Expected);
    }

    [Fact]
    public async Task ThePlaceAndTheBitsAreThoseOfTheElement()
    {
        using SafetensorsModel model = SafetensorsModel.Open(Sample);
        using var output = new TempFolder();
        string[] paths = await DivideAsync(model, output, 2);
        const string Name = "model.embed_tokens.weight";
        long width = model.Tensors[Name].RowLength;
        PartsOnDisk.Flip(paths[1], Name, (((3 * width) + 5) * 2) + 1);   // the upper byte of a half
        PartsDifference difference = Assert.Single((await PartsOnDisk.VerifyAsync(model, paths)).Differences);
        Assert.Equal((3, 5, 1, 2), (difference.Row, difference.Column, difference.Count, difference.ValueBytes));
        Assert.Equal(0x100UL, difference.Found ^ difference.Expected);
        Assert.Equal(model.Tensors[Name].ElementCount / 2, difference.ElementCount);
    }

    [Fact]
    public async Task RanksMayBeGivenInAnyOrder()
    {
        using SafetensorsModel model = SafetensorsModel.Open(Sample);
        using var output = new TempFolder();
        string[] paths = await DivideAsync(model, output, 4);
        PartsVerifyResult result = await PartsOnDisk.VerifyAsync(model, [paths[3], paths[0], paths[2], paths[1]]);
        PartsOnDisk.AssertSound(result);
        Assert.Equal([], result.Warnings);

        PartsOnDisk.Flip(paths[2], Down + ".scales", 0);
        PartsDifference difference = Assert.Single((await PartsOnDisk.VerifyAsync(model, [.. paths.Reverse()])).Differences);
        Assert.Equal((2, paths[2]), (difference.Part, difference.Path));
    }

    [Fact]
    public async Task RanksWithoutMarksThatDifferAreInAnotherOrder()
    {
        using SafetensorsModel model = SafetensorsModel.Open(Sample);
        using var output = new TempFolder();
        string[] paths = await DivideAsync(model, output, 2);
        Array.ForEach(paths, path => Rewrite(path, "quantnet.rank", "another.rank"));
        PartsVerifyResult result = await PartsOnDisk.VerifyAsync(model, [paths[1], paths[0]]);
        Assert.False(result.IsSound);
        Assert.Contains(result.Differences, difference => difference.Tensor == Down && difference.Part == 0);
        Assert.Contains(result.Differences, difference => difference.Tensor == Up && difference.Part == 1);
        Assert.DoesNotContain(result.Differences, difference => difference.Tensor == "model.norm.weight");
        Assert.Equal(2, result.Warnings.Count(line => line.Contains("not what its name says", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task RanksThatAreNotThoseOfOneDivisionAreRefused()
    {
        using SafetensorsModel model = SafetensorsModel.Open(Sample);
        using TempFolder output = new(), other = new();
        string[] paths = await DivideAsync(model, output, 2), four = await DivideAsync(model, other, 4);
        async Task Refuse(string[] parts, params string[] faults) => Assert.Equal(faults, (await PartsOnDisk.VerifyAsync(model, parts)).Faults);

        await Refuse([paths[0], paths[1], paths[0]], $"{paths[0]}: is rank 0 of 2, and so is {paths[0]}");
        await Refuse([paths[1], paths[1]], $"{paths[1]}: is rank 1 of 2, and so is {paths[1]}", "rank 0 of 2 is missing");
        await Refuse([paths[0], four[1]], $"{four[1]}: is rank 1 of 4, expected one of 2 as {paths[0]} is");
        await Refuse([four[0], four[3]], "ranks 1, 2 of 4 are missing");
        Rewrite(paths[1], "quantnet.rank", "another.rank");
        await Refuse(paths, $"{paths[1]}: does not say which rank it is, expected one of 2 as {paths[0]} is");
    }

    [Theory]
    [InlineData("model.embed_tokens.weight", 0, 1)]
    [InlineData(Up + ".qweight", 0, 1)]
    [InlineData(Down + ".scales", 0, 0)]
    public async Task TwoRowsThatChangedPlacesAreFound(string tensor, int first, int rank)
    {
        using SafetensorsModel model = SafetensorsModel.Open(Sample);
        using var output = new TempFolder();
        string[] paths = await DivideAsync(model, output, 2);
        SwapRows(paths[rank], tensor, first, first + 1);

        PartsVerifyResult result = await PartsOnDisk.VerifyAsync(model, paths);
        Assert.Equal([], result.Faults);
        PartsDifference difference = Assert.Single(result.Differences);
        Assert.StartsWith(difference.Tensor, tensor, StringComparison.Ordinal);
        Assert.Equal(rank, difference.Part);
        Assert.True(difference.Count > 1);

        // Of a plain tensor both rows differ, and no other.
        if (tensor == difference.Tensor)
        {
            Assert.Equal(first, difference.Row);
            Assert.InRange(difference.Count, 2, 2 * model.Tensors[tensor].RowLength);
        }

        SwapRows(paths[rank], tensor, first, first + 1);
        PartsOnDisk.AssertSound(await PartsOnDisk.VerifyAsync(model, paths));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    public async Task RanksAreAsTheirSettingsSay(int ranks)
    {
        using SafetensorsModel model = SafetensorsModel.Open(Sample);
        using var output = new TempFolder();
        foreach (string path in await DivideAsync(model, output, ranks))
        {
            using SafetensorsModel rank = SafetensorsModel.Open(path);
            VerifyResult result = await ModelVerifier.VerifyAsync(rank, new VerifyOptions());
            Assert.Empty(result.Faults);
            Assert.Contains("of a model: shapes are not compared", Assert.Single(result.Warnings), StringComparison.Ordinal);
        }
    }

    // What is no rank has groups of a wrong size, and so has a rank of another number, or with modules that are not divided along inputs.
    [Theory]
    [InlineData(Down, "quantnet.ranks", "quantnet.range")]
    [InlineData(Down, "ranks\":\"2\"", "ranks\":\"4\"")]
    [InlineData(Down, "ranks\":\"2\"", "ranks\":\"x\"")]
    [InlineData("model.layers.0.mlp.gown_proj", "mlp.down_proj", "mlp.gown_proj")]
    [InlineData("model.layers.0.mlp.gate_proj", "mlp.gate_proj", "mlp.gone_proj", "mlp.down_proj", "mlp.gate_proj")]
    public async Task WhatOnlyLooksLikeARankIsWarnedOf(string module, params string[] changes)
    {
        using SafetensorsModel model = SafetensorsModel.Open(Sample);
        using var output = new TempFolder();
        string path = (await DivideAsync(model, output, 2))[0];
        string file = Path.Combine(path, "model.safetensors");
        string text = System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(file));
        foreach (string[] change in changes.Chunk(2))
        {
            Assert.Contains(change[0], text, StringComparison.Ordinal);
            text = text.Replace(change[0], change[1], StringComparison.Ordinal);
        }

        File.WriteAllBytes(file, System.Text.Encoding.Latin1.GetBytes(text));
        using SafetensorsModel rank = SafetensorsModel.Open(path);
        VerifyResult result = await ModelVerifier.VerifyAsync(rank, new VerifyOptions());
        Assert.Contains(result.Warnings, warning =>
            warning.Contains($"module '{module}'", StringComparison.Ordinal) && warning.Contains("has groups of 64, and config.json", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AMissingPartIsNamed()
    {
        using SafetensorsModel model = SafetensorsModel.Open(Sample);
        using var output = new TempFolder();
        string[] paths = await DivideAsync(model, output, 4);
        PartsVerifyResult result = await PartsOnDisk.VerifyAsync(model, [paths[0], paths[1], paths[3]]);
        Assert.Equal(["rank 2 of 4 is missing"], result.Faults);
        Array.ForEach(paths, path => Rewrite(path, "quantnet.rank", "another.rank"));
        result = await PartsOnDisk.VerifyAsync(model, [paths[0], paths[1], paths[3]]);
        Assert.Equal(["'rank-2-of-4' is missing of 4 parts"], result.Faults);

        // Without names that tell, shapes do: of two ranks each would have more.
        Directory.Move(paths[0], output["a"]);
        Directory.Move(paths[1], output["b"]);
        result = await PartsOnDisk.VerifyAsync(model, [output["a"], output["b"]]);
        Assert.Contains(result.Faults, fault => fault.Contains($"'{Down}' has the shape", StringComparison.Ordinal));
        result = await PartsOnDisk.VerifyAsync(model, [output["a"], output["b"], paths[2]]);
        Assert.Contains(result.Faults, fault => fault.Contains("cannot be divided among 3 ranks", StringComparison.Ordinal));
    }

    [Fact]
    public async Task MissingAndExtraTensorsAreNamed()
    {
        using SafetensorsModel model = SafetensorsModel.Open(Sample);
        using var output = new TempFolder();
        string[] paths = await DivideAsync(model, output, 2);
        Rewrite(paths[1], "model.norm.weight", "model.nor.weight");
        Rewrite(paths[0], Up + ".g_idx", Up + ".other");
        Rewrite(paths[0], Down + ".scales", Down + ".sales");
        PartsVerifyResult result = await PartsOnDisk.VerifyAsync(model, paths);
        Assert.Contains(result.Faults, fault => fault.EndsWith("has no tensor 'model.norm.weight'", StringComparison.Ordinal));
        Assert.Contains(result.Faults, fault => fault.Contains("'model.nor.weight' is no part of", StringComparison.Ordinal));
        Assert.Contains(result.Faults, fault => fault.Contains($"'{Up}.other' is no part of", StringComparison.Ordinal));
        Assert.EndsWith($"tensor '{Down}.scales' is missing", Assert.Single(result.Faults, fault => fault.Contains(Down, StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Contains(result.Differences, difference => difference.Tensor == Up && difference.Part == 0);   // without its order of groups
    }

    // What makes a module unreadable is said, and nothing of the rest of it; and where no tensor tells why, that the module is not there.
    [Theory]
    [InlineData("qweight", "tensor 'model.layers.0.mlp.down_proj.qweight' is missing")]
    [InlineData("qzeros", "tensor 'model.layers.0.mlp.down_proj.qzeros' is missing")]
    [InlineData("qweight qzeros", "has no packed module 'model.layers.0.mlp.down_proj'")]
    [InlineData("qweight qzeros scales g_idx", "has no packed module 'model.layers.0.mlp.down_proj'")]
    public async Task ABrokenModuleIsOneFault(string missing, string fault)
    {
        using SafetensorsModel model = SafetensorsModel.Open(Sample);
        using var output = new TempFolder();
        string[] paths = await DivideAsync(model, output, 2);
        Array.ForEach(missing.Split(' '), tensor => Rewrite(paths[1], $"{Down}.{tensor}", $"{Down}.x_{tensor[..^2]}"));
        PartsVerifyResult result = await PartsOnDisk.VerifyAsync(model, paths);
        Assert.Empty(result.Differences);
        string line = Assert.Single(result.Faults);
        Assert.StartsWith(paths[1], line, StringComparison.Ordinal);
        Assert.EndsWith(fault, line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TypesAndShapesAreCompared()
    {
        using var folder = new TempFolder();
        using SafetensorsModel model = FamilyModel.Open(folder, "llama", 4, [new("model.norm.weight", -1, 8) { Type = SafetensorsType.F32 }]);
        using var other = new TempFolder();
        using (FamilyModel.Open(other, "llama", 4, [new("model.norm.weight", -1, 16) { Type = SafetensorsType.F16 }]))
        {
            string fault = Assert.Single((await PartsOnDisk.VerifyAsync(model, [other.Path])).Faults);
            Assert.EndsWith("'model.norm.weight' is F16 of the shape [16], expected F32 of [8]", fault, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task ItCanBeCancelled()
    {
        using SafetensorsModel model = SafetensorsModel.Open(Sample);
        using var output = new TempFolder();
        string[] paths = await DivideAsync(model, output, 2);
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => PartsOnDisk.VerifyAsync(model, paths, progress: new Watch(stop.Cancel), cancellation: stop.Token));
    }

    private static async Task<string[]> DivideAsync(SafetensorsModel model, TempFolder output, int ranks)
    {
        await ModelConverter.SliceAsync(TensorParallelPlan.Make(model, ranks), output["out"]);
        return [.. Enumerable.Range(0, ranks).Select(rank => output[$"out/rank-{rank}-of-{ranks}"])];
    }

    private static void SwapRows(string folder, string name, int row, int other)
    {
        (string path, long offset, int length) = PlaceOf(folder, name);
        byte[] bytes = File.ReadAllBytes(path);
        Span<byte> tensor = bytes.AsSpan((int)offset), one = tensor.Slice(row * length, length), two = tensor.Slice(other * length, length);
        byte[] kept = one.ToArray();
        Assert.False(one.SequenceEqual(two));
        two.CopyTo(one);
        kept.CopyTo(two);
        File.WriteAllBytes(path, bytes);
    }

    private static (string Path, long Offset, int RowBytes) PlaceOf(string folder, string name)
    {
        using SafetensorsModel model = SafetensorsModel.Open(folder);
        SafetensorsTensor tensor = model.Tensors[name];
        return (tensor.File.Path, tensor.FileOffset, (int)(tensor.ByteLength / tensor.Shape[0]));
    }

    // The header of the file with another name, which is not longer: spaces behind it do no harm.
    private static void Rewrite(string folder, string name, string other)
    {
        string path = Path.Combine(folder, "model.safetensors");
        byte[] bytes = File.ReadAllBytes(path);
        byte[] from = System.Text.Encoding.UTF8.GetBytes($"\"{name}\""), to = System.Text.Encoding.UTF8.GetBytes($"\"{other}\"".PadRight(from.Length));
        int at = bytes.AsSpan().IndexOf(from);
        Assert.True(at > 0 && to.Length == from.Length);
        to.CopyTo(bytes, at);
        File.WriteAllBytes(path, bytes);
    }

    private sealed class Watch(Action? act = null) : IProgress<ConversionProgress>
    {
        public ConversionProgress Last { get; private set; }

        public void Report(ConversionProgress value)
        {
            Last = value;
            act?.Invoke();
        }
    }
}
