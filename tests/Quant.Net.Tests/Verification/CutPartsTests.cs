using System.Runtime.InteropServices;
using Quant.Net.Gguf;
using Quant.Net.Safetensors;
using Quant.Net.Tests.Gguf;
using Quant.Net.Tests.Modules;
using Quant.Net.Tests.Ranks;

namespace Quant.Net.Tests.Verification;

/// <summary>Parts of single modules and tensors compared with the whole.</summary>
public class CutPartsTests
{
    private const string Name = "model.layers.0.mlp.down_proj";
    private const string Gptq = """{"quant_method": "gptq", "bits": 4, "group_size": 16, "desc_act": true, "checkpoint_format": "gptq"}""";

    public static TheoryData<string> Layouts => new(MatrixVector.Files.Where(file =>
        !file.StartsWith("mxfp4-gpt-oss", StringComparison.Ordinal) && (!file.StartsWith("bnb", StringComparison.Ordinal) || file.Contains("int8", StringComparison.Ordinal))));

    public static TheoryData<QuantFormat> Formats => new(
        QuantFormat.F32, QuantFormat.F16, QuantFormat.Q4_0, QuantFormat.Q4_K, QuantFormat.Q6_K, QuantFormat.Q8_0, QuantFormat.IQ2_XXS, QuantFormat.MXFP4);

