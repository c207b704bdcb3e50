namespace Quant.Net;

/// <summary>A packed matrix whose arrays can be kept: what <see cref="PackedMatrix"/> shows as spans, as memory.</summary>
/// <remarks>The properties have the meanings of those of <see cref="PackedMatrix"/>. bitsandbytes has arrays of other kinds, and no place
/// here: its blocks run across rows.</remarks>
public sealed record MatrixArrays
{
    /// <inheritdoc cref="PackedMatrix.Layout"/>
    public PackedMatrixLayout Layout { get; init; }

    /// <inheritdoc cref="PackedMatrix.Rows"/>
    public long Rows { get; init; }

    /// <inheritdoc cref="PackedMatrix.Columns"/>
    public long Columns { get; init; }

    /// <inheritdoc cref="PackedMatrix.GroupSize"/>
    public long GroupSize { get; init; }

    /// <inheritdoc cref="PackedMatrix.GroupRows"/>
    public long GroupRows { get; init; }

    /// <inheritdoc cref="PackedMatrix.Bits"/>
    public int Bits { get; init; }

    /// <inheritdoc cref="PackedMatrix.ZeroPlusOne"/>
    public bool ZeroPlusOne { get; init; }

    /// <inheritdoc cref="PackedMatrix.ZeroWraps"/>
    public bool ZeroWraps { get; init; }

    /// <inheritdoc cref="PackedMatrix.Padded"/>
    public bool Padded { get; init; }

    /// <inheritdoc cref="PackedMatrix.ScalesDivided"/>
    public bool ScalesDivided { get; init; }

    /// <inheritdoc cref="PackedMatrix.ScaleFormat"/>
    public QuantFormat ScaleFormat { get; init; }

    /// <inheritdoc cref="PackedMatrix.GlobalScale"/>
    public float GlobalScale { get; init; }

    /// <inheritdoc cref="PackedMatrix.Codes"/>
    public ReadOnlyMemory<byte> Codes { get; init; }

    /// <inheritdoc cref="PackedMatrix.Scales"/>
    public ReadOnlyMemory<byte> Scales { get; init; }

    /// <inheritdoc cref="PackedMatrix.Zeros"/>
    public ReadOnlyMemory<byte> Zeros { get; init; }

    /// <inheritdoc cref="PackedMatrix.GroupIndex"/>
    public ReadOnlyMemory<byte> GroupIndex { get; init; }

    /// <summary>The matrix as devices take it: a view of these arrays.</summary>
    public PackedMatrix AsMatrix() => new()
    {
        Layout = Layout,
        Rows = Rows,
        Columns = Columns,
        GroupSize = GroupSize,
        GroupRows = GroupRows,
        Bits = Bits,
        ZeroPlusOne = ZeroPlusOne,
        ZeroWraps = ZeroWraps,
        Padded = Padded,
        ScalesDivided = ScalesDivided,
        ScaleFormat = ScaleFormat,
        GlobalScale = GlobalScale,
        Codes = Codes.Span,
        Scales = Scales.Span,
        Zeros = Zeros.Span,
        GroupIndex = GroupIndex.Span,
    };
}
