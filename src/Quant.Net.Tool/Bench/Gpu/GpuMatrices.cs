using Quant.Net.Cuda;
using Quant.Net.Tool.Bench.Matrices;

namespace Quant.Net.Tool.Bench.Gpu;

/// <summary>A packed matrix in the memory of a GPU, several times, to be decoded in turn.</summary>
internal sealed class GpuMatrices : IDisposable
{
    private readonly List<DeviceBuffer<byte>> _arrays = [];
    private readonly DeviceMatrix[] _matrices;
    private int _turn;

    public GpuMatrices(QuantDevice gpu, CudaStream stream, MatrixShape shape)
    {
        using var random = new RandomMatrix(shape);
        Bytes = random.Memory.Bytes;
        Columns = shape.Columns;
        _matrices = new DeviceMatrix[GpuPlaces.Count(gpu, Bytes)];
        try
        {
            for (int i = 0; i < _matrices.Length; i++)
            {
                _matrices[i] = Upload(gpu, stream, random.Matrix);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>All that a kernel reads of one.</summary>
    public long Bytes { get; }

    /// <summary>Input features.</summary>
    public long Columns { get; }

    /// <summary>The one to decode next.</summary>
    public DeviceMatrix Next() => _matrices[_turn++ % _matrices.Length];

    public void Dispose() => _arrays.ForEach(array => array.Dispose());

    private DeviceMatrix Upload(QuantDevice gpu, CudaStream stream, in PackedMatrix matrix) => new(matrix)
    {
        Codes = Upload(gpu, stream, matrix.Codes)!,
        Scales = Upload(gpu, stream, matrix.Scales)!,
        Zeros = Upload(gpu, stream, matrix.Zeros),
        GroupIndex = Upload(gpu, stream, matrix.GroupIndex),
        Levels = Upload(gpu, stream, matrix.Levels),
    };

    private DeviceBuffer<byte>? Upload(QuantDevice gpu, CudaStream stream, ReadOnlySpan<byte> array)
    {
        if (array.IsEmpty)
        {
            return null;
        }

        DeviceBuffer<byte> buffer = gpu.Allocate<byte>(array.Length);
        _arrays.Add(buffer);
        stream.CopyAndWait(array, buffer);
        return buffer;
    }
}
