using System.Numerics;
using System.Runtime.InteropServices;

namespace Quant.Net.Conversion;

/// <summary>Decodes chunks, multiplies them by their scales, and counts values that were finite and have become infinite.</summary>
internal sealed unsafe class ChunkDecoder(QuantDevice device)
{
    private readonly SortedSet<string> _kernels = new(StringComparer.Ordinal);
    private byte[] _scratch = [];

    /// <summary>The kernels that worked.</summary>
    public IReadOnlyCollection<string> Kernels => _kernels;

    /// <summary>Decodes a chunk.</summary>
    /// <param name="chunk">What it is.</param>
    /// <param name="packed">Its packed bytes.</param>
    /// <param name="output">Receives its values.</param>
    /// <returns>How many values are infinite though their weights are not.</returns>
    public long Decode(TensorChunk chunk, ReadOnlySpan<byte> packed, Span<byte> output)
    {
        PlannedTensor tensor = chunk.Tensor;
        if (tensor.IsCopy)
        {
            packed.CopyTo(output);
            return 0;
        }

        if (tensor.Scales is null)
        {
            Dequantize(tensor.Source.Format, packed, tensor.Output, output);
        }
        else if (tensor.Output == QuantFormat.F32)
        {
            Dequantize(tensor.Source.Format, packed, QuantFormat.F32, output);
            Multiply(chunk, MemoryMarshal.Cast<byte, float>(output));
        }
        else
        {
            Span<byte> floats = Floats(chunk);
            Dequantize(tensor.Source.Format, packed, QuantFormat.F32, floats);
            Multiply(chunk, MemoryMarshal.Cast<byte, float>(floats));
            Dequantize(QuantFormat.F32, floats, tensor.Output, output);
        }

        return HasInfinity(tensor.Output, output) ? CountOverflow(chunk, packed, output) : 0;
    }

    private void Dequantize(QuantFormat format, ReadOnlySpan<byte> source, QuantFormat to, Span<byte> destination)
    {
        fixed (byte* from = source)
        fixed (byte* into = destination)
        {
            device.Dequantize(format, from, (nuint)source.Length, to, into, (nuint)destination.Length);
        }

        _kernels.Add(QuantDevice.LastKernel);
    }

    private Span<byte> Floats(TensorChunk chunk)
    {
        int bytes = chunk.Values * sizeof(float);
        if (_scratch.Length < bytes)
        {
            _scratch = GC.AllocateUninitializedArray<byte>(bytes);
        }

        return _scratch.AsSpan(0, bytes);
    }

    /// <summary>One scale serves the whole tensor, or one each of its slices; a chunk may lie in several slices.</summary>
    private static void Multiply(TensorChunk chunk, Span<float> values)
    {
        float[] scales = chunk.Tensor.Scales!;
        long perScale = chunk.Tensor.Source.ElementCount / scales.Length;
        for (int done = 0; done < values.Length;)
        {
            long place = chunk.FirstValue + done;
            int count = (int)Math.Min(perScale - (place % perScale), values.Length - done);
            Multiply(values.Slice(done, count), scales[place / perScale]);
            done += count;
        }
    }

    private static void Multiply(Span<float> values, float scale)
    {
        Span<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        foreach (ref Vector<float> vector in vectors)
        {
            vector *= scale;
        }

        foreach (ref float value in values[(vectors.Length * Vector<float>.Count)..])
        {
            value *= scale;
        }
    }

    private static bool HasInfinity(QuantFormat format, ReadOnlySpan<byte> output) => format switch
    {
        QuantFormat.F32 => MemoryMarshal.Cast<byte, uint>(output).IndexOfAny(0x7F800000u, 0xFF800000u) >= 0,
        QuantFormat.F16 => MemoryMarshal.Cast<byte, ushort>(output).IndexOfAny((ushort)0x7C00, (ushort)0xFC00) >= 0,
        _ => MemoryMarshal.Cast<byte, ushort>(output).IndexOfAny((ushort)0x7F80, (ushort)0xFF80) >= 0,
    };

    private static bool IsInfinity(QuantFormat format, ReadOnlySpan<byte> output, int index) => format switch
    {
        QuantFormat.F32 => float.IsInfinity(MemoryMarshal.Cast<byte, float>(output)[index]),
        QuantFormat.F16 => Half.IsInfinity(MemoryMarshal.Cast<byte, Half>(output)[index]),
        _ => BFloat16.IsInfinity(MemoryMarshal.Cast<byte, BFloat16>(output)[index]),
    };

    /// <summary>Rare, and so it may cost a second decoding: the weights tell whether an infinity is new.</summary>
    private long CountOverflow(TensorChunk chunk, ReadOnlySpan<byte> packed, ReadOnlySpan<byte> output)
    {
        Span<byte> bytes = Floats(chunk);
        Dequantize(chunk.Tensor.Source.Format, packed, QuantFormat.F32, bytes);
        Span<float> weights = MemoryMarshal.Cast<byte, float>(bytes);
        long count = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            count += IsInfinity(chunk.Tensor.Output, output, i) && float.IsFinite(weights[i]) ? 1 : 0;
        }

        return count;
    }
}
