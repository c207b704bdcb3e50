using Quant.Net.Gguf;
using Quant.Net.Safetensors;

namespace Quant.Net;

/// <summary>What tensors take in memory, of the host or of a GPU: as they are, or decoded.</summary>
public sealed class ModelMemory
{
    private ModelMemory(long packed, long f16, long f32)
    {
        PackedBytes = packed;
        F16Bytes = f16;
        F32Bytes = f32;
    }

    /// <summary>What they take as they are in the file. A mapped file takes it only as far as it is read.</summary>
    public long PackedBytes { get; }

    /// <summary>What they take with all but integers decoded to f16 or bf16.</summary>
    public long F16Bytes { get; }

    /// <summary>What they take with all but integers decoded to f32.</summary>
    public long F32Bytes { get; }

    /// <summary>Sums over tensors.</summary>
    /// <param name="tensors">The tensors, such as <see cref="GgufFile.Tensors"/>.</param>
    /// <returns>The sums.</returns>
    public static ModelMemory Of(IEnumerable<GgufTensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        long packed = 0, f16 = 0, f32 = 0;
        foreach (GgufTensor tensor in tensors)
        {
            bool isInteger = tensor.FormatInfo is { IsInteger: true };
            packed += tensor.ByteLength;
            f16 += isInteger ? tensor.ByteLength : tensor.ElementCount * 2;
            f32 += isInteger ? tensor.ByteLength : tensor.ElementCount * 4;
        }

        return new ModelMemory(packed, f16, f32);
    }

    /// <summary>Sums over tensors.</summary>
    /// <param name="tensors">The tensors, such as <see cref="SafetensorsModel.Tensors"/>.</param>
    /// <param name="modules">The packed modules that some of them belong to, if there are any.</param>
    /// <returns>The sums. Integers that belong to no module stay as they are in all forms.</returns>
    public static ModelMemory Of(IEnumerable<SafetensorsTensor> tensors, IReadOnlyList<PackedModule>? modules = null)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        HashSet<SafetensorsTensor> left = [.. tensors];
        long packed = left.Sum(tensor => tensor.ByteLength), f16 = 0, f32 = 0;
        foreach (PackedModule module in (modules ?? []).Where(module => left.Contains(module.Tensors[0])))
        {
            f16 += module.Rows * module.Columns * 2;
            f32 += module.Rows * module.Columns * 4;
            left.ExceptWith(module.Tensors);
        }

        foreach (SafetensorsTensor tensor in left)
        {
            f16 += tensor.IsFloat ? tensor.ElementCount * 2 : tensor.ByteLength;
            f32 += tensor.IsFloat ? tensor.ElementCount * 4 : tensor.ByteLength;
        }

        return new ModelMemory(packed, f16, f32);
    }

    /// <summary>The bytes that a form takes.</summary>
    /// <param name="form">The form.</param>
    /// <returns>Its bytes.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The form is none of the enumeration.</exception>
    public long GetBytes(ModelForm form) => form switch
    {
        ModelForm.Packed => PackedBytes,
        ModelForm.F16 => F16Bytes,
        ModelForm.F32 => F32Bytes,
        _ => throw new ArgumentOutOfRangeException(nameof(form), form, "expected Packed, F16 or F32"),
    };

    /// <summary>The widest form that some memory has room for.</summary>
    /// <param name="bytes">The memory, without what decoding works in (<see cref="QuantDeviceOptions.MemoryLimit"/>).</param>
    /// <returns>The form, or null if not even the packed tensors fit.</returns>
    public ModelForm? FindFitting(long bytes) =>
        F32Bytes <= bytes ? ModelForm.F32
        : F16Bytes <= bytes ? ModelForm.F16
        : PackedBytes <= bytes ? ModelForm.Packed
        : null;
}
