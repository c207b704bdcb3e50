using Quant.Net.IO;

namespace Quant.Net.Slicing;

/// <summary>
/// The groups of a matrix that is put together from pieces: which group of which piece's matrix each one is. Groups that a cut goes
/// through become several smaller ones with the same scales.
/// </summary>
internal sealed class GroupPlan
{
    private readonly IReadOnlyList<MatrixPiece> _pieces;
    private readonly MatrixAxis _axis;
    private readonly MatrixArrays _like;
    private readonly long _length;

    private GroupPlan(IReadOnlyList<MatrixPiece> pieces, MatrixAxis axis, long length) =>
        (_pieces, _axis, _like, _length) = (pieces, axis, pieces[0].Source, length);

    /// <summary>What <see cref="MatrixArrays.GroupSize"/>, or <see cref="MatrixArrays.GroupRows"/>, will be.</summary>
    public long Size { get; private set; }

    /// <summary>The matrix of the piece with this number, and the group in it.</summary>
    public List<(int Piece, long Group)> Groups { get; } = [];

    /// <summary>The group of each column; empty: the groups are in order.</summary>
    public uint[] Index { get; private set; } = [];

    /// <summary>Plans the groups along the direction in which pieces are put together.</summary>
    /// <exception cref="ArgumentException">The layout has no groups that could hold it.</exception>
    public static GroupPlan Make(IReadOnlyList<MatrixPiece> pieces, MatrixAxis axis, long length, GroupNumbering numbering)
    {
        var plan = new GroupPlan(pieces, axis, length);
        bool[] listed = [.. pieces.Select(piece => axis == MatrixAxis.Input && GroupIndexes.HasAny(piece.Source))];
        if (listed.Contains(true))
        {
            plan.PlanListed(listed, numbering);
        }
        else
        {
            plan.PlanOrdered();
        }

        return plan;
    }

    /// <summary>The size that is given to groups with which a list says what columns are in: of so many groups, or a few more.</summary>
    public static long ListedSize(long columns, long groups, long usual) =>
        MatrixGrids.Count(columns, usual) == groups ? usual
        : columns % groups == 0 ? columns / groups
        : (columns - 1) / (groups - 1);

    private long SizeIn(MatrixArrays matrix) =>
        _axis == MatrixAxis.Input ? MatrixGrids.EffectiveGroup(matrix) : Math.Max(matrix.GroupRows, 1);

    private long CountIn(MatrixArrays matrix) =>
        MatrixGrids.Count(_axis == MatrixAxis.Input ? matrix.Columns : matrix.Rows, SizeIn(matrix));

    /// <summary>The first piece with the same scales and zero points: parts of one matrix often have them all.</summary>
    private int Identity(int piece)
    {
        MatrixArrays mine = _pieces[piece].Source;
        for (int i = 0; i < piece; i++)
        {
            MatrixArrays other = _pieces[i].Source;
            if (ReferenceEquals(mine, other)
                || (CountIn(mine) == CountIn(other) && mine.Scales.Span.SequenceEqual(other.Scales.Span)
                    && mine.Zeros.Span.SequenceEqual(other.Zeros.Span)))
            {
                return i;
            }
        }

        return piece;
    }

    private void PlanOrdered()
    {
        long rawSize = _axis == MatrixAxis.Input ? _like.GroupSize : _like.GroupRows;
        if (SingleGroup() is { } single)
        {
            Groups.Add(single);
            bool keeps = rawSize == 0 || !MatrixGrids.CanHaveGroup(_like, _length);
            Size = keeps ? rawSize : _length;
        }
        else
        {
            long size = CommonSize();
            Size = rawSize == 0 && size == SizeIn(_like) && _axis == MatrixAxis.Output ? 0 : size;
            long offset = 0;
            for (int i = 0; i < _pieces.Count; i++)
            {
                (MatrixArrays source, long first, long count) = _pieces[i];
                for (; Groups.Count * size < offset + count;)
                {
                    Groups.Add((i, (first + (Groups.Count * size) - offset) / SizeIn(source)));
                }

                offset += count;
            }
        }

        if (_axis == MatrixAxis.Input && Size != 0 && !MatrixGrids.CanHaveGroup(_like, Size))
        {
            throw Refusal(ErrorText.Invariant($"would need groups of {Size} inputs, which {PackedMatrixLayouts.NameOf(_like.Layout)} does not have"));
        }
    }

