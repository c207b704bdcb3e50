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

    /// <summary>Puts pieces together.</summary>
    /// <exception cref="ArgumentException">A matrix is malformed, they do not belong together, or the layout cannot hold the result.</exception>
    /// <exception cref="NotSupportedException">Matrices of this layout cannot be cut.</exception>
    public static MatrixArrays Make(IReadOnlyList<MatrixPiece> pieces, MatrixAxis axis, GroupNumbering numbering)
    {
        foreach (MatrixArrays source in pieces.Select(piece => piece.Source).Distinct(ReferenceEqualityComparer.Instance).Cast<MatrixArrays>())
        {
            _ = MatrixGrids.Of(source);
            source.AsMatrix().Check();
            RequireAlike(pieces[0].Source, source, axis);
        }

        return new MatrixAssembly(pieces, axis, numbering).Build();
    }

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

    private static bool HasRowGroups(MatrixArrays matrix) => matrix.Layout is PackedMatrixLayout.Int8 or PackedMatrixLayout.Float8;

    private static void RequireAlike(MatrixArrays first, MatrixArrays other, MatrixAxis axis)
    {
        Compare("layouts", PackedMatrixLayouts.NameOf(first.Layout), PackedMatrixLayouts.NameOf(other.Layout));
        Compare("bits", first.Bits, other.Bits);
        Compare("zero points, one less", first.ZeroPlusOne, other.ZeroPlusOne);
        Compare("zero points that wrap", first.ZeroWraps, other.ZeroWraps);
        Compare("padded words", first.Padded, other.Padded);
        Compare("divided scales", first.ScalesDivided, other.ScalesDivided);
        Compare("types of scales", first.ScaleFormat, other.ScaleFormat);
        Compare("global scales", BitConverter.SingleToUInt32Bits(first.GlobalScale), BitConverter.SingleToUInt32Bits(other.GlobalScale));
        Compare("zero points", !first.Zeros.IsEmpty, !other.Zeros.IsEmpty);
        if (axis == MatrixAxis.Output)
        {
            Compare("input features", first.Columns, other.Columns);
            Compare("inputs of a group", InputsOfGroup(first), InputsOfGroup(other));
            if (!first.GroupIndex.Span.SequenceEqual(other.GroupIndex.Span))
            {
                throw new ArgumentException("The parts have their inputs in different groups (g_idx): they cannot share one list.");
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

        static void Compare<T>(string what, T mine, T others)
            where T : notnull
        {
            if (!mine.Equals(others))
            {
                throw new ArgumentException(ErrorText.Invariant($"The parts differ in {what}: {mine} and {others}."));
            }
        }
    }

    private void RequireMultiple(long length)
    {
        MatrixArrays like = _pieces[0].Source;
        long multiple = MatrixGrids.Multiple(like, _axis);
        if (length % multiple == 0)
        {
            return;
        }

        string features = MatrixCut.Name(_axis);
        string found = _pieces.Count > 1 ? ErrorText.Invariant($"The parts have {length} {features} features together")
            : ErrorText.Invariant($"{(_axis == MatrixAxis.Output ? "Output" : "Input")} features {_pieces[0].First} to {_pieces[0].First + length}");
        long first = _pieces[0].First, before = length / multiple * multiple;
        string nearest = _pieces.Count > 1 ? ""
            : before == 0 ? ErrorText.Invariant($"; nearest end: {first + multiple}")
            : ErrorText.Invariant($"; nearest ends: {first + before} or {first + before + multiple}");
        throw new ArgumentException(ErrorText.Invariant(
            $"{found}: {PackedMatrixLayouts.NameOf(like.Layout)} of {like.Bits} bits holds a multiple of {multiple}{nearest}."));
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
                $"{PackedMatrixLayouts.NameOf(_result.Layout)} [{_result.Rows}, {_result.Columns}] has an array of {to.ByteLength} bytes, expected at most {Array.MaxLength} where parts are put together."));
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
