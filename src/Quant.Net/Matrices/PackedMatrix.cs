using Quant.Net.Native;

namespace Quant.Net;

/// <summary>A matrix as checkpoints of GPTQ, AWQ and others keep it: codes, scales and zero points in arrays of their own.</summary>
/// <remarks>Rows are output features and columns input features, as in <c>nn.Linear.weight</c>. The arrays stay the caller's. A default
/// value has no layout and is refused wherever it is used.</remarks>
public readonly ref struct PackedMatrix
{
    /// <summary>How the arrays are laid out.</summary>
    public PackedMatrixLayout Layout { get; init; }

    /// <summary>Output features.</summary>
    public long Rows { get; init; }

    /// <summary>Input features.</summary>
    public long Columns { get; init; }

    /// <summary>Columns that share a scale. 0: all; the last group may be shorter. MXFP4: 32; NVFP4: 16; bitsandbytes: the weights of a
    /// block.</summary>
    public long GroupSize { get; init; }

    /// <summary>8-bit integers and floats: rows that share a scale. 0: each has its own.</summary>
    public long GroupRows { get; init; }

    /// <summary>Bits of a code.</summary>
    public int Bits { get; init; }

    /// <summary>GPTQ: stored zero points are one less than meant, as in checkpoints of <c>checkpoint_format</c> "gptq".</summary>
    public bool ZeroPlusOne { get; init; }

    /// <summary>GPTQ: a stored zero point of all ones, plus one, is 0 and not 2 to the power of <see cref="Bits"/>.</summary>
    public bool ZeroWraps { get; init; }

    /// <summary>compressed-tensors: words hold 32 / <see cref="Bits"/> whole codes, as versions before 0.18.0 wrote them.</summary>
    public bool Padded { get; init; }

    /// <summary>NVFP4: scales are divided by <see cref="GlobalScale"/>, as in compressed-tensors, and not multiplied, as in ModelOpt.</summary>
    public bool ScalesDivided { get; init; }

    /// <summary>What scales are: <see cref="QuantFormat.F16"/>, <see cref="QuantFormat.BF16"/> or <see cref="QuantFormat.F32"/>. The
    /// default where the layout says it.</summary>
    public QuantFormat ScaleFormat { get; init; }

    /// <summary>NVFP4: the scale of the matrix.</summary>
    public float GlobalScale { get; init; }

    /// <summary>The packed weights, such as <c>qweight</c>.</summary>
    public ReadOnlySpan<byte> Codes { get; init; }

    /// <summary>The scales.</summary>
    public ReadOnlySpan<byte> Scales { get; init; }

    /// <summary>The packed zero points, such as <c>qzeros</c>. Empty: codes are symmetric around half their range, or have signs.</summary>
    public ReadOnlySpan<byte> Zeros { get; init; }

    /// <summary>GPTQ and compressed-tensors: the group of each column as 32-bit numbers, <c>g_idx</c>. Empty, or all zeros with several
    /// groups: in order.</summary>
    public ReadOnlySpan<byte> GroupIndex { get; init; }

    /// <summary>bitsandbytes: the values of the sixteen codes, <c>quant_map</c>.</summary>
    public ReadOnlySpan<byte> Levels { get; init; }

    /// <summary>bitsandbytes, double quantized: the values of the scales' codes, <c>nested_quant_map</c>.</summary>
    public ReadOnlySpan<byte> ScaleLevels { get; init; }

    /// <summary>With <see cref="ScaleLevels"/>: a scale for each <see cref="ScaleGroup"/> of scales, <c>nested_absmax</c>.</summary>
    public ReadOnlySpan<byte> ScaleScales { get; init; }

    /// <summary>With <see cref="ScaleLevels"/>: scales that share one of <see cref="ScaleScales"/>.</summary>
    public long ScaleGroup { get; init; }

    /// <summary>With <see cref="ScaleLevels"/>: added to each scale, <c>nested_offset</c>.</summary>
    public float ScaleOffset { get; init; }

    /// <summary>Checks that the matrix can be decoded: shape, bits, the sizes of the arrays, the range of <see cref="GroupIndex"/>.</summary>
    /// <exception cref="ArgumentException">Something does not fit; the message says what was found and expected.</exception>
    /// <exception cref="NotSupportedException">The layout does not have such bits or options.</exception>
    public unsafe void Check()
    {
        fixed (byte* codes = Codes, scales = Scales, zeros = Zeros, groupIndex = GroupIndex)
        fixed (byte* levels = Levels, scaleLevels = ScaleLevels, scaleScales = ScaleScales)
        {
            qn_matrix matrix = ToNative(codes, scales, zeros, groupIndex, levels, scaleLevels, scaleScales);
            Status.ThrowIfFailed(NativeMethods.qn_matrix_check(&matrix));
        }
    }

    internal unsafe qn_matrix ToNative(
        byte* codes, byte* scales, byte* zeros, byte* groupIndex, byte* levels, byte* scaleLevels, byte* scaleScales) => new()
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
            codes = codes,
            codes_size = (nuint)Codes.Length,
            scales = scales,
            scales_size = (nuint)Scales.Length,
            zeros = zeros,
            zeros_size = (nuint)Zeros.Length,
            group_index = groupIndex,
            group_index_size = (nuint)GroupIndex.Length,
            levels = levels,
            levels_size = (nuint)Levels.Length,
            scale_levels = scaleLevels,
            scale_levels_size = (nuint)ScaleLevels.Length,
            scale_scales = scaleScales,
            scale_scales_size = (nuint)ScaleScales.Length,
            scale_group = (ulong)ScaleGroup,
            scale_offset = ScaleOffset,
        };

    private NativeMatrixFlags Flags =>
        (ZeroPlusOne ? NativeMatrixFlags.ZeroPlusOne : 0) | (ZeroWraps ? NativeMatrixFlags.ZeroWraps : 0) |
        (Padded ? NativeMatrixFlags.Padded : 0) | (ScalesDivided ? NativeMatrixFlags.ScalesDivided : 0);
}
