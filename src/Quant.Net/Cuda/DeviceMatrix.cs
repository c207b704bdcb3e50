using Quant.Net.Native;

namespace Quant.Net.Cuda;

/// <summary>A packed matrix whose arrays are in a GPU's memory, for <see cref="CudaStream.DequantizeMatrix(DeviceMatrix, MatrixOrder,
/// long, long, DeviceBuffer{float})"/>. The buffers stay the caller's.</summary>
/// <remarks>
/// Buffers have exactly the sizes of the arrays. What is in them is not looked at: call <see cref="PackedMatrix.Check"/> while the arrays
/// are still on the host, since a number in <see cref="GroupIndex"/> beyond the groups loses the device for the whole process.
/// </remarks>
/// <example>
/// <code>
/// packed.Check();                                                    // a PackedMatrix with its arrays on the host
/// DeviceMatrix matrix = new(packed) { Codes = codes, Scales = scales, Zeros = zeros };
/// stream.DequantizeMatrix(matrix, MatrixOrder.Rows, 0, packed.Rows, weights);
/// </code>
/// </example>
public sealed unsafe class DeviceMatrix
{
    private readonly qn_matrix _description;

    /// <summary>Describes a matrix.</summary>
    /// <param name="description">Its layout, shape and options. The arrays in it are not used, and may be left out.</param>
    public DeviceMatrix(in PackedMatrix description) =>
        _description = description.ToNative(null, null, null, null, null, null, null);

    /// <summary>As <see cref="PackedMatrix.Codes"/>.</summary>
    public required DeviceBuffer<byte> Codes { get; init; }

    /// <summary>As <see cref="PackedMatrix.Scales"/>.</summary>
    public required DeviceBuffer<byte> Scales { get; init; }

    /// <summary>As <see cref="PackedMatrix.Zeros"/>, or null.</summary>
    public DeviceBuffer<byte>? Zeros { get; init; }

    /// <summary>As <see cref="PackedMatrix.GroupIndex"/>, or null. Leave it out if it is all zeros with several groups, which means none.
    /// </summary>
    public DeviceBuffer<byte>? GroupIndex { get; init; }

    /// <summary>As <see cref="PackedMatrix.Levels"/>, or null.</summary>
    public DeviceBuffer<byte>? Levels { get; init; }

    /// <summary>As <see cref="PackedMatrix.ScaleLevels"/>, or null.</summary>
    public DeviceBuffer<byte>? ScaleLevels { get; init; }

    /// <summary>As <see cref="PackedMatrix.ScaleScales"/>, or null.</summary>
    public DeviceBuffer<byte>? ScaleScales { get; init; }

    internal qn_matrix ToNative()
    {
        ArgumentNullException.ThrowIfNull(Codes);
        ArgumentNullException.ThrowIfNull(Scales);
        qn_matrix matrix = _description;
        matrix.codes = Place(Codes, out matrix.codes_size);
        matrix.scales = Place(Scales, out matrix.scales_size);
        matrix.zeros = Place(Zeros, out matrix.zeros_size);
        matrix.group_index = Place(GroupIndex, out matrix.group_index_size);
        matrix.levels = Place(Levels, out matrix.levels_size);
        matrix.scale_levels = Place(ScaleLevels, out matrix.scale_levels_size);
        matrix.scale_scales = Place(ScaleScales, out matrix.scale_scales_size);
        return matrix;
    }

    // An address of the GPU, as the library takes it.
    private static void* Place(DeviceBuffer<byte>? array, out nuint size)
    {
        size = array?.ByteLength ?? 0;
        return (void*)(array?.Address ?? 0);
    }
}
