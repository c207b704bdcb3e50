using System.Globalization;
using System.Text.RegularExpressions;
using Quant.Net.Gguf;
using Quant.Net.Safetensors;
using Quant.Net.Tests.Importance;
using Quant.Net.Tests.Quantization;

namespace Quant.Net.Tests.Budgets;

public sealed class BudgetPlannerTests : IDisposable
{
    private readonly QuantizedModels _models = new();
    private string? _path;

    public void Dispose() => _models.Dispose();

    [Theory]
    [InlineData(2.5)]
    [InlineData(4.5)]
    [InlineData(7)]
    public async Task BitsPerWeightAreKeptAndNearlyReached(double bits)
    {
        QuantizationPlan plan = await Plan(SizeBudget.OfWeights(bits));

        Assert.InRange(plan.TargetBitsPerWeight, bits - 0.25, bits);
        Assert.All(plan.Entries.Where(entry => entry.Tensor.Name != "norm.weight"), entry =>
        {
            Assert.Equal(QuantizationReason.Budget, entry.Reason);
            Assert.InRange(entry.EstimatedError!.Value, 0, 1);
        });
        Assert.Equal(QuantizationReason.Kept, Entry(plan, "norm.weight").Reason);
    }

    [Theory]
    [InlineData(9_000)]
    [InlineData(20_001)]
    [InlineData(60_000)]
    public async Task FilesAreNotLarger(long bytes)
    {
        string path = _models.Write("in.gguf", QuantFormat.F32);
        foreach (long? split in new long?[] { null, 3000 })
        {
            var output = new QuantizeOptions { SplitMaxBytes = split, Overwrite = true };
            using GgufFile model = GgufFile.Open(path);
            QuantizationPlan plan = await BudgetPlanner.PlanAsync(model, SizeBudget.OfFiles(bytes), null, null, output, _models.Device);
            QuantizeResult result = await ModelQuantizer.QuantizeAsync(model, plan, _models.Folder["out.gguf"], output, _models.Device);

            Assert.Equal(result.OutputBytes, result.Files.Sum(file => new FileInfo(file).Length));
            Assert.InRange(result.OutputBytes, bytes * 9 / 10, bytes);
        }
    }

