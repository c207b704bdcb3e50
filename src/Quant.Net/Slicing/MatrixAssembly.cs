using Quant.Net.IO;

namespace Quant.Net.Slicing;

/// <summary>Puts a packed matrix together from pieces of others. Cutting is the case of one piece.</summary>
internal sealed class MatrixAssembly
{
    private readonly IReadOnlyList<MatrixPiece> _pieces;
    private readonly MatrixAxis _axis;
    private readonly GroupPlan _plan;
    private readonly MatrixArrays _result;

    private MatrixAssembly(IReadOnlyList<MatrixPiece> pieces, MatrixAxis axis, GroupNumbering numbering)
    {
        _pieces = pieces;
        _axis = axis;
        MatrixArrays like = pieces[0].Source;
        long length = pieces.Sum(piece => piece.Count);
        RequireMultiple(length);
        _plan = GroupPlan.Make(pieces, axis, length, numbering);
        _result = axis == MatrixAxis.Output
            ? like with { Rows = length, GroupRows = HasRowGroups(like) ? _plan.Size : 0 }
            : like with { Columns = length, GroupSize = _plan.Size, GroupIndex = Index(like, length) };
    }

    /// <summary>Puts pieces together, of matrices that <see cref="RequireAlike"/> has nothing against.</summary>
    /// <exception cref="ArgumentException">The layout cannot hold the result.</exception>
    public static MatrixArrays Make(IReadOnlyList<MatrixPiece> pieces, MatrixAxis axis, GroupNumbering numbering) =>
        new MatrixAssembly(pieces, axis, numbering).Build();

    /// <summary>
    /// What <see cref="Make"/> would give, with its lengths and list of groups but without other arrays. Those of the pieces need not be there
    /// either, but for lists of groups.
    /// </summary>
    /// <exception cref="ArgumentException">The layout cannot hold the result.</exception>
    /// <exception cref="NotSupportedException">Matrices of this layout cannot be cut.</exception>
    public static MatrixArrays Outline(MatrixPiece[] pieces, MatrixAxis axis, GroupNumbering numbering)
    {
        _ = MatrixGrids.Of(pieces[0].Source);
        return new MatrixAssembly(pieces, axis, numbering)._result with { Codes = default, Scales = default, Zeros = default };
    }

    /// <summary>Throws unless a matrix is sound and can be joined to a first one.</summary>
    /// <exception cref="ArgumentException">It is malformed, or they do not belong together.</exception>
    /// <exception cref="NotSupportedException">Matrices of this layout cannot be cut.</exception>
    public static void RequireAlike(MatrixArrays first, MatrixArrays other, MatrixAxis axis)
    {
        _ = MatrixGrids.Of(other);
        other.AsMatrix().Check();
        Compare("layout", PackedMatrixLayouts.NameOf(first.Layout), PackedMatrixLayouts.NameOf(other.Layout));
        Compare("bits", first.Bits, other.Bits);
        Compare("zero points that are stored one less", Has(first.ZeroPlusOne), Has(other.ZeroPlusOne));
        Compare("zero points that wrap", Has(first.ZeroWraps), Has(other.ZeroWraps));
        Compare("padded words", Has(first.Padded), Has(other.Padded));
        Compare("divided scales", Has(first.ScalesDivided), Has(other.ScalesDivided));
        Compare("type of scales", first.ScaleFormat, other.ScaleFormat);
        Compare("global scale", ErrorText.Invariant($"{first.GlobalScale}"), ErrorText.Invariant($"{other.GlobalScale}"));   // tells 0 from -0
        Compare("zero points", Has(!first.Zeros.IsEmpty), Has(!other.Zeros.IsEmpty));
        if (axis == MatrixAxis.Output)
        {
            Compare("input features", first.Columns, other.Columns);
            Compare("inputs of a group", InputsOfGroup(first), InputsOfGroup(other));
            if (!first.GroupIndex.Span.SequenceEqual(other.GroupIndex.Span))
            {
                throw new ArgumentException("has its inputs in other groups (g_idx) than the first part, expected the same: joined outputs share one list");
            }
        }
        else
        {
            Compare("output features", first.Rows, other.Rows);
            Compare("outputs of a group", OutputsOfGroup(first), OutputsOfGroup(other));
        }

        // A group that is larger than the matrix is as good as one of all.
        static long InputsOfGroup(MatrixArrays matrix) => Math.Min(MatrixGrids.EffectiveGroup(matrix), matrix.Columns);
        static long OutputsOfGroup(MatrixArrays matrix) => Math.Min(Math.Max(matrix.GroupRows, 1), matrix.Rows);

        static string Has(bool has) => has ? "has some" : "has none";
        static void Compare<T>(string what, T mine, T others)
            where T : notnull
        {
            if (!mine.Equals(others))
            {
                throw new ArgumentException(ErrorText.Invariant($"differs from the first part in {what}: {others}, expected {mine}"));
            }
        }
    }

