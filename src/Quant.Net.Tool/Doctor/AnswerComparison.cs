using System.Globalization;
using System.Runtime.InteropServices;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Doctor;

/// <summary>One answer in one output type, and for a matrix in one order; or one of an encoder.</summary>
/// <param name="FaultOf">What is reported of a problem.</param>
/// <param name="IsFor">Whether a device has to be able to do it.</param>
/// <param name="FindProblem">Decodes or encodes on a device and tells what is wrong in one line; null if nothing is.</param>
internal sealed record AnswerComparison(Func<string, Fault> FaultOf, Predicate<QuantDevice> IsFor, Func<QuantDevice, string?> FindProblem)
{
    private const string Dequantize = "dequantize", Quantize = "quantize";

    /// <summary>Those of all answers.</summary>
    public static IEnumerable<AnswerComparison> Of(KnownAnswers answers) =>
        [.. answers.All.SelectMany(Of), .. answers.Matrices.SelectMany(Of), .. answers.Encodings.Select(Of)];

    /// <summary>Those of a format's answer.</summary>
    public static IEnumerable<AnswerComparison> Of(KnownAnswer answer)
    {
        foreach ((string name, QuantFormat output) in OutputTypes.All)
        {
            yield return Decoding(Subjects.NameOf(answer.Format), name, null, device => Compare(
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
    public static IEnumerable<AnswerComparison> Of(MatrixAnswer answer)
    {
        foreach (MatrixOrder order in MatrixOrders.All)
        {
            (int lines, int length) = order == MatrixOrder.Rows ? (answer.Rows, answer.Columns) : (answer.Columns, answer.Rows);
            (int Row, int Column) Place(int i) => order == MatrixOrder.Rows ? (i / length, i % length) : (i % length, i / length);
            foreach ((string name, QuantFormat output) in OutputTypes.All)
            {
                yield return Decoding(Subjects.NameOf(answer.Layout, answer.Bits), name, MatrixOrders.NameOf(order), device => Compare(
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

    /// <summary>That of an encoder, for devices that have one for the format.</summary>
    public static AnswerComparison Of(EncodingAnswer answer) => new(
        problem => new Fault(Quantize, Subjects.NameOf(answer.Format), null, null, answer.IsWeighted, problem),
        device => !QuantFormats.TryGet(answer.Format, out _)
            || device.GetCapability(QuantOperation.Quantize, QuantFormat.F32, answer.Format).IsSupported,
        device => Try(() => Encode(device, answer)));

    // Every device has to decode everything.
    private static AnswerComparison Decoding(string subject, string output, string? order, Func<QuantDevice, string?> findProblem) => new(
        problem => new Fault(Dequantize, subject, output, order, null, problem), _ => true, device => Try(() => findProblem(device)));

    // What cannot be done is a finding like any other; the rest is still checked.
    private static string? Try(Func<string?> findProblem)
    {
        try
        {
            return findProblem();
        }
        catch (Exception failure)
        {
            return ErrorText.Describe(failure);
        }
    }

    private static string? Encode(QuantDevice device, EncodingAnswer answer)
    {
        EncodingInput input = answer.Input;
        byte[] found = new byte[answer.Packed.Length];
        device.Quantize(input.Numbers, input.Columns, answer.Format, found, answer.IsWeighted ? input.Importance : default);
        int place = found.AsSpan().CommonPrefixLength(answer.Packed);
        if (place == found.Length)
        {
            return null;
        }

        QuantFormatInfo format = QuantFormats.Get(answer.Format);
        (long row, long inRow) = Math.DivRem(place, format.GetByteCount(input.Columns));
        (long block, long at) = Math.DivRem(inRow, format.BytesPerBlock);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"byte {at} of block {block} in row {row} is 0x{found[place]:x2}, expected 0x{answer.Packed[place]:x2}");
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
        return output switch
        {
            QuantFormat.F32 => Decode(floats, value => value, float.IsNaN),
            QuantFormat.F16 => Decode(halves, value => (Half)value, Half.IsNaN),
            _ => Decode(bfloats, value => (BFloat16)value, value => float.IsNaN((float)value)),
        };

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
