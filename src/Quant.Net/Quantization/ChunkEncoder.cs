using System.Runtime.InteropServices;
using Quant.Net.Conversion;
using Quant.Net.IO;
using Quant.Net.Verification;

namespace Quant.Net.Quantization;

/// <summary>Encodes chunks, and refuses what is not finite.</summary>
internal sealed unsafe class ChunkEncoder(QuantDevice device, bool allowNonFinite, QuantizationEffort effort)
{
    private readonly SortedSet<string> _kernels = new(StringComparer.Ordinal);
    private float[] _floats = [];

    /// <summary>The kernels that worked.</summary>
    public IReadOnlyCollection<string> Kernels => _kernels;

    /// <summary>Whether a tensor has to become float32 before it can be encoded.</summary>
    public static bool NeedsFloats(QuantizeTask task) =>
        !TensorChoice.IsOutputType(task.Plan.Target) && !TensorChoice.IsOutputType(task.Plan.Tensor.Format);

    /// <summary>What keeps a device from encoding a tensor; null: nothing.</summary>
    public static string? Refusal(QuantDevice device, QuantizeTask task)
    {
        (QuantFormat from, QuantFormat to) = (task.Plan.Tensor.Format, task.Plan.Target);
        bool Can(QuantOperation operation, QuantFormat input, QuantFormat output) => device.GetCapability(operation, input, output).IsSupported;
        bool can = task.IsCopy
            || (TensorChoice.IsOutputType(to) ? Can(QuantOperation.Dequantize, from, to)
                : !NeedsFloats(task) ? Can(QuantOperation.Quantize, from, to)
                : Can(QuantOperation.Dequantize, from, QuantFormat.F32) && Can(QuantOperation.Quantize, QuantFormat.F32, to));
        return can ? null : $"{task.Plan.Tensor.FormatName} to {to}";
    }

    /// <summary>Encodes a chunk.</summary>
    /// <exception cref="NotFiniteNumberException">A weight is NaN or infinite.</exception>
    /// <exception cref="OverflowException">A weight is too large for float32, or for the format of the output.</exception>
    public void Encode(QuantizeChunk chunk, ReadOnlySpan<byte> source, Span<byte> output)
    {
        QuantizeTask task = chunk.Task;
        (QuantFormat from, QuantFormat to) = (task.Plan.Tensor.Format, task.Plan.Target);
        if (chunk.Values == 0)
        {
            return;
        }

        if (TensorChoice.IsOutputType(to))
        {
            Decode(from, source, to, output);
            if (!allowNonFinite && FirstNonFinite(to, output) is >= 0 and int place)
            {
                throw NotFinite(chunk, source) ?? TooLarge(chunk, source, place);
            }

            return;
        }

        bool isLarge;
        try
        {
            isLarge = NeedsFloats(task)
                ? Quantize(chunk, QuantFormat.F32, MemoryMarshal.AsBytes(Floats(chunk, from, source)), output)
                : Quantize(chunk, from, source, output);
        }
        catch (NotFiniteNumberException found)
        {
            throw NotFinite(chunk, source) ?? found;
        }

        if (isLarge || (!allowNonFinite && !chunk.Task.Importance.IsEmpty))
        {
            RefuseInfiniteScales(chunk, source, output);
        }

        if (isLarge && chunk.Task.Importance.IsEmpty)
        {
            RefuseLostValues(chunk, source, output);
        }
    }

    /// <returns>Whether a value is so large that scales may be infinite, which is to be refused.</returns>
    private bool Quantize(QuantizeChunk chunk, QuantFormat input, ReadOnlySpan<byte> source, Span<byte> output)
    {
        fixed (byte* from = source)
        fixed (byte* to = output)
        {
            device.Quantize(
                input, from, (nuint)source.Length, chunk.Task.RowLength, chunk.Task.Plan.Target, to, (nuint)output.Length,
                chunk.Task.ImportanceOf(chunk.FirstRow), allowNonFinite, effort);
        }

        _kernels.Add(QuantDevice.LastKernel);
        return !allowNonFinite && LargeValues.AreIn(input, source);
    }

    private void Decode(QuantFormat format, ReadOnlySpan<byte> source, QuantFormat to, Span<byte> destination)
    {
        fixed (byte* from = source)
        fixed (byte* into = destination)
        {
            device.Dequantize(format, from, (nuint)source.Length, to, into, (nuint)destination.Length);
        }

        _kernels.Add(QuantDevice.LastKernel);
    }