    [Theory]
    [MemberData(nameof(Layouts))]
    public async Task PartsOfEveryLayoutAreTheWhole(string name)
    {
        using var vector = new MatrixVector(name);
        PackedModule module = Assert.Single(PackedModule.Find(vector.Model));
        int cuts = 0;
        foreach (MatrixAxis axis in new[] { MatrixAxis.Output, MatrixAxis.Input })
        {
            foreach (int parts in new[] { 1, 2, 3, 4, 8 })
            {
                using var folder = new TempFolder();
                try
                {
                    string[] paths = [.. (await ModelConverter.SliceAsync(module, MatrixCut.Equal(axis, parts), folder["p.safetensors"])).Files];
                    PartsOnDisk.AssertSound(await PartsOnDisk.VerifyAsync(vector.Model, paths));
                    PartsOnDisk.AssertSound(await PartsOnDisk.VerifyAsync(vector.Model, paths, new PartsVerifyOptions { Axis = axis, ChunkBytes = 1000 }));
                    cuts++;
                }
                catch (ArgumentException)
                {
                    // The layout cannot be cut there.
                }
            }
        }

        Assert.True(cuts >= 2);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task PartsOfRandomShapesAreTheWhole(bool isActOrder)
    {
        var random = new Random(7);
        for (int i = 0; i < 12; i++)
        {
            (int rows, int groups) = (8 * random.Next(2, 9), random.Next(2, 9));
            using var folder = new TempFolder();
            using SafetensorsModel model = Open(folder, rows, groups, isActOrder, random);
            PackedModule module = Assert.Single(PackedModule.Find(model));
            MatrixAxis axis = (MatrixAxis)(i % 2);
            long[] lengths = Divide(axis == MatrixAxis.Output ? rows : 16 * groups, axis == MatrixAxis.Output ? 8 : 16, random);
            GroupNumbering numbering = random.Next(2) == 0 ? GroupNumbering.Keep : GroupNumbering.Compact;
            string[] paths = [.. lengths.Select((_, at) => folder[$"part{at}.safetensors"])];
            for (int at = 0; at < lengths.Length; at++)
            {
                await ModelConverter.SliceAsync(module, MatrixCut.Range(axis, lengths[..at].Sum(), lengths[at]), paths[at], numbering);
            }

            PartsOnDisk.AssertSound(await PartsOnDisk.VerifyAsync(model, paths));

            // Codes may equal their zero points, and then no scale matters; a bias always does.
            PartsOnDisk.Flip(paths[^1], Name + ".scales", 0);
            PartsOnDisk.Flip(paths[^1], Name + ".bias", 2);
            PartsVerifyResult result = await PartsOnDisk.VerifyAsync(model, paths);
            Assert.Equal([], result.Faults);
            Assert.All(result.Differences, difference => Assert.Equal(lengths.Length - 1, difference.Part));
            Assert.Contains(result.Differences, difference => difference is { Tensor: Name + ".bias", Row: 0, Column: 0, Count: 1 });
            Assert.InRange(result.Differences.Count, 1, 2);
        }
    }

    [Fact]
    public async Task HeadsArePutBackInTheirPlaces()
    {
        using var folder = new TempFolder();
        using SafetensorsModel model = Open(folder, 96, 2, isActOrder: true, new Random(3));
        PackedModule module = Assert.Single(PackedModule.Find(model));
        MatrixCut cut = MatrixCut.Heads(MatrixAxis.Output, 4, [16, 8]);
        string[] paths = [.. (await ModelConverter.SliceAsync(module, cut, folder["kv.safetensors"])).Files];
        PartsOnDisk.AssertSound(await PartsOnDisk.VerifyAsync(model, paths));
        PartsOnDisk.AssertSound(await PartsOnDisk.VerifyAsync(model, [.. paths.Reverse()]));
        Array.ForEach(paths, PartsOnDisk.Unmark);
        PartsOnDisk.AssertSound(await PartsOnDisk.VerifyAsync(model, paths, new PartsVerifyOptions { Cut = cut }));
        Assert.Equal(2, (await PartsOnDisk.VerifyAsync(model, paths)).Differences.Where(difference => difference.Tensor == Name).Count());
        PartsVerifyOptions other = new() { Cut = MatrixCut.Heads(MatrixAxis.Output, 5, [16, 8]) };
        Assert.Contains("5 heads of 24 are 120", Assert.Single((await PartsOnDisk.VerifyAsync(model, paths, other)).Faults), StringComparison.Ordinal);
    }

    [Fact]
    public async Task MissingForeignAndMixedPartsAreFaults()
    {
        using var folder = new TempFolder();
        using SafetensorsModel model = Open(folder, 48, 6, isActOrder: false, new Random(5));
        PackedModule module = Assert.Single(PackedModule.Find(model));
        string[] paths = [.. (await ModelConverter.SliceAsync(module, MatrixCut.Equal(MatrixAxis.Output, 3), folder["p.safetensors"])).Files];
        IReadOnlyList<string> faults = (await PartsOnDisk.VerifyAsync(model, [paths[0], paths[2]])).Faults;
        Assert.Equal("'p-2-of-3.safetensors' is missing of 3 parts", faults[0]);
        Assert.Equal($"{paths[0]}: '{Name}': no part has output features 16:32 of 48", faults[1]);
        faults = (await PartsOnDisk.VerifyAsync(model, [paths[0], paths[1], paths[1]])).Faults;
        Assert.EndsWith($"has output features 16:32, and '{paths[1]}' has 16:32, expected none twice", faults[1], StringComparison.Ordinal);

        // What they say of themselves counts; without it only what is in them.
        PartsVerifyResult moved = await PartsOnDisk.VerifyAsync(model, [paths[0], paths[2], paths[1]]);
        PartsOnDisk.AssertSound(moved);
        Assert.Equal([], moved.Warnings);
        Array.ForEach(paths, PartsOnDisk.Unmark);
        faults = (await PartsOnDisk.VerifyAsync(model, [paths[0], paths[2], paths[1]])).Faults;
        Assert.EndsWith($"are in another order than in the whole, expected '{paths[0]}', '{paths[1]}', '{paths[2]}'", Assert.Single(faults), StringComparison.Ordinal);
        faults = (await PartsOnDisk.VerifyAsync(model, [paths[0], paths[2]])).Faults;
        Assert.EndsWith("its parts have 32 output features together, expected 48", faults[1], StringComparison.Ordinal);

        string[] inputs = [.. (await ModelConverter.SliceAsync(module, MatrixCut.Equal(MatrixAxis.Input, 3), folder["q.safetensors"])).Files];
        faults = (await PartsOnDisk.VerifyAsync(model, [paths[0], paths[1], inputs[2]])).Faults;
        Assert.EndsWith("parts of [16, 96], [16, 96], [48, 32] do not make [48, 96] along output or input features", faults[0], StringComparison.Ordinal);
        faults = (await PartsOnDisk.VerifyAsync(model, [.. inputs[..2], folder.Path])).Faults;
        Assert.Equal(["some parts are of whole models and others of single modules, expected one kind"], faults);

        using var other = new TempFolder();
        using SafetensorsModel stranger = FamilyModel.Open(other, "llama", 4, [new("model.norm.weight", -1, 8)]);
        faults = (await PartsOnDisk.VerifyAsync(stranger, paths)).Faults;
        Assert.EndsWith($"has no packed module '{Name}', of which there are parts", faults[0], StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task PartsOfGgufTensorsAreTheWhole(QuantFormat format)
    {
        using var folder = new TempFolder();
        var random = new Random((int)format);
        QuantFormatInfo info = QuantFormats.Get(format);
        long columns = 24 * Math.Max(info.ValuesPerBlock, 8);
        WriteGguf(folder["whole.gguf"], format, [columns, 24, 2], random);
        using GgufFile model = GgufFile.Open(folder["whole.gguf"]);
        foreach (MatrixAxis axis in new[] { MatrixAxis.Output, MatrixAxis.Input })
        {
            foreach (int parts in new[] { 2, 3, 4, 8 })
            {
                CopyResult cut = await ModelConverter.SliceAsync(model.Tensors[0], MatrixCut.Equal(axis, parts), folder[$"{axis}-{parts}.gguf"]);
                string[] paths = [.. cut.Files];
                PartsOnDisk.AssertSound(await PartsOnDisk.VerifyAsync(model, paths, new PartsVerifyOptions { ChunkBytes = 100_000 }));
                PartsOnDisk.AssertSound(await PartsOnDisk.VerifyAsync(model, [.. paths.Reverse()]));
                Assert.Contains("no part has", (await PartsOnDisk.VerifyAsync(model, paths[..1])).Faults[^1], StringComparison.Ordinal);
                Array.ForEach(paths, PartsOnDisk.Unmark);
                PartsOnDisk.AssertSound(await PartsOnDisk.VerifyAsync(model, paths));
                Assert.Contains("in another order", Assert.Single((await PartsOnDisk.VerifyAsync(model, [.. paths.Reverse()])).Faults), StringComparison.Ordinal);
                Assert.Contains("together, expected", (await PartsOnDisk.VerifyAsync(model, paths[..1])).Faults[^1], StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task AFlippedBitOfAGgufPartIsNamed()
    {
        using var folder = new TempFolder();
        WriteGguf(folder["whole.gguf"], QuantFormat.F32, [64, 8, 3], new Random(1));
        using GgufFile model = GgufFile.Open(folder["whole.gguf"]);
        CopyResult cut = await ModelConverter.SliceAsync(model.Tensors[0], MatrixCut.Equal(MatrixAxis.Output, 2), folder["p.gguf"]);
        long offset;
        using (GgufFile part = GgufFile.Open(cut.Files[1]))
        {
            offset = part.Tensors[0].FileOffset;
        }

        PartsOnDisk.FlipByte(cut.Files[1], offset + (((5 * 64) + 7) * 4));   // row 1 of the second matrix: each has four
        PartsVerifyResult result = await PartsOnDisk.VerifyAsync(model, [.. cut.Files]);
        PartsDifference difference = Assert.Single(result.Differences);
        Assert.Equal(("w", 1, 1, 5, 7), (difference.Tensor, difference.Part, difference.Count, difference.Row, difference.Column));
        Assert.Equal(1UL, difference.Found ^ difference.Expected);
    }

    // Large enough for all threads: what several of them find is one difference, and the first of it the first.
    [Theory]
    [InlineData(MatrixAxis.Output, QuantFormat.F32)]
    [InlineData(MatrixAxis.Input, QuantFormat.F32)]
    [InlineData(MatrixAxis.Output, QuantFormat.Q8_0)]
    [InlineData(MatrixAxis.Input, QuantFormat.Q8_0)]
    public async Task AllThreadsFindOneDifference(MatrixAxis axis, QuantFormat format)
    {
        using var folder = new TempFolder();
        WriteGguf(folder["whole.gguf"], format, [1024, 1024], new Random(1));
        using GgufFile model = GgufFile.Open(folder["whole.gguf"]);
        string[] paths = [.. (await ModelConverter.SliceAsync(model.Tensors[0], MatrixCut.Equal(axis, 2), folder["p.gguf"])).Files];
        PartsOnDisk.AssertSound(await PartsOnDisk.VerifyAsync(model, paths));
        long offset, rowBytes, rows, rowLength;
        using (GgufFile part = GgufFile.Open(paths[1]))
        {
            GgufTensor tensor = part.Tensors[0];
            (offset, rowBytes, rows, rowLength) = (tensor.FileOffset, tensor.BytesPerRow, tensor.RowCount, tensor.RowLength);
        }

        // The last value of two rows: a byte of a code, or the lowest of a float.
        int last = format == QuantFormat.F32 ? 4 : 1;
        foreach (long row in new[] { 4, rows - 1 })
        {
            PartsOnDisk.FlipByte(paths[1], offset + ((row + 1) * rowBytes) - last);
        }

        PartsDifference difference = Assert.Single((await PartsOnDisk.VerifyAsync(model, paths)).Differences);
        Assert.Equal((1, 2, 4, rowLength - 1), (difference.Part, difference.Count, difference.Row, difference.Column));
        Assert.Equal(512 * 1024, difference.ElementCount);
    }

    [Fact]
    public async Task ABrokenPartIsOneFault()
    {
        using var folder = new TempFolder();
        using SafetensorsModel model = Open(folder, 16, 2, isActOrder: false, new Random(5));
        string[] paths = [.. (await ModelConverter.SliceAsync(PackedModule.Find(model)[0], MatrixCut.Equal(MatrixAxis.Input, 2), folder["p.safetensors"])).Files];
        foreach (string path in paths.Reverse())
        {
            string text = System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(path));
            File.WriteAllBytes(path, System.Text.Encoding.Latin1.GetBytes(text.Replace(".qweight\"", ".qheight\"", StringComparison.Ordinal)));
            string[] broken = [.. paths.SkipWhile(part => part != path)];
            IReadOnlyList<string> faults = (await PartsOnDisk.VerifyAsync(model, paths)).Faults;
            Assert.Equal(broken.Select(part => $"{part}: module '{Name}': tensor '{Name}.qweight' is missing"), faults);
        }
    }

    [Fact]
    public async Task NothingIsNoPart()
    {
        using var folder = new TempFolder();
        using SafetensorsModel model = Open(folder, 16, 2, isActOrder: false, new Random(5));
        await Assert.ThrowsAsync<ArgumentException>(() => PartsOnDisk.VerifyAsync(model, []));
        await Assert.ThrowsAsync<ArgumentException>(() => PartsOnDisk.VerifyAsync(model, [folder.Path], new PartsVerifyOptions { ChunkBytes = 0 }));
    }

    private static void WriteGguf(string path, QuantFormat format, long[] dimensions, Random random)
    {
        using GgufWriter writer = GgufWriter.Create(path);
        writer.AddTensor("w", format, dimensions);
        byte[] bytes = new byte[QuantFormats.Get(format).GetByteCount(dimensions.Aggregate(1L, (product, length) => product * length))];
        random.NextBytes(bytes);   // NaNs among them, which have to be the same too
        writer.Write("w", bytes);
        writer.Complete();
    }

    /// <summary>A model with a module of groups of 16 columns, and its bias.</summary>
    private static SafetensorsModel Open(TempFolder folder, int rows, int groups, bool isActOrder, Random random)
    {
        int columns = 16 * groups;
        int[] order = [.. Enumerable.Range(0, columns).Select(column => column / 16)];
        if (isActOrder)
        {
            random.Shuffle(order);
        }

        Half[] scales = [.. Enumerable.Range(0, groups * rows).Select(_ => (Half)(1 + random.NextSingle()))];
        return FamilyModel.Open(
            folder, "llama", 4,
            [
                new(Name + ".qweight", 0, columns / 8, rows) { Type = SafetensorsType.I32 },
                new(Name + ".qzeros", 0, groups, rows / 8) { Type = SafetensorsType.I32 },
                new(Name + ".scales", 0, groups, rows) { Type = SafetensorsType.F16, Data = MemoryMarshal.AsBytes(scales.AsSpan()).ToArray() },
                new(Name + ".g_idx", 0, columns) { Type = SafetensorsType.I32, Data = MemoryMarshal.AsBytes(order.AsSpan()).ToArray() },
                new(Name + ".bias", 0, rows) { Type = SafetensorsType.F32 },
            ],
            Gptq);
    }

    // Two to four parts of whole units.
    private static long[] Divide(int length, int unit, Random random)
    {
        var lengths = new List<long>();
        int left = length / unit;
        while (left > 1 && lengths.Count < 3)
        {
            int taken = random.Next(1, left);
            lengths.Add(taken * unit);
            left -= taken;
        }

        lengths.Add(left * unit);
        return [.. lengths];
    }
}
