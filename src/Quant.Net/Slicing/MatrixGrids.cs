using Quant.Net.IO;

namespace Quant.Net.Slicing;

/// <summary>The arrays of a packed matrix as grids, by its layout. docs/formats-safetensors.md has the layouts in words.</summary>
internal sealed class MatrixGrids
{
    /// <summary>GEMV kernels read zero points with strides that depend on the group: 32, 64, or 128 and more.</summary>
    private const long LeastGemvGroup = 32;

    private MatrixGrids(FieldGrid codes, FieldGrid scales, FieldGrid? zeros) => (Codes, Scales, Zeros) = (codes, scales, zeros);

    public FieldGrid Codes { get; }

    public FieldGrid Scales { get; }

    /// <summary>Null if the layout has none.</summary>
    public FieldGrid? Zeros { get; }

    /// <summary>The grids of a matrix; its arrays need not be there yet.</summary>
    /// <exception cref="NotSupportedException">Matrices of this layout cannot be cut.</exception>
    public static MatrixGrids Of(MatrixArrays matrix)
    {
        long rows = matrix.Rows, columns = matrix.Columns;
        long groups = Count(columns, EffectiveGroup(matrix));
        long rowGroups = Count(rows, Math.Max(matrix.GroupRows, 1));
        int bits = matrix.Bits, scale = matrix.ScaleFormat == QuantFormat.F32 ? 4 : 2;
        switch (matrix.Layout)
        {
            case PackedMatrixLayout.Gptq:
                return new(
                    new(GridAxis.Rows, GridAxis.Columns, bits, 4, 1, rows, columns * bits / 32 * rows * 4),
                    Plain(GridAxis.Groups, groups, GridAxis.Rows, rows, scale),
                    new(GridAxis.Groups, GridAxis.Rows, bits, 4, rows * bits / 32, 1, groups * (rows * bits / 32) * 4));
            case PackedMatrixLayout.AwqGemm:
                return new(
                    new(GridAxis.Columns, GridAxis.Rows, 4, 4, rows / 8, 1, columns * (rows / 8) * 4, FieldOrder.Dealt),
                    Plain(GridAxis.Groups, groups, GridAxis.Rows, rows, scale),
                    new(GridAxis.Groups, GridAxis.Rows, 4, 4, rows / 8, 1, groups * (rows / 8) * 4, FieldOrder.Dealt));
            case PackedMatrixLayout.AwqGemv:
                long width = GemvWidth(groups, EffectiveGroup(matrix));
                return new(
                    new(GridAxis.Rows, GridAxis.Columns, 4, 4, columns / 8, 1, rows * (columns / 8) * 4),
                    Plain(GridAxis.Rows, rows, GridAxis.Groups, 8 * width, scale),
                    new(GridAxis.Rows, GridAxis.Groups, 4, 4, width, 1, rows * width * 4));
            case PackedMatrixLayout.AwqGemvFast:
                FieldGrid factors = Plain(GridAxis.Groups, 8 * GemvWidth(groups, EffectiveGroup(matrix)), GridAxis.Rows, rows, scale);
                return new(
                    new(GridAxis.Rows, GridAxis.Columns, 4, 2, columns, 1, rows / 4 * columns * 2, FieldOrder.Woven), factors, factors);
            case PackedMatrixLayout.PackQuantized:
                FieldOrder order = matrix.Padded ? FieldOrder.Padded : FieldOrder.Dense;
                long words = PackedWords(matrix, columns), zeroWords = PackedWords(matrix, rows);
                return new(
                    new(GridAxis.Rows, GridAxis.Columns, bits, 4, words, 1, rows * words * 4, order),
                    Plain(GridAxis.Rows, rows, GridAxis.Groups, groups, scale),
                    new(GridAxis.Groups, GridAxis.Rows, bits, 4, 1, groups, zeroWords * groups * 4, order));
            case PackedMatrixLayout.Int8:
                return new(
                    Plain(GridAxis.Rows, rows, GridAxis.Columns, columns, 1),
                    Plain(GridAxis.RowGroups, rowGroups, GridAxis.Groups, groups, scale),
                    Plain(GridAxis.RowGroups, rowGroups, GridAxis.Groups, groups, 1));
            case PackedMatrixLayout.Float8:
                return new(
                    Plain(GridAxis.Rows, rows, GridAxis.Columns, columns, 1),
                    Plain(GridAxis.RowGroups, rowGroups, GridAxis.Groups, groups, scale),
                    null);
            case PackedMatrixLayout.Mxfp4Rows or PackedMatrixLayout.Nvfp4Rows:
                return new(
                    new(GridAxis.Rows, GridAxis.Columns, 4, 1, columns / 2, 1, rows * (columns / 2)),
                    Plain(GridAxis.Rows, rows, GridAxis.Groups, groups, 1),
                    null);
            case PackedMatrixLayout.LlmInt8:
                return new(
                    Plain(GridAxis.Rows, rows, GridAxis.Columns, columns, 1),
                    Plain(GridAxis.Rows, rows, GridAxis.Groups, groups, 4),
                    null);
            default:
                throw new NotSupportedException(ErrorText.Invariant(
                    $"matrices of layout {PackedMatrixLayouts.NameOf(matrix.Layout)} cannot be cut or joined: their blocks run across rows"));
        }
    }