    /// <summary>
    /// Refuses weights that make scales infinite, which are half precision in most formats, alone or by how they are weighed. The reference refuses such
    /// blocks too. Few models have weights so large, and only then, or with importance, the blocks are looked at.
    /// </summary>
    private void RefuseInfiniteScales(QuantizeChunk chunk, ReadOnlySpan<byte> source, ReadOnlySpan<byte> output)
    {
        if (NonFinite.Count(Floats(chunk, chunk.Task.Plan.Target, output)).First is >= 0 and int place)
        {
            throw TooLarge(chunk, source, place);
        }
    }

    /// <summary>Refuses large weights of which nothing is left: sums were infinite, and so a scale became 0.</summary>
    private void RefuseLostValues(QuantizeChunk chunk, ReadOnlySpan<byte> source, ReadOnlySpan<byte> output)
    {
        int block = QuantFormats.Get(chunk.Task.Plan.Target).ValuesPerBlock;
        ReadOnlySpan<float> values = Floats(chunk, chunk.Task.Plan.Tensor.Format, source);
        List<int> largest = [];   // of blocks that have large values
        for (int first = 0; first < values.Length; first += block)
        {
            if (IsLarge(values.Slice(first, block)))
            {
                largest.Add(LargestOf(values, first, block));
            }
        }

        ReadOnlySpan<float> results = Floats(chunk, chunk.Task.Plan.Target, output);
        foreach (int place in largest)
        {
            if (results[place] == 0)
            {
                throw TooLarge(chunk, source, place);
            }
        }
    }

    /// <summary>Blames the largest value of a block.</summary>
    private OverflowException TooLarge(QuantizeChunk chunk, ReadOnlySpan<byte> source, int place)
    {
        int block = QuantFormats.Get(chunk.Task.Plan.Target).ValuesPerBlock, first = place / block * block;
        ReadOnlySpan<float> values = Floats(chunk, chunk.Task.Plan.Tensor.Format, source);
        int largest = LargestOf(values, first, block);
        string what = IsLarge(values.Slice(first, block)) ? "too large" : "too large with its importance";
        return new OverflowException(ErrorText.Invariant(
            $"{chunk.Task.Source.Place}: {PlaceOf(chunk, largest)} is {values[largest]}, {what} for {chunk.Task.Plan.Target}"));
    }

    /// <summary>What to say of the first value that is not finite as a float; null if all are.</summary>
    private ArithmeticException? NotFinite(QuantizeChunk chunk, ReadOnlySpan<byte> source)
    {
        QuantFormat format = chunk.Task.Plan.Tensor.Format;
        ReadOnlySpan<float> values = Floats(chunk, format, source);
        int place = NonFinite.Count(values).First;
        if (place < 0)
        {
            return null;
        }

        string where = $"{chunk.Task.Source.Place}: {PlaceOf(chunk, place)}";
        return format == QuantFormat.F64 && MemoryMarshal.Cast<byte, double>(source)[place] is var value && double.IsFinite(value)
            ? new OverflowException(ErrorText.Invariant($"{where} is {value}, beyond float32"))
            : new NotFiniteNumberException($"{where} is {(float.IsNaN(values[place]) ? "NaN" : "infinite")}, expected a finite number");
    }

    /// <summary>The values of a chunk, until others are asked for.</summary>
    private Span<float> Floats(QuantizeChunk chunk, QuantFormat format, ReadOnlySpan<byte> bytes)
    {
        if (_floats.Length < chunk.Values)
        {
            _floats = GC.AllocateUninitializedArray<float>(chunk.Values);
        }

        Span<float> values = _floats.AsSpan(0, chunk.Values);
        Decode(format, bytes, QuantFormat.F32, MemoryMarshal.AsBytes(values));
        return values;
    }

    private static bool IsLarge(ReadOnlySpan<float> values) => LargeValues.AreIn(QuantFormat.F32, MemoryMarshal.AsBytes(values));

    private static int LargestOf(ReadOnlySpan<float> values, int first, int count)
    {
        int largest = first;
        for (int i = first + 1; i < first + count; i++)
        {
            largest = Math.Abs(values[i]) > Math.Abs(values[largest]) ? i : largest;
        }

        return largest;
    }

    private static string PlaceOf(QuantizeChunk chunk, int place) => ErrorText.Invariant(
        $"row {chunk.FirstRow + (place / chunk.Task.RowLength)}, column {place % chunk.Task.RowLength}");

    private static int FirstNonFinite(QuantFormat format, ReadOnlySpan<byte> output) => NonFinite.Count(format switch
    {
        QuantFormat.F32 => Safetensors.SafetensorsType.F32,
        QuantFormat.F16 => Safetensors.SafetensorsType.F16,
        _ => Safetensors.SafetensorsType.BF16,
    }, output).First;
}
