using Quant.Net.Gguf;
using Quant.Net.Safetensors;

namespace Quant.Net.Tests.Verification;

/// <summary>Parts in files, compared with the whole.</summary>
internal static class PartsOnDisk
{
    // What is large enough is shared out.
    private const int Threads = 3;

    public static async Task<PartsVerifyResult> VerifyAsync(
        SafetensorsModel whole, string[] paths, PartsVerifyOptions? options = null, IProgress<ConversionProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        using var device = QuantDevice.Open("cpu", new QuantDeviceOptions { Threads = Threads });
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
        using var device = QuantDevice.Open("cpu", new QuantDeviceOptions { Threads = Threads });
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

    /// <summary>Takes from a file what it says it is a part of.</summary>
    public static void Unmark(string file)
    {
        byte[] bytes = File.ReadAllBytes(file);
        int at = bytes.AsSpan().IndexOf("quantnet.part_of"u8);
        Assert.True(at > 0);
        "whatever.part_of"u8.CopyTo(bytes.AsSpan(at));
        File.WriteAllBytes(file, bytes);
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