    /// <summary>Of how many rows or columns a matrix of this layout must have a multiple.</summary>
    public static long Multiple(MatrixArrays matrix, MatrixAxis axis) => (matrix.Layout, axis) switch
    {
        (PackedMatrixLayout.Gptq, _) => 32 / FieldGrid.Gcd(32, matrix.Bits),
        (PackedMatrixLayout.AwqGemm, MatrixAxis.Output) => 8,
        (PackedMatrixLayout.AwqGemv, MatrixAxis.Input) => 8,
        (PackedMatrixLayout.AwqGemvFast, MatrixAxis.Output) => 4,
        (PackedMatrixLayout.AwqGemvFast, MatrixAxis.Input) => 64,
        (PackedMatrixLayout.Mxfp4Rows or PackedMatrixLayout.Nvfp4Rows, MatrixAxis.Input) => matrix.GroupSize,
        _ => 1,
    };

    /// <summary>Whether a group of this size can be in a matrix of the layout.</summary>
    public static bool CanHaveGroup(MatrixArrays matrix, long size) => matrix.Layout switch
    {
        PackedMatrixLayout.AwqGemv or PackedMatrixLayout.AwqGemvFast => size % LeastGemvGroup == 0,
        PackedMatrixLayout.Mxfp4Rows or PackedMatrixLayout.Nvfp4Rows => size == matrix.GroupSize,
        PackedMatrixLayout.LlmInt8 => false,
        _ => true,
    };

    /// <summary>Whether the last group may be shorter than the others.</summary>
    public static bool CanEndShort(PackedMatrixLayout layout) =>
        layout is PackedMatrixLayout.Gptq or PackedMatrixLayout.Float8;

    /// <summary>Columns that share a scale, written out.</summary>
    public static long EffectiveGroup(MatrixArrays matrix) => matrix.GroupSize == 0 ? matrix.Columns : matrix.GroupSize;

    public static long Count(long length, long size) => ((length - 1) / size) + 1;

    private static FieldGrid Plain(GridAxis strings, long stringCount, GridAxis fields, long fieldCount, int bytes) =>
        new(strings, fields, 8 * bytes, bytes, fieldCount, 1, stringCount * fieldCount * bytes);

    private static long GemvWidth(long groups, long group)
    {
        long multiple = group >= 128 ? 1 : group >= 64 ? 2 : 4;
        return Count(Count(groups, 8), multiple) * multiple;
    }

    private static long PackedWords(MatrixArrays matrix, long codes) =>
        matrix.Padded ? Count(codes, 32 / matrix.Bits) : Count(codes * matrix.Bits, 32);
}
