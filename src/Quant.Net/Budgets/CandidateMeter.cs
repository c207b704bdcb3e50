using Quant.Net.Conversion;

namespace Quant.Net.Budgets;

/// <summary>Measures what errors formats make: a sample of a tensor is encoded and decoded again.</summary>
internal sealed class CandidateMeter(QuantDevice device, bool allowNonFinite)
{
    private float[] _decoded = [];
    private byte[] _encoded = [];

    /// <summary>Whether the device can make and read a format.</summary>
    public bool CanMeasure(QuantFormat format)
    {
        bool Can(QuantOperation operation, QuantFormat from, QuantFormat to) => device.GetCapability(operation, from, to).IsSupported;
        return Can(QuantOperation.Dequantize, format, QuantFormat.F32)
            && Can(TensorChoice.IsOutputType(format) ? QuantOperation.Dequantize : QuantOperation.Quantize, QuantFormat.F32, format);
    }

    /// <summary>
    /// The squares of a format's errors, divided by those of the values, each by how much its column counts. Infinite if the format cannot
    /// hold a value.
    /// </summary>
    public double Measure(TensorSample sample, QuantFormat format)
    {
        double errors = 0, squares = 0;
        foreach ((Range range, ReadOnlyMemory<float> importance) in sample.Groups())
        {
            ReadOnlySpan<float> values = sample.Values.AsSpan(range);
            Span<float> decoded = Room(ref _decoded, values.Length);
            Convert(values, sample.Columns, format, importance.Span, decoded);
            Add(values, decoded, importance.Span, ref errors, ref squares);
        }

        return errors == 0 ? 0 : double.IsFinite(errors) ? errors / squares : double.PositiveInfinity;
    }

    private unsafe void Convert(ReadOnlySpan<float> values, int columns, QuantFormat format, ReadOnlySpan<float> importance, Span<float> decoded)
    {
        Span<byte> encoded = Room(ref _encoded, checked((int)QuantFormats.Get(format).GetByteCount(values.Length)));
        if (TensorChoice.IsOutputType(format))
        {
            fixed (float* from = values)
            fixed (byte* to = encoded)
            {
                device.Dequantize(QuantFormat.F32, from, (nuint)values.Length * sizeof(float), format, to, (nuint)encoded.Length);
            }
        }
        else
        {
            device.Quantize(values, columns, format, encoded, importance, allowNonFinite);
        }

        device.Dequantize(format, encoded, decoded);
    }

    private static void Add(
        ReadOnlySpan<float> values, ReadOnlySpan<float> decoded, ReadOnlySpan<float> importance, ref double errors, ref double squares)
    {
        for (int i = 0, column = 0; i < values.Length; i++)
        {
            double value = values[i], error = value - decoded[i], counts = importance.IsEmpty ? 1 : importance[column];
            if (double.IsFinite(value))
            {
                errors += counts * error * error;
                squares += counts * value * value;
            }

            column = column + 1 == importance.Length ? 0 : column + 1;
        }
    }

    private static Span<T> Room<T>(ref T[] buffer, int length)
    {
        if (buffer.Length < length)
        {
            buffer = GC.AllocateUninitializedArray<T>(length);
        }

        return buffer.AsSpan(0, length);
    }
}
