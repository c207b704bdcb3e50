using System.Runtime.InteropServices;
using Quant.Net.Gguf;
using Quant.Net.Safetensors;
using Quant.Net.Tests.Gguf;

namespace Quant.Net.Tests.Comparison;

public sealed class ModelComparerTests : IDisposable
{
    private const uint F32 = 0, Unknown = 99;

    private static readonly string Wide = Repository.PathOf("samples", "models", "wide-Q4_K_M.gguf");
    private static readonly string Gptq = Repository.PathOf("samples", "models", "wide-GPTQ-4bit");

    private readonly TempFolder _folder = new();
    private readonly List<IDisposable> _open = [];
    private readonly QuantDevice _device = QuantDevice.Open("cpu", new QuantDeviceOptions { Threads = 2 });

    public void Dispose()
    {
        _open.ForEach(model => model.Dispose());
        _device.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task ErrorsAreThoseThatAreWorkedOutByHand()
    {
        CompareResult result = await CompareAsync(
            Model("a", ("x", [2, 3], [3, 4, 0, 0, 12, 0])),
            Model("b", ("x", [2, 3], [3, 4.5f, 0, -1, 12, -0f])));

        TensorComparison tensor = Assert.Single(result.Tensors);
        ErrorStatistics error = tensor.Error;
        Assert.Equal(("x", "F32", "F32", 24, 24), (tensor.Name, tensor.OriginalFormat, tensor.OtherFormat, tensor.OriginalBytes, tensor.OtherBytes));
        Assert.Equal([3L, 2], tensor.Shape);
        Assert.Equal((6, 4, 0), (error.Count, error.IdenticalCount, error.NonFiniteCount));
        Assert.Equal(Math.Sqrt(1.25 / 6), error.Rmse, 15);
        Assert.Equal(Math.Sqrt(1.25 / 169), error.RelativeError, 15);
        Assert.Equal(10 * Math.Log10(169 / 1.25), error.SignalToNoise, 12);
        Assert.Equal((9 + 18 + 144) / (13 * Math.Sqrt(9 + 20.25 + 1 + 144)), error.Cosine, 15);
        Assert.Equal((1, 3), (error.MaxError, error.MaxErrorIndex));
        Assert.Equal([new ErrorBin(0.5, 1), new ErrorBin(1, 1)], error.Histogram);
        Assert.Equal(
            [new RowError(1, Math.Sqrt(0.5), double.PositiveInfinity), new RowError(0, Math.Sqrt(0.125), 0.1)],
            tensor.WorstRows);
        Assert.True(result.IsComplete);
        Assert.Equal(48, result.BytesRead);
    }

    [Fact]
    public async Task WhatIsTheSameHasNoError()
    {
        CompareResult result = await CompareAsync(Open(Wide), Open(Wide));

        Assert.Equal(48, result.Tensors.Count);
        Assert.All(result.Tensors, tensor =>
        {
            Assert.Equal((0, 0, 0, 1), (tensor.Error.Rmse, tensor.Error.RelativeError, tensor.Error.MaxError, tensor.Error.Cosine));
            Assert.Equal((double.PositiveInfinity, -1), (tensor.Error.SignalToNoise, tensor.Error.MaxErrorIndex));
            Assert.Equal(tensor.Error.Count, tensor.Error.IdenticalCount);
            Assert.Empty(tensor.WorstRows);
            Assert.Empty(tensor.Error.Histogram);
        });
        Assert.Equal(["F32", "Q4_K", "Q6_K"], result.Formats.Select(format => format.Format));
        Assert.Equal([11, 32, 5], result.Formats.Select(format => format.TensorCount));
        Assert.Equal(2_231_040, result.Total.Count);
    }

    [Fact]
    public async Task WhatIsNotFiniteIsCountedApart()
    {
        CompareResult result = await CompareAsync(
            Model("a", ("x", [6], [float.NaN, 1, float.PositiveInfinity, float.PositiveInfinity, 2, 5])),
            Model("b", ("x", [6], [float.NaN, float.NaN, float.PositiveInfinity, float.NegativeInfinity, 2, 4])));

        ErrorStatistics error = result.Tensors[0].Error;
        Assert.Equal((6, 3, 4), (error.Count, error.IdenticalCount, error.NonFiniteCount));
        Assert.Equal((2, 1), (error.NonFiniteErrorCount, error.FirstNonFiniteErrorIndex));
        Assert.False(error.IsWithin(1e9));
        Assert.Equal((2, -1), (result.Total.NonFiniteErrorCount, result.Total.FirstNonFiniteErrorIndex));
        Assert.Equal(Math.Sqrt(0.5), error.Rmse, 15);
        Assert.Equal(Math.Sqrt(1.0 / 29), error.RelativeError, 15);
        Assert.Equal((1, 5), (error.MaxError, error.MaxErrorIndex));
    }

    [Fact]
    public async Task TheSameNaNsAndInfinitiesAreWithinAnyError()
    {
        float[] values = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, 0, 1];
        CompareResult same = await CompareAsync(Model("a", ("x", [5], values)), Model("b", ("x", [5], [-float.NaN, .. values[1..3], -0f, 1])));
        Assert.Equal((5, 3, 0, -1), (
            same.Total.IdenticalCount, same.Total.NonFiniteCount, same.Total.NonFiniteErrorCount, same.Tensors[0].Error.FirstNonFiniteErrorIndex));
        Assert.True(same.Total.IsWithin(0));

        CompareResult near = await CompareAsync(Model("a", ("x", [5], values)), Model("b", ("x", [5], [.. values[..4], 1.25f])));
        Assert.Equal((false, true), (near.Total.IsWithin(0.24), near.Total.IsWithin(0.25)));
    }

