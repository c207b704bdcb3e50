using System.Runtime.InteropServices;

namespace Quant.Net.Slicing;

/// <summary>Lists of groups, <c>g_idx</c>.</summary>
internal static class GroupIndexes
{
    /// <summary>Whether a matrix has a list that says more than that groups are in order.</summary>
    public static bool HasAny(MatrixArrays matrix)
    {
        ReadOnlySpan<uint> index = Read(matrix);
        long size = MatrixGrids.EffectiveGroup(matrix);
        bool zero = true, ordered = true;
        for (int i = 0; i < index.Length; i++)
        {
            zero &= index[i] == 0;
            ordered &= index[i] == i / size;
        }

        return !zero && !ordered;
    }

    /// <summary>The group of a column.</summary>
    public static long GroupOf(MatrixArrays matrix, bool listed, long column) =>
        listed ? Read(matrix)[(int)column] : column / MatrixGrids.EffectiveGroup(matrix);

    /// <summary>A list of groups in order, or one of zeros, as the original has it.</summary>
    public static byte[] InOrder(MatrixArrays like, long columns, long size)
    {
        uint[] index = new uint[columns];
        if (Read(like).ContainsAnyExcept(0u))
        {
            for (long i = 0; i < columns; i++)
            {
                index[i] = (uint)(i / size);
            }
        }

        return Bytes(index);
    }

    public static byte[] Bytes(ReadOnlySpan<uint> index) => MemoryMarshal.AsBytes(index).ToArray();

    private static ReadOnlySpan<uint> Read(MatrixArrays matrix) => MemoryMarshal.Cast<byte, uint>(matrix.GroupIndex.Span);
}
