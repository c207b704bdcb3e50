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

    /// <summary>Input features that share a scale. 0: all; the last group may be shorter.</summary>
    public long GroupSize { get; init; }

    /// <summary>Bits of a code.</summary>
    public int Bits { get; init; }

    /// <summary>GPTQ: stored zero points are one less than meant, as in checkpoints of <c>checkpoint_format</c> "gptq".</summary>
    public bool ZeroPlusOne { get; init; }

    /// <summary>GPTQ: a stored zero point of all ones, plus one, is 0 and not 2 to the power of <see cref="Bits"/>.</summary>
    public bool ZeroWraps { get; init; }

    /// <summary>What scales are: <see cref="QuantFormat.F16"/>, <see cref="QuantFormat.BF16"/> or <see cref="QuantFormat.F32"/>.</summary>
    public QuantFormat ScaleFormat { get; init; }

    /// <summary>The packed weights: <c>qweight</c>.</summary>
    public ReadOnlySpan<byte> Codes { get; init; }

    /// <summary>The scales.</summary>
    public ReadOnlySpan<byte> Scales { get; init; }

    /// <summary>The packed zero points, <c>qzeros</c>. Empty: codes are symmetric around half their range.</summary>
    public ReadOnlySpan<byte> Zeros { get; init; }

    /// <summary>GPTQ: the group of each column as 32-bit numbers, <c>g_idx</c>. Empty, or all zeros with several groups: in order.</summary>
    public ReadOnlySpan<byte> GroupIndex { get; init; }

    /// <summary>Checks that the matrix can be decoded: shape, bits, the sizes of the arrays, the range of <see cref="GroupIndex"/>.</summary>
    /// <exception cref="ArgumentException">Something does not fit; the message says what was found and expected.</exception>
    /// <exception cref="NotSupportedException">The layout does not have such bits or options.</exception>
    public unsafe void Check()
    {
        fixed (byte* codes = Codes, scales = Scales, zeros = Zeros, groupIndex = GroupIndex)
        {
            qn_matrix matrix = ToNative(codes, scales, zeros, groupIndex);
            Status.ThrowIfFailed(NativeMethods.qn_matrix_check(&matrix));
        }
    }

    internal unsafe qn_matrix ToNative(byte* codes, byte* scales, byte* zeros, byte* groupIndex) => new()
    {
        struct_size = (uint)sizeof(qn_matrix),
        layout = Layout,
        rows = (ulong)Rows,
        columns = (ulong)Columns,
        group_size = (ulong)GroupSize,
        bits = (uint)Bits,
        flags = (uint)((ZeroPlusOne ? NativeMatrixFlags.ZeroPlusOne : 0) | (ZeroWraps ? NativeMatrixFlags.ZeroWraps : 0)),
        scale_format = ScaleFormat,
        codes = codes,
        codes_size = (nuint)Codes.Length,
        scales = scales,
        scales_size = (nuint)Scales.Length,
        zeros = zeros,
        zeros_size = (nuint)Zeros.Length,
        group_index = groupIndex,
        group_index_size = (nuint)GroupIndex.Length,
    };
}