    /// <summary>The table of docs/quantize.md: what a recipe makes of a sample, and what a budget of the same size does.</summary>
    [Fact]
    public async Task TheTableOfTheDocumentationIsMadeOfASample()
    {
        using (var packed = SafetensorsModel.Open(Repository.PathOf("samples", "models", "wide-GPTQ-4bit")))
        {
            var decoded = new DequantizeOptions { OutputType = QuantFormat.F32 };
            await ModelConverter.DequantizeAsync(packed, _models.Folder["wide.safetensors"], decoded, _models.Device);
        }

        using var model = SafetensorsModel.Open(_models.Folder["wide.safetensors"]);
        string[] table = [.. File.ReadLines(Repository.PathOf("docs", "quantize.md")).SkipWhile(line => !line.StartsWith("| recipe |", StringComparison.Ordinal))
            .Skip(2).TakeWhile(line => line.StartsWith('|'))];
        Assert.Equal(3, table.Length);
        foreach (string row in table)
        {
            string recipe = row.Split(' ')[1];
            var plan = QuantizationPlan.Create(model, QuantizationRecipe.Get(recipe));
            (long bytes, string error) = await Measure(plan);
            (long fewer, string less) = await Measure(await BudgetPlanner.PlanAsync(model, SizeBudget.OfFiles(bytes), null, null, null, _models.Device));
            Assert.Equal(row, string.Create(CultureInfo.InvariantCulture, $"| {recipe} | {bytes:N0} | {error} % | {fewer:N0} | {less} % |"));
        }

        async Task<(long Bytes, string Error)> Measure(QuantizationPlan plan)
        {
            var options = new QuantizeOptions { Measure = true, Overwrite = true };
            QuantizeResult result = await ModelQuantizer.QuantizeAsync(model, plan, _models.Folder["out.gguf"], options, _models.Device);
            ErrorStatistics[] errors = [.. result.Errors!.Tensors.Select(tensor => tensor.Error)];
            double square = errors.Sum(error => error.Count * error.RelativeError * error.RelativeError) / errors.Sum(error => error.Count);
            double percent = 100 * Math.Sqrt(square);
            return (result.OutputBytes, percent.ToString(percent < 10 ? "0.00" : "0.0", CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public async Task PaddingIsThatOfTheModel()
    {
        // Every tensor takes as much as a whole one of the largest type, so that nothing is won by a smaller one.
        const uint Alignment = 1 << 16;
        string path = _models.Write("in.gguf", QuantFormat.F32, alignment: Alignment);
        using GgufFile model = GgufFile.Open(path);
        QuantizationPlan plan = await BudgetPlanner.PlanAsync(model, SizeBudget.OfFiles(new FileInfo(path).Length), null, null, null, _models.Device);

        Assert.All(plan.Entries, entry => Assert.True(entry.IsCopy));
    }

    [Fact]
    public async Task RowsThatDoNotFitIntoTheMemoryAreRefused()
    {
        using GgufFile model = GgufFile.Open(_models.Write("in.gguf", QuantFormat.F32));
        var refused = await Assert.ThrowsAsync<QuantizationRefusedException>(() => BudgetPlanner.PlanAsync(
            model, SizeBudget.OfWeights(5), null, null, new QuantizeOptions { MaxMemory = 3000 }, _models.Device));
        Assert.Equal(QuantizationRemedy.MoreMemory, refused.Remedy);
        Assert.Contains("rows of 256 values take 3072 bytes to measure, expected at most 3000", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ErrorsFallWithTheBudgetAndAreThoseOfTheResult()
    {
        string path = _models.Write("in.gguf", QuantFormat.F16);
        double before = double.PositiveInfinity;
        foreach (double bits in new[] { 2.5, 3.5, 4.5, 6, 8.5 })
        {
            using GgufFile model = GgufFile.Open(path);
            QuantizationPlan plan = await BudgetPlanner.PlanAsync(model, SizeBudget.OfWeights(bits), null, null, null, _models.Device);
            QuantizeResult result = await ModelQuantizer.QuantizeAsync(
                model, plan, _models.Folder["out.gguf"], new QuantizeOptions { Overwrite = true, Measure = true }, _models.Device);

            // The tensors are so small that all of them is measured.
            Assert.All(plan.Entries.Where(entry => entry.Reason == QuantizationReason.Budget), entry => Assert.Equal(
                result.Errors!.Tensors.Single(tensor => tensor.Name == entry.Tensor.Name).Error.RelativeError, entry.EstimatedError!.Value, 1e-6));
            Assert.True(plan.EstimatedError < before);
            before = plan.EstimatedError!.Value;
        }
    }

    [Fact]
    public async Task WhatIsLargeEnoughStaysAsItIs()
    {
        QuantizationPlan plan = await Plan(SizeBudget.OfWeights(33));
        Assert.All(plan.Entries, entry => Assert.True(entry.IsCopy));
        Assert.Equal(("F32", 0.0), (plan.Recipe.Name, plan.EstimatedError));
    }

    [Fact]
    public async Task OptionsComeFirstAndTheRestKeepsWithinTheBudget()
    {
        QuantizationPlan plan = await Plan(SizeBudget.OfWeights(10), new QuantizationOptions
        {
            TensorTypes = [TensorTypeRule.Parse("^up=Q8_0")],
            Exclude = ["experts*"],
        });

        Assert.Equal((QuantFormat.Q8_0, QuantizationReason.Option), (Entry(plan, "up.weight").Target, Entry(plan, "up.weight").Reason));
        Assert.Equal((QuantFormat.F32, QuantizationReason.Kept), (Entry(plan, "experts.weight").Target, Entry(plan, "experts.weight").Reason));
        Assert.Equal(QuantizationReason.Budget, Entry(plan, "down.weight").Reason);
        Assert.InRange(plan.TargetBitsPerWeight, 9.5, 10);
    }

    [Fact]
    public async Task OnlyCandidatesAreChosen()
    {
        QuantizationPlan plan = await Plan(SizeBudget.OfWeights(6), search: new BudgetOptions { Candidates = [QuantFormat.Q4_K, QuantFormat.Q6_K] });
        Assert.All(
            plan.Entries.Where(entry => entry.Reason == QuantizationReason.Budget),
            entry => Assert.Contains(entry.Target, new[] { QuantFormat.Q4_K, QuantFormat.Q6_K }));
        await Assert.ThrowsAsync<ArgumentException>(
            () => Plan(SizeBudget.OfWeights(6), search: new BudgetOptions { Candidates = [QuantFormat.Q8_K] }));
    }

    [Fact]
    public async Task TheBestIsChosenAmongAll()
    {
        QuantFormat[] formats = [QuantFormat.Q2_K, QuantFormat.Q4_0, QuantFormat.Q5_K, QuantFormat.Q8_0];
        string path = _models.Write("in.gguf", QuantFormat.F32, values => Array.ForEach([0, 300, 5000], i => values[i] *= 50));
        using GgufFile model = GgufFile.Open(path);
        double Cost(QuantizationPlan plan) => plan.Entries.Sum(entry => Math.Pow(entry.EstimatedError ?? 0, 2) * entry.Tensor.ElementCount);
        async Task<QuantizationPlan> PlanWith(SizeBudget budget, QuantFormat[] candidates) => await BudgetPlanner.PlanAsync(
            model, budget, null, new BudgetOptions { Candidates = candidates }, null, _models.Device);

        QuantizationPlan best = await PlanWith(SizeBudget.OfWeights(5.2), formats);
        Dictionary<(string Name, QuantFormat Format), double> errors = [];
        foreach (QuantFormat format in formats)
        {
            // With no more room than one format takes, all get it.
            QuantizationPlan alike = await PlanWith(SizeBudget.OfWeights(QuantFormats.Get(format).BitsPerWeight + 0.3), [format]);
            alike.Entries.ToList().ForEach(entry => errors[(entry.Tensor.Name, format)] = entry.EstimatedError ?? 0);
        }

        TensorDescription[] free = [.. best.Entries.Where(entry => entry.Reason == QuantizationReason.Budget).Select(entry => entry.Tensor)];
        long room = (long)(5.2 * best.ElementCount / 8) - best.Entries.Where(entry => entry.Reason == QuantizationReason.Kept).Sum(entry => entry.TargetBytes);
        double least = double.PositiveInfinity;
        for (int code = 0; code < Math.Pow(formats.Length, free.Length); code++)
        {
            QuantFormat[] choice = [.. free.Select((_, i) => formats[code / (int)Math.Pow(formats.Length, i) % formats.Length])];
            if (free.Select((tensor, i) => QuantFormats.Get(choice[i]).GetByteCount(tensor.ElementCount)).Sum() <= room)
            {
                least = Math.Min(least, free.Select((tensor, i) => Math.Pow(errors[(tensor.Name, choice[i])], 2) * tensor.ElementCount).Sum());
            }
        }

        Assert.Equal(least, Cost(best), least * 1e-9);
    }

    [Fact]
    public async Task ImportanceWeighsErrorsAndOpensFormatsThatNeedIt()
    {
        string path = _models.Write("in.gguf", QuantFormat.F32);
        float[] first = [.. Enumerable.Range(0, 256).Select(i => i < 16 ? 1000f : 1)];
        File.WriteAllBytes(_models.Folder["x.dat"], new BinaryFile().Entry("up.weight", 1, first).ToArray());
        var output = new QuantizeOptions { Importance = ImportanceMatrix.Open(_models.Folder["x.dat"]) };
        using GgufFile model = GgufFile.Open(path);
        var search = new BudgetOptions { Candidates = [QuantFormat.Q4_K, QuantFormat.IQ3_XXS] };

        QuantizationPlan plan = await BudgetPlanner.PlanAsync(model, SizeBudget.OfWeights(6), null, search, output, _models.Device);
        QuantizationPlan without = await BudgetPlanner.PlanAsync(model, SizeBudget.OfWeights(6), null, search, null, _models.Device);
        Assert.NotEqual(Entry(without, "up.weight").EstimatedError, Entry(plan, "up.weight").EstimatedError);
        Assert.Equal(Entry(without, "down.weight").EstimatedError, Entry(plan, "down.weight").EstimatedError);
        Assert.DoesNotContain(without.Entries, entry => entry.Target == QuantFormat.IQ3_XXS);
        QuantizationPlan tight = await BudgetPlanner.PlanAsync(model, SizeBudget.OfWeights(4.2), null, search, output, _models.Device);
        Assert.Equal(["up.weight"], tight.Entries.Where(entry => entry.Target == QuantFormat.IQ3_XXS).Select(entry => entry.Tensor.Name));
    }

    [Fact]
    public async Task TooSmallABudgetIsRefusedWithTheSmallestSize()
    {
        var search = new BudgetOptions { Candidates = [QuantFormat.Q4_0] };
        QuantizationRefusedException refused = await Assert.ThrowsAsync<QuantizationRefusedException>(() => Plan(SizeBudget.OfWeights(4), search: search));
        Assert.EndsWith(
            "in.gguf: 4 bits per weight are too few, expected at least 4.6951 bits per weight (21184 bytes of tensors), with the smallest type for each tensor, mostly Q4_0",
            refused.Message, StringComparison.Ordinal);
        Assert.Equal(21184, (await Plan(SizeBudget.OfWeights(4.6951), search: search)).TargetBytes);
        await Assert.ThrowsAsync<QuantizationRefusedException>(() => Plan(SizeBudget.OfWeights(4.695), search: search));

        refused = await Assert.ThrowsAsync<QuantizationRefusedException>(() => Plan(SizeBudget.OfFiles(100), search: search));
        Assert.Matches(@"in\.gguf: 100 bytes are too few, expected at least \d+ bytes \(4\.695 bits per weight\), ", refused.Message);
        long least = long.Parse(Regex.Match(refused.Message, @"at least (\d+)").Groups[1].Value, CultureInfo.InvariantCulture);
        Assert.Equal(21184, (await Plan(SizeBudget.OfFiles(least), search: search)).TargetBytes);
        await Assert.ThrowsAsync<QuantizationRefusedException>(() => Plan(SizeBudget.OfFiles(least - 1), search: search));

        refused = await Assert.ThrowsAsync<QuantizationRefusedException>(() => Plan(SizeBudget.OfWeights(4), new() { TensorTypes = [TensorTypeRule.Parse(".=F16")] }, search));
        Assert.EndsWith("and no tensor is free to become smaller", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task APlanWithFaultsIsTheSmallestWhereABudgetIsTooSmall()
    {
        var search = new BudgetOptions { Candidates = [QuantFormat.Q4_0, QuantFormat.Q8_0] };
        QuantizationPlan plan = await Plan(SizeBudget.OfWeights(4), new() { AllowFaults = true }, search);
        Assert.Equal(21184, plan.TargetBytes);
        Assert.Contains("4 bits per weight are too few", Assert.Single(plan.Faults).Message, StringComparison.Ordinal);
        Assert.NotNull(plan.EstimatedError);
    }

    [Fact]
    public async Task WhatIsNotFiniteIsRefusedWithItsPlace()
    {
        string path = _models.Write("in.gguf", QuantFormat.F32, values => values[257] = float.NaN);
        using GgufFile model = GgufFile.Open(path);
        NotFiniteNumberException refused = await Assert.ThrowsAsync<NotFiniteNumberException>(
            () => BudgetPlanner.PlanAsync(model, SizeBudget.OfWeights(5), null, null, null, _models.Device));
        Assert.EndsWith("in.gguf: tensor 'down.weight': row 1, column 1 is NaN, expected a finite number", refused.Message, StringComparison.Ordinal);

        await BudgetPlanner.PlanAsync(model, SizeBudget.OfWeights(5), null, null, new QuantizeOptions { AllowNonFinite = true }, _models.Device);
    }

    [Fact]
    public async Task TheSamePlanIsMadeWithOneThreadAndWithFewRows()
    {
        string path = _models.Write("in.gguf", QuantFormat.F32);
        using GgufFile model = GgufFile.Open(path);
        using QuantDevice single = QuantDevice.Open("cpu", new QuantDeviceOptions { Threads = 1, InstructionSet = InstructionSet.Scalar });
        var search = new BudgetOptions { SampleValues = 1024 };
        QuantizationPlan plan = await BudgetPlanner.PlanAsync(model, SizeBudget.OfWeights(5), null, search, null, _models.Device);
        QuantizationPlan other = await BudgetPlanner.PlanAsync(model, SizeBudget.OfWeights(5), null, search, null, single);
        Assert.Equal(
            plan.Entries.Select(entry => (entry.Tensor.Name, entry.Target, entry.EstimatedError)),
            other.Entries.Select(entry => (entry.Tensor.Name, entry.Target, entry.EstimatedError)));
    }

    [Fact]
    public async Task OptionsAreChecked()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Plan(default));
        await Assert.ThrowsAsync<ArgumentException>(() => Plan(SizeBudget.OfWeights(4), search: new BudgetOptions { SampleValues = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => SizeBudget.OfFiles(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => SizeBudget.OfWeights(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => SizeBudget.OfWeights(double.NaN));
        Assert.Equal("4.5 bits per weight", SizeBudget.OfWeights(4.5).ToString());
        Assert.Equal("1 byte", SizeBudget.OfFiles(1).ToString());
    }

    private static QuantizationPlanEntry Entry(QuantizationPlan plan, string name) => plan.Entries.Single(entry => entry.Tensor.Name == name);

    private async Task<QuantizationPlan> Plan(SizeBudget budget, QuantizationOptions? options = null, BudgetOptions? search = null)
    {
        _path ??= _models.Write("in.gguf", QuantFormat.F32);
        using GgufFile model = GgufFile.Open(_path);
        return await BudgetPlanner.PlanAsync(model, budget, options, search, output: null, _models.Device);
    }
}