    /// <summary>The group that all pieces are in, if there is one.</summary>
    private (int, long)? SingleGroup()
    {
        var groups = Enumerable.Range(0, _pieces.Count)
            .SelectMany(i => new[] { 0, _pieces[i].Count - 1 }
                .Select(step => (Identity(i), (_pieces[i].First + step) / SizeIn(_pieces[i].Source))))
            .Distinct().Take(2).ToList();
        return groups is [var only] ? only : null;
    }

    /// <summary>The largest size of groups whose borders include all borders of groups and pieces.</summary>
    private long CommonSize()
    {
        long size = 0, offset = 0;
        foreach ((MatrixArrays source, long first, long count) in _pieces)
        {
            long group = SizeIn(source), inside = group - (first % group);
            size = FieldGrid.Gcd(size, offset);
            if (inside < count)
            {
                size = FieldGrid.Gcd(size, offset + inside);
            }

            if (inside + group < count)
            {
                size = FieldGrid.Gcd(size, group);
            }

            offset += count;
        }

        bool mayEndShort = _axis == MatrixAxis.Output || MatrixGrids.CanEndShort(_like.Layout);
        return mayEndShort ? size : FieldGrid.Gcd(size, _length);
    }

    private void PlanListed(bool[] listed, GroupNumbering numbering)
    {
        var columns = new List<(int Piece, long Group)>();
        for (int i = 0; i < _pieces.Count; i++)
        {
            int identity = Identity(i);
            (MatrixArrays source, long first, long count) = _pieces[i];
            for (long column = first; column < first + count; column++)
            {
                columns.Add((identity, GroupIndexes.GroupOf(source, listed[i], column)));
            }
        }

        IEnumerable<(int Piece, long Group)> kept = numbering == GroupNumbering.Keep
            ? columns.Select(column => column.Piece).Distinct().SelectMany(
                piece => Enumerable.Range(0, (int)CountIn(_pieces[piece].Source)).Select(group => (piece, (long)group)))
            : columns.Distinct();
        Groups.AddRange(kept.Order());
        var numbers = Groups.Select((group, number) => (group, number)).ToDictionary(pair => pair.group, pair => (uint)pair.number);
        Index = [.. columns.Select(column => numbers[column])];
        if (Groups.Count > 1 && !Index.AsSpan().ContainsAnyExcept(0u))
        {
            // Readers take a list of zeros with several groups for groups in order.
            Groups.RemoveRange(1, Groups.Count - 1);
        }

        SizeForListed();
    }

    /// <summary>
    /// Readers compute the number of groups from their size. Where no size gives it, the last group is repeated; no column is in those.
    /// </summary>
    private void SizeForListed()
    {
        int count = Groups.Count;
        if (count > _length)
        {
            throw Refusal(ErrorText.Invariant($"has fewer inputs than the {count} groups to keep, expected groups that are numbered anew"));
        }

        Size = ListedSize(_length, count, _like.GroupSize);
        while (Groups.Count < MatrixGrids.Count(_length, Size))
        {
            Groups.Add(Groups[count - 1]);
        }
    }

    private ArgumentException Refusal(string what)
    {
        long step = MatrixGrids.Multiple(_like, MatrixAxis.Input);
        long legal = step / FieldGrid.Gcd(step, SizeIn(_like)) * SizeIn(_like);
        MatrixPiece piece = _pieces[0];
        long end = piece.First + piece.Count;
        return new ArgumentException(_pieces.Count > 1
            ? ErrorText.Invariant($"a matrix of {ErrorText.Count(_pieces.Count, "piece")} {what}, expected pieces of multiples of {legal} input features")
            : ErrorText.Invariant(
                $"the part of input features {piece.First}:{end} {what}; nearest cuts: {NearestCuts.Of(piece.First, end, legal, piece.Source.Columns)}"));
    }
}
