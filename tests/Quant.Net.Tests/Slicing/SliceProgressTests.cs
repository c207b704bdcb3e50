using Quant.Net.Gguf;
using Quant.Net.Safetensors;
using Quant.Net.Tests.Gguf;

namespace Quant.Net.Tests.Slicing;

/// <summary>Cutting, joining and dividing tell how far they are, in bytes that are written, up to the last.</summary>
public class SliceProgressTests
{
    [Fact]
    public async Task EverythingThatIsCutOrJoinedIsCounted()
    {
        using var folder = new TempFolder();
        using SafetensorsModel model = SafetensorsModel.Open(Repository.PathOf("samples", "models", "wide-GPTQ-4bit"));
        using GgufFile gguf = GgufFile.Open(Repository.PathOf("samples", "models", "wide-Q4_K_M.gguf"));
        PackedModule module = PackedModule.Find(model)[0];
        GgufTensor tensor = gguf.Tensors["blk.0.attn_q.weight"];
        var halves = MatrixCut.Equal(MatrixAxis.Output, 2);

        await Follow(tensor.ByteLength, progress => ModelConverter.SliceAsync(tensor, halves, folder["a.gguf"], progress: progress));
        await Follow(2 * tensor.ByteLength, progress => ModelConverter.ConcatAsync([tensor, tensor], MatrixAxis.Output, folder["b.gguf"], progress: progress));
        await Follow(null, progress => ModelConverter.SliceAsync(module, halves, folder["a.safetensors"], progress: progress));
        await Follow(null, progress => ModelConverter.ConcatAsync([module, module], MatrixAxis.Output, folder["b.safetensors"], progress: progress));
        await Follow(null, progress => ModelConverter.SliceAsync(TensorParallelPlan.Make(model, 2), folder["ranks"], progress: progress));
    }

    private static async Task Follow(long? bytes, Func<IProgress<ConversionProgress>, Task<CopyResult>> work)
    {
        var steps = new Steps();
        CopyResult result = await work(steps);
        ConversionProgress last = steps.Told[^1];
        Assert.Equal((last.BytesTotal, last.TensorCount), (last.BytesDone, last.TensorsDone));
        Assert.Equal(result.TensorCount, last.TensorCount);
        Assert.InRange(last.BytesTotal, bytes ?? 1, bytes ?? result.OutputBytes);
        Assert.Equal(steps.Told.Select(step => step.BytesDone).Order(), steps.Told.Select(step => step.BytesDone));
    }

    private sealed class Steps : IProgress<ConversionProgress>
    {
        public List<ConversionProgress> Told { get; } = [];

        public void Report(ConversionProgress value) => Told.Add(value);
    }
}
