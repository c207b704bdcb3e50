using System.Globalization;
using System.Runtime.InteropServices;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Doctor;

/// <summary>One answer in one output type, and for a matrix in one order.</summary>
/// <param name="Subject">The format, or the layout with its bits.</param>
/// <param name="Output">The output type.</param>
/// <param name="Order">The order of a matrix' results; null for formats.</param>
/// <param name="FindProblem">Decodes on a device and tells what is wrong in one line; null if nothing is.</param>
internal sealed record Comparison(string Subject, string Output, string? Order, Func<QuantDevice, string?> FindProblem)
{
    /// <summary>Those of a format's answer.</summary>
    public static IEnumerable<Comparison> Of(KnownAnswer answer)
    {
        foreach ((string name, QuantFormat output) in OutputTypes.All)
        {
            yield return new Comparison(Subjects.NameOf(answer.Format), name, null, device => Compare(
                output,
                answer.Weights.Length,
                i => answer.Weights[i],
                i => $"weight {i}",
                weights => device.Dequantize(answer.Format, answer.Packed, weights),
                weights => device.Dequantize(answer.Format, answer.Packed, weights),
                weights => device.Dequantize(answer.Format, answer.Packed, weights)));
        }
    }

    /// <summary>Those of a matrix.</summary>
    public static IEnumerable<Comparison> Of(MatrixAnswer answer)
    {
        foreach (MatrixOrder order in MatrixOrders.All)
        {
            (int lines, int length) = order == MatrixOrder.Rows ? (answer.Rows, answer.Columns) : (answer.Columns, answer.Rows);
            (int Row, int Column) Place(int i) => order == MatrixOrder.Rows ? (i / length, i % length) : (i % length, i / length);
            foreach ((string name, QuantFormat output) in OutputTypes.All)
            {
                yield return new Comparison(Subjects.NameOf(answer.Layout, answer.Bits), name, MatrixOrders.NameOf(order), device => Compare(
                    output,
                    answer.Weights.Length,
                    i => answer.Weights[(Place(i).Row * answer.Columns) + Place(i).Column],
                    i => $"row {Place(i).Row}, column {Place(i).Column} of {answer.Name}",
                    weights => device.DequantizeMatrix(answer.Matrix, order, 0, lines, weights),
                    weights => device.DequantizeMatrix(answer.Matrix, order, 0, lines, weights),
                    weights => device.DequantizeMatrix(answer.Matrix, order, 0, lines, weights)));
            }
        }
    }

    private static string? Compare(
        QuantFormat output,
        int count,
        Func<int, float> expected,
        Func<int, string> place,
        Decoder<float> floats,
        Decoder<Half> halves,
        Decoder<BFloat16> bfloats)
    {
        try
        {
            return output switch
            {
                QuantFormat.F32 => Decode(floats, value => value, float.IsNaN),
                QuantFormat.F16 => Decode(halves, value => (Half)value, Half.IsNaN),
                _ => Decode(bfloats, value => (BFloat16)value, value => float.IsNaN((float)value)),
            };
        }
        catch (Exception failure)
        {
            // What cannot be decoded is a finding like any other; the rest is still checked.
            return ErrorText.Describe(failure);
        }

        // Equal as the project defines it: the same bits, zeros with their signs, and any NaN for any NaN.
        string? Decode<T>(Decoder<T> decode, Func<float, T> round, Func<T, bool> isNaN)
            where T : unmanaged
        {
            var found = new T[count];
            decode(found);
            for (int i = 0; i < found.Length; i++)
            {
                T wanted = round(expected(i));
                if (!SameBits(wanted, found[i]) && !(isNaN(wanted) && isNaN(found[i])))
                {
                    return string.Create(CultureInfo.InvariantCulture, $"{place(i)} is {found[i]}, expected {wanted}");
                }
            }

            return null;
        }
    }

    private static bool SameBits<T>(T a, T b)
        where T : unmanaged =>
        MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in a)).SequenceEqual(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in b)));

    private delegate void Decoder<T>(Span<T> weights);
}