    [Fact]
    public async Task TheFirstErrorWithoutANumberIsFoundInLaterChunks()
    {
        var options = new CompareOptions { ChunkValues = 1 };
        CompareResult result = await CompareAsync(
            Model("a", ("x", [2, 3], [1, 2, 3, 4, 5, 6])), Model("b", ("x", [2, 3], [1, 2, 3, float.NaN, 5, float.NaN])), options);

        Assert.Equal((2, 3), (result.Tensors[0].Error.NonFiniteErrorCount, result.Tensors[0].Error.FirstNonFiniteErrorIndex));
    }

    [Fact]
    public async Task ErrorsBeyondFloatAreNotInfinite()
    {
        CompareResult result = await CompareAsync(Model("a", ("x", [1], [float.MaxValue])), Model("b", ("x", [1], [-float.MaxValue])));

        Assert.Equal(2.0 * float.MaxValue, result.Total.MaxError);
        Assert.Equal(-1, result.Total.Cosine, 12);
        Assert.Equal(new ErrorBin(Math.ScaleB(1, 127), 1), Assert.Single(result.Total.Histogram));
    }

    [Fact]
    public async Task SumsDoNotDependOnThreads()
    {
        string decoded = await DecodeAsync(QuantFormat.F16);
        using QuantDevice one = QuantDevice.Open("cpu", new QuantDeviceOptions { Threads = 1 });
        using QuantDevice seven = QuantDevice.Open("cpu", new QuantDeviceOptions { Threads = 7, InstructionSet = InstructionSet.Scalar });
        CompareResult first = await CompareAsync(OpenSafetensors(decoded), Open(Wide), device: one);
        CompareResult second = await CompareAsync(OpenSafetensors(decoded), Open(Wide), device: seven);

        Assert.Equal(first.Tensors.Select(Key), second.Tensors.Select(Key));
        Assert.InRange(first.Total.RelativeError, 1e-5, 1e-3);

        static string Key(TensorComparison tensor) =>
            $"{tensor.Name} {tensor.Error.Rmse:R} {tensor.Error.RelativeError:R} {tensor.Error.Cosine:R} {tensor.Error.MaxErrorIndex} {string.Join(';', tensor.WorstRows)}";
    }

    [Fact]
    public async Task ChunksOfOneRowGiveTheSameErrors()
    {
        string decoded = await DecodeAsync(QuantFormat.F16);
        IReadOnlyList<NamePattern> some = [new("blk.0.*")];
        CompareResult small = await CompareAsync(OpenSafetensors(decoded), Open(Wide), new CompareOptions { Include = some, ChunkValues = 1 });
        CompareResult large = await CompareAsync(OpenSafetensors(decoded), Open(Wide), new CompareOptions { Include = some });

        Assert.All(small.Tensors.Zip(large.Tensors), pair =>
        {
            Assert.Equal(pair.First.Error.Rmse, pair.Second.Error.Rmse, 12);
            Assert.Equal(pair.First.Error.Histogram, pair.Second.Error.Histogram);
            Assert.Equal(pair.First.WorstRows, pair.Second.WorstRows);
        });
    }

    [Fact]
    public async Task PackedModulesAreTheWeightsThatTheyDecodeTo()
    {
        using SafetensorsModel model = SafetensorsModel.Open(Gptq);
        await ModelConverter.DequantizeAsync(
            model, _folder["x.safetensors"], new DequantizeOptions { OutputType = QuantFormat.F32 }, _device);
        CompareResult result = await CompareAsync(OpenSafetensors(_folder["x.safetensors"]), OpenSafetensors(Gptq));

        Assert.True(result.IsComplete);
        Assert.Equal(0, result.Total.Rmse);
        Assert.Equal(35, Assert.Single(result.Formats, format => format.Format == "GPTQ:4").TensorCount);
    }

