using Quant.Net.Gguf;
using Quant.Net.Safetensors;

namespace Quant.Net.Tests.Verification;

/// <summary>Parts in files, compared with the whole.</summary>
internal static class PartsOnDisk
{
    public static async Task<PartsVerifyResult> VerifyAsync(
        SafetensorsModel whole, string[] paths, PartsVerifyOptions? options = null, IProgress<ConversionProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        using var device = QuantDevice.Open("cpu", new QuantDeviceOptions { Threads = 1 });
        SafetensorsModel[] parts = [.. paths.Select(path => SafetensorsModel.Open(path))];
        try
        {
            return await ModelVerifier.VerifyPartsAsync(whole, parts, options ?? new PartsVerifyOptions(), device, progress, cancellation);
        }
        finally
        {
            Array.ForEach(parts, part => part.Dispose());
        }
    }

    public static async Task<PartsVerifyResult> VerifyAsync(GgufFile whole, string[] paths, PartsVerifyOptions? options = null)
    {
        using var device = QuantDevice.Open("cpu", new QuantDeviceOptions { Threads = 1 });
        GgufFile[] parts = [.. paths.Select(path => GgufFile.Open(path))];
        try
        {
            return await ModelVerifier.VerifyPartsAsync(whole, parts, options ?? new PartsVerifyOptions(), device);
        }
        finally
        {
            Array.ForEach(parts, part => part.Dispose());
        }
    }

    public static void AssertSound(PartsVerifyResult result)
    {
        Assert.Equal([], result.Faults);
        Assert.Equal([], result.Differences);
        Assert.True(result.IsSound);
        Assert.True(result.TensorCount > 0);
    }

    /// <summary>Flips a bit of a byte of a tensor in its file.</summary>
    public static void Flip(string path, string tensor, long offset)
    {
        long at;
        string file;
        using (SafetensorsModel model = SafetensorsModel.Open(path))
        {
            (at, file) = (model.Tensors[tensor].FileOffset + offset, model.Tensors[tensor].File.Path);
        }

        FlipByte(file, at);
    }

    /// <summary>Flips a bit of a byte of a file.</summary>
    public static void FlipByte(string file, long at)
    {
        using FileStream stream = File.Open(file, FileMode.Open, FileAccess.ReadWrite);
        stream.Position = at;
        int value = stream.ReadByte();
        stream.Position = at;
        stream.WriteByte((byte)(value ^ 1));
    }
}
