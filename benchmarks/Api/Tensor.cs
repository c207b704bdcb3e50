using BenchmarkDotNet.Attributes;

namespace Quant.Net.Benchmarks.Api;

/// <summary>A tensor of 4096 x 4096 weights in Q4_K, with one thread for each processor.</summary>
public class Tensor : IDisposable
{
    private const int Seed = 7;
    private const int Weights = 4096 * 4096;

    private readonly byte[] _packed = new byte[QuantFormats.Get(QuantFormat.Q4_K).GetByteCount(Weights)];
    private readonly float[] _floats = new float[Weights];
    private readonly Half[] _halves = new Half[Weights];
    private readonly BFloat16[] _bfloats = new BFloat16[Weights];
    private readonly QuantDevice _device = QuantDevice.Open("cpu");

    /// <summary>Makes the weights; memory that was never written would be one page of zeros, always in cache.</summary>
    public Tensor() => new Random(Seed).NextBytes(_packed);

    /// <summary>To f32.</summary>
    [Benchmark(Description = "spans, to f32")]
    public void ToFloat() => _device.Dequantize(QuantFormat.Q4_K, _packed, _floats);

    /// <summary>To f16.</summary>
    [Benchmark(Description = "spans, to f16")]
    public void ToHalf() => _device.Dequantize(QuantFormat.Q4_K, _packed, _halves);

    /// <summary>To bf16.</summary>
    [Benchmark(Description = "spans, to bf16")]
    public void ToBFloat16() => _device.Dequantize(QuantFormat.Q4_K, _packed, _bfloats);

    /// <summary>Closes the device.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        _device.Dispose();
        GC.SuppressFinalize(this);
    }
}