    [Fact]
    public async Task WhatCannotBeComparedIsSaid()
    {
        CompareResult result = await CompareAsync(
            Model("a", ("both", [4], [1, 2, 3, 4]), ("first", [1], [1]), ("shape", [2, 2], [1, 2, 3, 4]), ("kind", [1], [1])),
            Model(
                "b", ("both", [4], [1, 2, 3, 4], F32), ("second", [1], [1], F32), ("shape", [4], [1, 2, 3, 4], F32), ("kind", [1], [1], Unknown)));

        Assert.False(result.IsComplete);
        Assert.Equal(["both"], result.Tensors.Select(tensor => tensor.Name));
        Assert.Equal(["first"], result.OnlyInOriginal);
        Assert.Equal(["second"], result.OnlyInOther);
        Assert.Equal(
            [
                $"{_folder["b"]}: 'shape' has the shape [4], expected [2, 2]",
                $"{_folder["b"]}: 'kind' is type 99, which cannot be decoded",
            ],
            result.Faults);
    }

    [Fact]
    public async Task OnlyWhatMatchesIsCompared()
    {
        var options = new CompareOptions { Include = [new NamePattern("blk.0.*"), new NamePattern("output.weight")], WorstRows = 0 };
        CompareResult result = await CompareAsync(Open(Wide), Open(Wide), options);

        Assert.Equal(10, result.Tensors.Count);
        Assert.True(result.IsComplete);
    }

    [Fact]
    public async Task EmptyTensorsAndScalarsAreCompared()
    {
        CompareResult result = await CompareAsync(
            Model("a", ("empty", [0], []), ("scalar", [], [2])), Model("b", ("empty", [0], []), ("scalar", [], [3])));

        Assert.Equal([0L, 1], result.Tensors.Select(tensor => tensor.Error.Count));
        Assert.Equal([0, 0.5], result.Tensors.Select(tensor => tensor.Error.RelativeError));
    }

    [Fact]
    public async Task ProgressGoesToTheEnd()
    {
        var seen = new List<ConversionProgress>();
        await ModelComparer.CompareAsync(
            Open(Wide), Open(Wide), new CompareOptions { ChunkValues = 10_000 }, _device, new Collect(seen));

        Assert.Equal(seen.OrderBy(step => step.BytesDone), seen);
        Assert.Equal((seen[^1].BytesTotal, 48, 48), (seen[^1].BytesDone, seen[^1].TensorsDone, seen[^1].TensorCount));
    }

    [Fact]
    public async Task ItCanBeCancelled()
    {
        using var source = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ModelComparer.CompareAsync(
            Open(Wide), Open(Wide), new CompareOptions(), _device, new Stop(source), source.Token));
    }

    [Fact]
    public async Task OptionsThatMakeNoSenseAreRefused()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => CompareAsync(Open(Wide), Open(Wide), new CompareOptions { ChunkValues = 0 }));
        await Assert.ThrowsAsync<ArgumentException>(() => CompareAsync(Open(Wide), Open(Wide), new CompareOptions { WorstRows = -1 }));
    }

    private Task<CompareResult> CompareAsync(ModelWeights original, ModelWeights other, CompareOptions? options = null, QuantDevice? device = null) =>
        ModelComparer.CompareAsync(original, other, options ?? new CompareOptions(), device ?? _device);

    private ModelWeights Open(string path)
    {
        var model = GgufFile.Open(path);
        _open.Add(model);
        return ModelWeights.Of(model);
    }

    private ModelWeights OpenSafetensors(string path)
    {
        var model = SafetensorsModel.Open(path);
        _open.Add(model);
        return ModelWeights.Of(model);
    }

    private async Task<string> DecodeAsync(QuantFormat type)
    {
        using GgufFile model = GgufFile.Open(Wide);
        await ModelConverter.DequantizeAsync(model, _folder["x.safetensors"], new DequantizeOptions { OutputType = type }, _device);
        return _folder["x.safetensors"];
    }

    private ModelWeights Model(string name, params (string Name, ulong[] Dimensions, float[] Values, uint Type)[] tensors)
    {
        const int Alignment = 32;
        var data = new GgufBytes();
        var entries = new List<TestTensor>();
        foreach ((string tensor, ulong[] dimensions, float[] values, uint type) in tensors)
        {
            entries.Add(new TestTensor(tensor, (ulong)data.Length) { Dimensions = dimensions, Type = type });
            data.Raw(MemoryMarshal.AsBytes(values.AsSpan())).PadTo(Alignment);
        }

        _folder.Write(name, new TestModel { Tensors = [.. entries], Data = data.ToArray() }.ToBytes());
        return Open(_folder[name]);
    }

    private ModelWeights Model(string name, params (string Name, ulong[] Dimensions, float[] Values)[] tensors) =>
        Model(name, [.. tensors.Select(tensor => (tensor.Name, tensor.Dimensions, tensor.Values, F32))]);

    private sealed class Collect(List<ConversionProgress> seen) : IProgress<ConversionProgress>
    {
        public void Report(ConversionProgress value) => seen.Add(value);
    }

    private sealed class Stop(CancellationTokenSource source) : IProgress<ConversionProgress>
    {
        public void Report(ConversionProgress value) => source.Cancel();
    }
}