    private static bool HasRowGroups(MatrixArrays matrix) => matrix.Layout is PackedMatrixLayout.Int8 or PackedMatrixLayout.Float8;

    private void RequireMultiple(long length)
    {
        MatrixArrays like = _pieces[0].Source;
        long multiple = MatrixGrids.Multiple(like, _axis);
        if (length % multiple == 0)
        {
            return;
        }

        string found = _pieces is [var only]
            ? ErrorText.Invariant($"{MatrixCut.Name(_axis)} features {PartMark.Text((only.First, length))} are {length}")
            : ErrorText.Invariant($"{ErrorText.Count(_pieces.Count, "piece")} have {length} {MatrixCut.Name(_axis)} features together");
        throw new ArgumentException(ErrorText.Invariant(
            $"{found}, expected a multiple of {multiple} as {PackedMatrixLayouts.NameOf(like.Layout)} of {like.Bits} bits holds it{NearestEnds(length, multiple)}"));
    }

    // Of one piece: where it could end, or what is around it if it could not.
    private string NearestEnds(long length, long multiple)
    {
        if (_pieces is not [(var source, var first, _)])
        {
            return "";
        }

        long all = MatrixSlicer.Length(source, _axis);
        long[] ends = [.. NearestCuts.Around(length, multiple, all).Where(count => count > 0 && count % multiple == 0 && first + count <= all)
            .Select(count => first + count)];
        return ends.Length > 0
            ? ErrorText.Invariant($"; nearest {(ends.Length == 1 ? "end" : "ends")}: {string.Join(" or ", ends)}")
            : ErrorText.Invariant($"; nearest cuts: {NearestCuts.Of(first, first + length, multiple, all)}");
    }

    private byte[] Index(MatrixArrays like, long length) => _plan.Index.Length > 0 ? GroupIndexes.Bytes(_plan.Index)
        : like.GroupIndex.IsEmpty ? []
        : GroupIndexes.InOrder(like, length, _plan.Size == 0 ? length : _plan.Size);

    private MatrixArrays Build()
    {
        var grids = MatrixGrids.Of(_result);
        MatrixArrays result = _result with
        {
            Codes = Assemble(grids.Codes, of => of.Codes, of => of.Codes),
            Scales = Assemble(grids.Scales, of => of.Scales, of => of.Scales),
            Zeros = _result.Zeros.IsEmpty ? default(ReadOnlyMemory<byte>) : Assemble(grids.Zeros!, of => of.Zeros!, of => of.Zeros),
        };
        result.AsMatrix().Check();
        return result;
    }

    private byte[] Assemble(FieldGrid to, Func<MatrixGrids, FieldGrid> gridOf, Func<MatrixArrays, ReadOnlyMemory<byte>> arrayOf)
    {
        (GridAxis features, GridAxis groups) = _axis == MatrixAxis.Output
            ? (GridAxis.Rows, GridAxis.RowGroups) : (GridAxis.Columns, GridAxis.Groups);
        bool alongStrings = to.Strings == features || to.Strings == groups;
        bool byGroup = to.Strings == groups || to.Fields == groups;
        long across = Extent(alongStrings ? to.Fields : to.Strings);

        if (to.ByteLength > Array.MaxLength)
        {
            throw new NotSupportedException(ErrorText.Invariant(
                $"{PackedMatrixLayouts.NameOf(_result.Layout)} [{_result.Rows}, {_result.Columns}] has an array of {to.ByteLength} bytes, expected at most {Array.MaxLength} where parts are put together"));
        }

        byte[] array = new byte[to.ByteLength];
        long place = 0;
        foreach ((MatrixArrays source, long first, long count) in byGroup ? GroupRuns() : _pieces)
        {
            FieldGrid from = gridOf(MatrixGrids.Of(source));
            if (alongStrings)
            {
                from.Copy(arrayOf(source).Span, (first, 0), to, array, (place, 0), count, across);
            }
            else
            {
                from.Copy(arrayOf(source).Span, (0, first), to, array, (0, place), across, count);
            }

            place += count;
        }

        return array;
    }

    /// <summary>The groups of the plan, neighbours together.</summary>
    private IEnumerable<MatrixPiece> GroupRuns()
    {
        for (int begin = 0, end; begin < _plan.Groups.Count; begin = end)
        {
            (int piece, long group) = _plan.Groups[begin];
            for (end = begin + 1; end < _plan.Groups.Count && _plan.Groups[end] == (piece, group + end - begin);)
            {
                end++;
            }

            yield return new MatrixPiece(_pieces[piece].Source, group, end - begin);
        }
    }

    private long Extent(GridAxis axis) => axis switch
    {
        GridAxis.Rows => _result.Rows,
        GridAxis.Columns => _result.Columns,
        GridAxis.RowGroups => MatrixGrids.Count(_result.Rows, Math.Max(_result.GroupRows, 1)),
        _ => MatrixGrids.Count(_result.Columns, MatrixGrids.EffectiveGroup(_result)),
    };
}
