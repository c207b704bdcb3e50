using Quant.Net.Cuda;

namespace Quant.Net.Tool.Bench.Gpu;

/// <summary>Room for the weights of a matrix in the memory of a GPU, several times, to be written in turn.</summary>
internal sealed class GpuWeights : IDisposable
{
    private readonly List<(IDisposable Buffer, Decoder Decode)> _places = [];
    private int _turn;

    /// <summary>Takes the memory.</summary>
    /// <param name="gpu">The GPU.</param>
    /// <param name="output">The type of the weights.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="places">How many times; null: as often as it takes so that nothing stays in the cache.</param>
    public GpuWeights(QuantDevice gpu, QuantFormat output, long count, int? places = null)
    {
        Bytes = QuantFormats.Get(output).GetByteCount(count);
        int needed = places ?? GpuPlaces.Count(gpu, Bytes);
        try
        {
            while (_places.Count < needed)
            {
                _places.Add(output switch
                {
                    QuantFormat.F32 => Floats(gpu.Allocate<float>(count)),
                    QuantFormat.F16 => Halves(gpu.Allocate<Half>(count)),
                    _ => BFloats(gpu.Allocate<BFloat16>(count)),
                });
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    private delegate void Decoder(CudaStream stream, DeviceMatrix matrix, MatrixOrder order, long lines);

    /// <summary>All that a kernel writes of one.</summary>
    public long Bytes { get; }

    /// <summary>Queues decoding of a matrix, from the first line on, to the next place.</summary>
    public void Decode(CudaStream stream, DeviceMatrix matrix, MatrixOrder order, long lines) =>
        _places[_turn++ % _places.Count].Decode(stream, matrix, order, lines);

    public void Dispose() => _places.ForEach(place => place.Buffer.Dispose());

    private static (IDisposable Buffer, Decoder Decode) Floats(DeviceBuffer<float> to) =>
        (to, (stream, matrix, order, lines) => stream.DequantizeMatrix(matrix, order, 0, lines, to));

    private static (IDisposable Buffer, Decoder Decode) Halves(DeviceBuffer<Half> to) =>
        (to, (stream, matrix, order, lines) => stream.DequantizeMatrix(matrix, order, 0, lines, to));

    private static (IDisposable Buffer, Decoder Decode) BFloats(DeviceBuffer<BFloat16> to) =>
        (to, (stream, matrix, order, lines) => stream.DequantizeMatrix(matrix, order, 0, lines, to));
}
