namespace Quant.Net.Comparison;

/// <summary>Measures errors of rows by all threads. What is added in which order does not depend on how many there are.</summary>
internal sealed class ErrorMeter(int threads, int worstRows)
{
    /// <summary>Buffers with a value for each of a chunk.</summary>
    public const int BuffersOfChunk = 2;

    /// <summary>Rows that are summed by one thread have about so many.</summary>
    private const int ValuesOfPiece = 1 << 16;

    private float[] _original = [];
    private float[] _other = [];

    /// <summary>Room for the values of a chunk.</summary>
    public Span<float> Originals(int values) => Room(ref _original, values);

    /// <summary>Room for what they have become.</summary>
    public Span<float> Others(int values) => Room(ref _other, values);

    /// <summary>Adds the rows that the buffers hold, which are those of a tensor from one on.</summary>
    public void Measure(long first, int rows, int columns, ErrorSums sums, WorstRowList worst)
    {
        int rowsOfPiece = Math.Max(ValuesOfPiece / columns, 1);
        var pieces = new (ErrorSums Sums, WorstRowList Worst)[(rows + rowsOfPiece - 1) / rowsOfPiece];
        Parallel.For(0, pieces.Length, new ParallelOptions { MaxDegreeOfParallelism = Math.Max(threads, 1) }, piece =>
        {
            var pieceSums = new ErrorSums();
            var pieceWorst = new WorstRowList(worstRows);
            int end = Math.Min((piece + 1) * rowsOfPiece, rows);
            for (int row = piece * rowsOfPiece; row < end; row++)
            {
                (double errors, double originals) = pieceSums.AddRow(
                    _original.AsSpan(row * columns, columns), _other.AsSpan(row * columns, columns), (first + row) * columns);
                pieceWorst.Consider(first + row, errors, originals);
            }

            pieces[piece] = (pieceSums, pieceWorst);
        });
        foreach ((ErrorSums pieceSums, WorstRowList pieceWorst) in pieces)
        {
            sums.Add(pieceSums, sameTensor: true);
            worst.Consider(pieceWorst);
        }
    }

    private static Span<float> Room(ref float[] buffer, int values)
    {
        if (buffer.Length < values)
        {
            buffer = GC.AllocateUninitializedArray<float>(values);
        }

        return buffer.AsSpan(0, values);
    }
}
