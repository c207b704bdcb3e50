using Quant.Net.Gguf;
using Quant.Net.Tests.Importance;

namespace Quant.Net.Tests.Quantization;

/// <summary>What is looked for before weights are read.</summary>
public sealed class QuantizeCheckTests : IDisposable
{
    private readonly QuantizedModels _models = new();

    public void Dispose() => _models.Dispose();

    [Fact]
    public void WhatCannotBeDoneIsRefusedAndNothingIsWritten()
    {
        Assert.Empty(Check("Q4_K_M"));
        var refused = Assert.Throws<QuantizationRefusedException>(() => Check("IQ2_XXS"));
        Assert.Contains("in.gguf: 3 tensors that need an importance matrix: 'down.weight (IQ2_XXS)'", refused.Message, StringComparison.Ordinal);
        Assert.Equal(QuantizationRemedy.ImportanceMatrix, refused.Remedy);
        refused = Assert.Throws<QuantizationRefusedException>(() => Check("Q4_K_M", new QuantizeOptions { MaxMemory = 100 }));
        Assert.Contains("rows that do not fit into 100 bytes of memory", refused.Message, StringComparison.Ordinal);
        Assert.Equal(QuantizationRemedy.MoreMemory, refused.Remedy);
        Assert.Contains("into 1 byte of memory", Assert.Throws<QuantizationRefusedException>(() => Check("Q4_K_M", new QuantizeOptions { MaxMemory = 1 })).Message, StringComparison.Ordinal);
        refused = Assert.Throws<QuantizationRefusedException>(() => Check("Q4_K_M", new QuantizeOptions { MaxMemory = (2 * (1024 + 144)) + 1000 }));
        Assert.Contains("(3360 bytes)", refused.Message, StringComparison.Ordinal);   // with a row of floats, to look for values that are too large
        Assert.Throws<ModelFormatException>(() => Check("Q4_K_M", new QuantizeOptions { Importance = Importance("up.weight", 3) }));
        Assert.Throws<ArgumentException>(() => Check("Q4_K_M", new QuantizeOptions { MaxMemory = 0 }));
        Assert.Equal(["in.gguf", "x.dat"], _models.Folder.Names);
    }

    [Fact]
    public void WhatIsWorthKnowingIsSaid() => Assert.EndsWith(
        "x.dat: knows no tensor that is quantized", Assert.Single(Check("Q4_K_M", new QuantizeOptions { Importance = Importance("other", 3) })),
        StringComparison.Ordinal);

    [Theory]
    [InlineData("Q8_0", true)]
    [InlineData("F32", true)]
    [InlineData("COPY", true)]
    [InlineData("Q4_0", false)]
    public void ImportanceWithoutEffectIsSaid(string recipe, bool isIdle)
    {
        IReadOnlyList<string> warnings = Check(recipe, new QuantizeOptions { Importance = Importance("up.weight", 256) });
        Assert.Equal(isIdle, Assert.Single(warnings).EndsWith(
            "x.dat: has no effect, because no tensor becomes a type that is quantized by importance", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Q8_0", true)]
    [InlineData("COPY", true)]
    [InlineData("Q6_K", false)]
    public void EffortWithoutEffectIsSaid(string recipe, bool isIdle)
    {
        string[] expected = isIdle ? ["effort best has no effect, because no tensor becomes a type with a longer search, Q2_K to Q6_K"] : [];
        Assert.Equal(expected, Check(recipe, new QuantizeOptions { Effort = QuantizationEffort.Best }));
    }

    [Fact]
    public void TensorsOfWhichNothingIsKnownAreCounted() => Assert.EndsWith(
        "x.dat: knows 1 of 3 tensors that are quantized, embeddings and output aside; the others are quantized without",
        Assert.Single(Check("Q4_K_M", new QuantizeOptions { Importance = Importance("up.weight", 256) })), StringComparison.Ordinal);

    [Theory]
    [InlineData(null, false, "out.gguf", true)]
    [InlineData(null, true, "out.gguf", true)]
    [InlineData(null, false, "out-00001-of-00002.gguf", false)]
    [InlineData(3000L, false, "out-00001-of-00002.gguf", true)]
    [InlineData(3000L, false, "out.gguf", false)]
    [InlineData(3000L, false, "other-00001-of-00002.gguf", false)]
    public void OutputsThatAreThereAreRefusedBeforeThereIsAPlan(long? split, bool keepsSplit, string there, bool isRefused)
    {
        using GgufFile model = GgufFile.Open(_models.Write("in.gguf", QuantFormat.F32));
        _models.Folder.Write(there, [1]);
        var options = new QuantizeOptions { SplitMaxBytes = split };
        var asked = new QuantizationOptions { KeepSplit = keepsSplit };
        Exception? refused = Record.Exception(() => ModelQuantizer.CheckOutput(model, asked, _models.Folder["out.gguf"], options));
        Assert.Equal(isRefused, refused is OutputExistsException);
        Assert.Equal(isRefused, refused is not null);
        ModelQuantizer.CheckOutput(model, asked, _models.Folder["out.gguf"], options with { Overwrite = true });
    }

    private ImportanceMatrix Importance(string name, int values)
    {
        File.WriteAllBytes(_models.Folder["x.dat"], new BinaryFile().Entry(name, 1, [.. Enumerable.Repeat(1f, values)]).ToArray());
        return ImportanceMatrix.Open(_models.Folder["x.dat"]);
    }

    private IReadOnlyList<string> Check(string recipe, QuantizeOptions? options = null)
    {
        string path = _models.Folder["in.gguf"];
        using GgufFile model = GgufFile.Open(File.Exists(path) ? path : _models.Write("in.gguf", QuantFormat.F32));
        return ModelQuantizer.Check(model, QuantizationPlan.Create(model, QuantizationRecipe.Get(recipe)), options ?? new QuantizeOptions(), _models.Device);
    }
}
