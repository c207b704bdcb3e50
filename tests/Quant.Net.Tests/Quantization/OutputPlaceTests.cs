using Quant.Net.Gguf;
using Quant.Net.Tests.Gguf;
using Quant.Net.Tests.Importance;

namespace Quant.Net.Tests.Quantization;

/// <summary>Where a quantized model may be written, and under which names.</summary>
public sealed class OutputPlaceTests : IDisposable
{
    private readonly QuantizedModels _models = new();
    private readonly GgufFile _model;

    public OutputPlaceTests() => _model = GgufFile.Open(_models.Write("in.gguf", QuantFormat.F32));

    public void Dispose()
    {
        _model.Dispose();
        _models.Dispose();
    }

    [Fact]
    public void APlaceThatIsFreeIsFineAndNothingIsWritten()
    {
        Check("out.gguf");
        Check("out.gguf", new QuantizeOptions { SplitMaxBytes = 5000 });
        Check("in.gguf.gguf", new QuantizeOptions { Resume = true });
        Assert.Equal(["in.gguf"], _models.Folder.Names);
    }

    [Fact]
    public void WhatIsInTheWayIsNamed()
    {
        File.WriteAllText(_models.Folder["out-00002-of-00003.gguf"], "mine");
        QuantizeOptions divided = new() { SplitMaxBytes = 10_000 };
        Check("out.gguf");
        Assert.EndsWith("out-00002-of-00003.gguf: exists already", Refusal<OutputExistsException>("out.gguf", divided));
        Check("out.gguf", divided with { Overwrite = true });

        // How many files there will be is not known before there is a plan.
        Assert.Contains("out-00002-of-00003.gguf: exists already, and one of", RefusalBeforePlan<OutputExistsException>("out.gguf", divided));
        CheckBeforePlan("out.gguf", divided with { Overwrite = true });
        CheckBeforePlan("out.gguf");
        CheckBeforePlan("other.gguf", divided);
    }

    [Fact]
    public void WhatIsReadIsNotReplaced()
    {
        QuantizeOptions replacing = new() { Overwrite = true };
        Assert.EndsWith("in.gguf: is the model itself; the output must be another file", Refusal<IOException>("in.gguf", replacing));
        Assert.EndsWith("in.gguf: is the model itself; the output must be another file", RefusalBeforePlan<IOException>("in.gguf", replacing));

        File.WriteAllBytes(_models.Folder["weights.gguf"], new BinaryFile().Entry("up.weight", 1, [.. Enumerable.Repeat(1f, 256)]).ToArray());
        replacing = replacing with { Importance = ImportanceMatrix.Open(_models.Folder["weights.gguf"]) };
        Assert.EndsWith("weights.gguf: is the importance matrix itself; the output must be another file", Refusal<IOException>("weights.gguf", replacing));
    }

    [Fact]
    public async Task APartThatIsReadIsNotReplaced()
    {
        await ModelConverter.SplitAsync(_model, _models.Folder["part"], new SplitOptions { MaxTensors = 2 });
        using GgufFile model = GgufFile.Open(_models.Folder["part-00001-of-00002.gguf"]);
        QuantizeOptions replacing = new() { SplitMaxBytes = 10_000, Overwrite = true };
        Assert.EndsWith(
            "part-00001-of-00002.gguf: is the model itself; the output must be another file",
            Line(Assert.Throws<IOException>(() => ModelQuantizer.CheckOutput(model, new QuantizationOptions(), _models.Folder["part.gguf"], replacing))));

        File.WriteAllBytes(
            _models.Folder["out-00001-of-00001.gguf"], new BinaryFile().Entry("up.weight", 1, [.. Enumerable.Repeat(1f, 256)]).ToArray());
        replacing = replacing with { Importance = ImportanceMatrix.Open(_models.Folder["out-00001-of-00001.gguf"]) };
        Assert.EndsWith(
            "out-00001-of-00001.gguf: is the importance matrix itself; the output must be another file",
            RefusalBeforePlan<IOException>("out.gguf", replacing));
    }

    [Fact]
    public void APlaceThatCannotBeIsRefused()
    {
        Assert.Contains("there is no directory", Refusal<DirectoryNotFoundException>("nowhere/out.gguf"));
        Assert.Contains("there is no directory", RefusalBeforePlan<DirectoryNotFoundException>("nowhere/out.gguf", new QuantizeOptions { SplitMaxBytes = 1 }));
        Directory.CreateDirectory(_models.Folder["folder.gguf"]);
        Assert.EndsWith("folder.gguf: is a directory", Refusal<IOException>("folder.gguf", new QuantizeOptions { Overwrite = true }));
        Assert.Contains("the name has 305 bytes", Refusal<PathTooLongException>(new string('x', 300) + ".gguf"));
        Assert.Contains(
            "-00001-of-00001.gguf: the name has 264 bytes",
            RefusalBeforePlan<PathTooLongException>(new string('x', 244) + ".gguf", new QuantizeOptions { SplitMaxBytes = 1 }));
        Assert.Throws<ArgumentException>(() => CheckBeforePlan("out.bin"));
    }

    [Fact]
    public async Task TheNameOfAPartStandsForAllParts()
    {
        QuantizeResult result = await _models.Quantize(
            _model.Parts[0].Path, "Q8_0", "out-00007-of-00009.gguf", new QuantizeOptions { SplitMaxBytes = 10_000 });
        Assert.Equal(
            [.. Enumerable.Range(1, result.Files.Count).Select(i => $"out-{i:D5}-of-{result.Files.Count:D5}.gguf")],
            result.Files.Select(file => Path.GetFileName(file)));
        Assert.NotEqual(1, result.Files.Count);
    }

    private void Check(string output, QuantizeOptions? options = null) => ModelQuantizer.CheckOutput(
        _model, QuantizationPlan.Create(_model, QuantizationRecipe.Get("F16")), _models.Folder[output], options ?? new QuantizeOptions());

    private void CheckBeforePlan(string output, QuantizeOptions? options = null) =>
        ModelQuantizer.CheckOutput(_model, new QuantizationOptions(), _models.Folder[output], options ?? new QuantizeOptions());

    private string Refusal<T>(string output, QuantizeOptions? options = null)
        where T : Exception => Line(Assert.Throws<T>(() => Check(output, options)));

    private string RefusalBeforePlan<T>(string output, QuantizeOptions? options = null)
        where T : Exception => Line(Assert.Throws<T>(() => CheckBeforePlan(output, options)));

    private static string Line(Exception refused)
    {
        MalformedFileTests.AssertIsOneCleanLine(refused.Message);
        return refused.Message;
    }
}
