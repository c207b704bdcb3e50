using Quant.Net.Gguf;
using Quant.Net.Tests.Gguf;

namespace Quant.Net.Tests.Quantization;

/// <summary>Small models to quantize, and a device.</summary>
internal sealed class QuantizedModels : IDisposable
{
    public TempFolder Folder { get; } = new();

    public QuantDevice Device { get; } = QuantDevice.Open("cpu");

    /// <summary>A model of a made-up architecture: two matrices of 64 x 256, one of three experts of 4 x 256, and a vector.</summary>
    public string Write(string name, QuantFormat format, Action<float[]>? change = null, uint? alignment = null)
    {
        (string Name, long[] Dimensions)[] tensors =
            [("up.weight", [256, 64]), ("down.weight", [256, 64]), ("experts.weight", [256, 4, 3]), ("norm.weight", [256])];
        using var writer = GgufWriter.Create(Folder[name]);
        writer.SetMetadata("general.architecture", GgufValue.FromString("made-up"));
        writer.SetMetadata("general.file_type", GgufValue.FromNumber(0u));
        writer.SetMetadata("general.name", GgufValue.FromString("small"));
        if (alignment is { } padding)
        {
            writer.SetMetadata("general.alignment", GgufValue.FromNumber(padding));
        }

        foreach ((string tensor, long[] dimensions) in tensors)
        {
            writer.AddTensor(tensor, IsVector(dimensions) ? QuantFormat.F32 : format, dimensions);
        }

        var random = new Random(1);
        foreach ((string tensor, long[] dimensions) in tensors)
        {
            float[] values = [.. Enumerable.Range(0, (int)dimensions.Aggregate((x, y) => x * y)).Select(_ => (float)(random.NextDouble() - 0.5))];
            if (tensor == "down.weight")
            {
                change?.Invoke(values);
            }

            QuantFormat stored = IsVector(dimensions) ? QuantFormat.F32 : format;
            byte[] bytes = new byte[QuantFormats.Get(stored).GetByteCount(values.Length)];
            Encode(values, dimensions[0], stored, bytes);
            writer.Write(tensor, bytes);
        }

        writer.Complete();
        return Folder[name];
    }

    public async Task<QuantizeResult> Quantize(
        string path, string recipe, string output, QuantizeOptions? options = null, QuantizationOptions? plan = null,
        IProgress<ConversionProgress>? progress = null, CancellationToken cancellation = default)
    {
        using GgufFile model = GgufFile.Open(path);
        return await ModelQuantizer.QuantizeAsync(
            model, QuantizationPlan.Create(model, QuantizationRecipe.Get(recipe), plan), Folder[output], options ?? new QuantizeOptions(), Device,
            progress, cancellation);
    }

    public byte[] Read(string name) => File.ReadAllBytes(Folder[name]);

    public void Dispose()
    {
        Device.Dispose();
        Folder.Dispose();
    }

    private static bool IsVector(long[] dimensions) => dimensions.Length == 1;

    private unsafe void Encode(float[] values, long columns, QuantFormat format, byte[] bytes)
    {
        fixed (float* from = values)
        fixed (byte* to = bytes)
        {
            Device.Quantize(QuantFormat.F32, from, (nuint)values.Length * sizeof(float), columns, format, to, (nuint)bytes.Length, allowNonfinite: true);
        }
    }
}
