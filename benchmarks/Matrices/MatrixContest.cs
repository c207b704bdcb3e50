using Quant.Net.Tool.Bench;

namespace Quant.Net.Benchmarks.Matrices;

/// <summary>What was measured of a case with a type and order of results.</summary>
/// <param name="Case">The case.</param>
/// <param name="Output">The type of the results.</param>
/// <param name="Order">Their order.</param>
/// <param name="Kernel">The kernel of the best instruction set.</param>
/// <param name="Seconds">What it took, all threads, out of cache.</param>
/// <param name="OfRoof">Its share of the roof: the same bytes moved without decoding, in the same rounds.</param>
/// <param name="OfScalar">How many times as fast as plain code it is.</param>
internal sealed record MatrixResult(
    MatrixCase Case, QuantFormat Output, MatrixOrder Order, string Kernel, double Seconds, double OfRoof, double OfScalar);

/// <summary>Packed matrices out of cache, with all threads, beside the roof.</summary>
internal static unsafe class MatrixContest
{
    private static readonly QuantFormat[] Outputs = [QuantFormat.F32, QuantFormat.F16, QuantFormat.BF16];

    public static IReadOnlyList<MatrixResult> Run(double seconds, Action<string> report)
    {
        using QuantDevice best = QuantDevice.Open("cpu");
        using QuantDevice scalar = QuantDevice.Open("cpu", new QuantDeviceOptions { InstructionSet = InstructionSet.Scalar });
        using var crew = new Crew(best.Threads);
        using var weights = new PageMemory(MatrixCase.Rows * MatrixCase.Columns * sizeof(float));
        List<MatrixResult> results = [];
        foreach (MatrixCase one in MatrixCase.All)
        {
            report(one.Name);
            using PageMemory codes = one.Shape.MakeCodes();
            byte[] scales = one.Shape.MakeScales(), zeros = one.Shape.MakeZeros(), groupIndex = one.Shape.MakeGroupIndex();
            foreach (MatrixOrder order in new[] { MatrixOrder.Rows, MatrixOrder.Columns })
            {
                foreach (QuantFormat output in Outputs)
                {
                    string kernel = "";
                    void Decode(QuantDevice device, long lines)
                    {
                        PackedMatrix matrix = one.Shape.View(
                            new ReadOnlySpan<byte>(codes.Pointer, (int)codes.Bytes), scales, zeros, groupIndex);
                        Dequantize(device, matrix, order, lines, output, weights);
                        kernel = QuantDevice.LastKernel;
                    }

                    long all = order == MatrixOrder.Rows ? MatrixCase.Rows : MatrixCase.Columns;
                    double[][] samples = Interleaved.Time(
                        [() => Move(crew, one, codes, output, weights), () => Decode(best, all)],
                        () => Move(crew, one, codes, output, weights),
                        seconds,
                        CancellationToken.None);
                    string bestKernel = kernel;

                    // Plain code takes long: a part of the matrix shows what all of it would take.
                    const int Part = 16;
                    double plain = Part * Median.Of(Interleaved.Time([() => Decode(scalar, all / Part)], null, 0, CancellationToken.None)[0]);
                    double taken = Median.Of(samples[1]);
                    results.Add(new MatrixResult(
                        one, output, order, bestKernel, taken, Median.OfRatios(samples[0], samples[1]), plain / taken));
                }
            }
        }

        return results;
    }

    private static void Dequantize(
        QuantDevice device, in PackedMatrix matrix, MatrixOrder order, long lines, QuantFormat output, PageMemory weights)
    {
        int count = (int)(lines * (order == MatrixOrder.Rows ? matrix.Columns : matrix.Rows));
        switch (output)
        {
            case QuantFormat.F32:
                device.DequantizeMatrix(matrix, order, 0, lines, new Span<float>(weights.Pointer, count));
                break;
            case QuantFormat.F16:
                device.DequantizeMatrix(matrix, order, 0, lines, new Span<Half>(weights.Pointer, count));
                break;
            default:
                device.DequantizeMatrix(matrix, order, 0, lines, new Span<BFloat16>(weights.Pointer, count));
                break;
        }
    }

    // The roof, in pieces as large as those that the library's threads take.
    private static void Move(Crew crew, MatrixCase one, PageMemory codes, QuantFormat output, PageMemory weights)
    {
        const long PieceWeights = 32 * 1024;
        long read = PieceWeights * one.Bits / 8, written = PieceWeights * (output == QuantFormat.F32 ? sizeof(float) : sizeof(ushort));
        crew.Run(one.Weights / PieceWeights, 1, (first, end) =>
        {
            for (long piece = first; piece < end; piece++)
            {
                MemoryTraffic.Move(codes.Pointer + (piece * read), read, weights.Pointer + (piece * written), written);
            }
        });
    }
}
