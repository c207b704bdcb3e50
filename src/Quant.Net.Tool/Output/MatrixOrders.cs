namespace Quant.Net.Tool.Output;

/// <summary>The orders of a matrix' results, with their names at the command line.</summary>
internal static class MatrixOrders
{
    public static IReadOnlyList<MatrixOrder> All { get; } = [MatrixOrder.Rows, MatrixOrder.Columns];

    public static string NameOf(MatrixOrder order) => order == MatrixOrder.Rows ? "rows" : "columns";
}
