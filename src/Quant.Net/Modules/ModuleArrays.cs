using Quant.Net.Native;
using Quant.Net.Safetensors;

namespace Quant.Net.Modules;

/// <summary>The tensors of a module as the arrays of a packed matrix, and what is known of them.</summary>
internal sealed unsafe record ModuleArrays(PackedMatrixLayout Layout, long Rows, long Columns, int Bits, SafetensorsTensor Codes)
{
    public SafetensorsTensor? Scales { get; init; }

    public SafetensorsTensor? Zeros { get; init; }

    public SafetensorsTensor? GroupIndex { get; init; }

    public SafetensorsTensor? Levels { get; init; }

    public SafetensorsTensor? ScaleLevels { get; init; }

    public SafetensorsTensor? ScaleScales { get; init; }

    /// <summary>The tensor that says the shape.</summary>
    public SafetensorsTensor? ShapeTensor { get; init; }

    /// <summary>A list of groups that was never filled in.</summary>
    public SafetensorsTensor? Unused { get; init; }

    /// <summary>Tensors of a few numbers that say something of the whole matrix.</summary>
    public IReadOnlyList<SafetensorsTensor> Others { get; init; } = [];

    public long GroupSize { get; init; }

    public long GroupRows { get; init; }

    public NativeMatrixFlags Flags { get; init; }

    public float GlobalScale { get; init; }

    public long ScaleGroup { get; init; }

    public float ScaleOffset { get; init; }

    /// <summary>The shape of the decoded weights, where it is not [rows, columns].</summary>
    public IReadOnlyList<long>? Shape { get; init; }

    public IReadOnlyList<SafetensorsTensor> Tensors =>
    [
        Codes, .. new[] { Scales, Zeros, GroupIndex, Levels, ScaleLevels, ScaleScales, ShapeTensor, Unused }.OfType<SafetensorsTensor>(), .. Others,
    ];

    /// <summary>Whether the list of groups says anything: not that of groups in order, nor all zeros.</summary>
    public bool IsActOrder
    {
        get
        {
            if (GroupIndex is null)
            {
                return false;
            }

            var groups = new ReadOnlySpan<int>(GroupIndex.Pointer, (int)Columns);
            long group = GroupSize == 0 ? Columns : GroupSize;
            for (int i = 0; i < groups.Length && groups.ContainsAnyExcept(0); i++)
            {
                if (groups[i] != i / group)
                {
                    return true;
                }
            }

            return false;
        }
    }

    public qn_matrix ToNative() => new()
    {
        struct_size = (uint)sizeof(qn_matrix),
        layout = Layout,
        rows = (ulong)Rows,
        columns = (ulong)Columns,
        group_size = (ulong)GroupSize,
        group_rows = (ulong)GroupRows,
        bits = (uint)Bits,
        flags = (uint)Flags,
        scale_format = ScaleFormat,
        global_scale = GlobalScale,
        codes = Codes.Pointer,
        codes_size = (nuint)Codes.ByteLength,
        scales = Pointer(Scales),
        scales_size = Size(Scales),
        zeros = Pointer(Zeros),
        zeros_size = Size(Zeros),
        group_index = Pointer(GroupIndex),
        group_index_size = Size(GroupIndex),
        levels = Pointer(Levels),
        levels_size = Size(Levels),
        scale_levels = Pointer(ScaleLevels),
        scale_levels_size = Size(ScaleLevels),
        scale_scales = Pointer(ScaleScales),
        scale_scales_size = Size(ScaleScales),
        scale_group = (ulong)ScaleGroup,
        scale_offset = ScaleOffset,
    };

    /// <summary>The matrix of one of the experts that <see cref="Shape"/> tells of.</summary>
    public qn_matrix ToNative(long expert)
    {
        qn_matrix matrix = ToNative();
        (nuint index, nuint experts) = ((nuint)expert, (nuint)Shape![0]);
        matrix.rows = (ulong)Shape[1];
        matrix.codes_size /= experts;
        matrix.scales_size /= experts;
        matrix.codes = (byte*)matrix.codes + (index * matrix.codes_size);
        matrix.scales = (byte*)matrix.scales + (index * matrix.scales_size);
        return matrix;
    }

    /// <summary>What scales are, as the library takes it: later layouts know it of themselves.</summary>
    public QuantFormat ScaleFormat => Layout <= PackedMatrixLayout.Float8 ? Scales!.Format!.Value : default;

    private static byte* Pointer(SafetensorsTensor? tensor) => tensor is null ? null : tensor.Pointer;

    private static nuint Size(SafetensorsTensor? tensor) => tensor is null ? 0 : (nuint)tensor.ByteLength;
}
