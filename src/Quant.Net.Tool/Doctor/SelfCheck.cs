using System.Globalization;
using System.Runtime.InteropServices;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Doctor;

/// <summary>Decodes the known answers and compares.</summary>
internal static class SelfCheck
{
    /// <summary>Checks every answer in every output type on one device.</summary>
    public static DeviceCheck Run(QuantDevice device, IReadOnlyList<KnownAnswer> answers, CancellationToken cancellation)
    {
        var faults = new List<Fault>();
        int comparisons = 0;
        foreach (KnownAnswer answer in answers)
        {
            foreach ((string output, QuantFormat type) in OutputTypes.All)
            {
                cancellation.ThrowIfCancellationRequested();
                comparisons++;
                if (FindFault(device, answer, type) is { } fault)
                {
                    faults.Add(new Fault(NameOf(answer.Format), output, fault));
                }
            }
        }

        return new DeviceCheck(device.Name, DeviceFacts.NameOf(device.InstructionSet), comparisons, comparisons - faults.Count, faults);
    }

    /// <summary>The format's name, or its number where the library does not know it.</summary>
    public static string NameOf(QuantFormat format) =>
        QuantFormats.TryGet(format, out QuantFormatInfo? info) ? info.Name : $"type {(int)format}";

    private static string? FindFault(QuantDevice device, KnownAnswer answer, QuantFormat output)
    {
        try
        {
            return output switch
            {
                QuantFormat.F32 => Compare(Decode<float>(device.Dequantize), value => value, float.IsNaN),
                QuantFormat.F16 => Compare(Decode<Half>(device.Dequantize), value => (Half)value, Half.IsNaN),
                _ => Compare(Decode<BFloat16>(device.Dequantize), value => (BFloat16)value, value => float.IsNaN((float)value)),
            };
        }
        catch (Exception failure)
        {
            // A format that cannot be decoded is a finding like any other; the rest is still checked.
            return ErrorText.Describe(failure);
        }

        T[] Decode<T>(Decoder<T> decode)
        {
            var weights = new T[answer.Weights.Length];
            decode(answer.Format, answer.Packed, weights);
            return weights;
        }

        // Equal as the project defines it: the same bits, zeros with their signs, and any NaN for any NaN.
        string? Compare<T>(T[] found, Func<float, T> round, Func<T, bool> isNaN)
            where T : unmanaged
        {
            for (int i = 0; i < found.Length; i++)
            {
                T expected = round(answer.Weights[i]);
                if (!SameBits(expected, found[i]) && !(isNaN(expected) && isNaN(found[i])))
                {
                    return string.Create(CultureInfo.InvariantCulture, $"weight {i} is {found[i]}, expected {expected}");
                }
            }

            return null;
        }
    }

    private static bool SameBits<T>(T a, T b)
        where T : unmanaged =>
        MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in a)).SequenceEqual(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in b)));

    private delegate void Decoder<T>(QuantFormat format, ReadOnlySpan<byte> source, Span<T> destination);
}
