using BenchmarkDotNet.Attributes;

namespace Quant.Net.Benchmarks.Api;

/// <summary>512 rows of 4096 weights out of 32768 in Q6_K: a batch of embeddings, with one thread for each processor.</summary>
public class Rows : IDisposable
{
    private const int Seed = 7;
    private const int RowLength = 4096;
    private const int RowCount = 32768;
    private const int Chosen = 512;

    private readonly byte[] _packed = new byte[QuantFormats.Get(QuantFormat.Q6_K).GetByteCount((long)RowLength * RowCount)];
    private readonly long[] _rows = new long[Chosen];
    private readonly float[] _weights = new float[RowLength * Chosen];
    private readonly QuantDevice _device = QuantDevice.Open("cpu");

    /// <summary>Makes the weights and chooses the rows.</summary>
    public Rows()
    {
        var random = new Random(Seed);
        random.NextBytes(_packed);
        for (int i = 0; i < Chosen; i++)
        {
            _rows[i] = random.Next(RowCount);
        }
    }

    /// <summary>In one call.</summary>
    [Benchmark(Baseline = true, Description = "rows by a list")]
    public void ByList() => _device.DequantizeRows(QuantFormat.Q6_K, _packed, RowLength, _rows, _weights);

    /// <summary>Row by row.</summary>
    [Benchmark(Description = "a call for each row")]
    public void OneByOne()
    {
        int rowBytes = _packed.Length / RowCount;
        for (int i = 0; i < Chosen; i++)
        {
            _device.Dequantize(
                QuantFormat.Q6_K, _packed.AsSpan((int)_rows[i] * rowBytes, rowBytes), _weights.AsSpan(i * RowLength, RowLength));
        }
    }

    /// <summary>Closes the device.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        _device.Dispose();
        GC.SuppressFinalize(this);
    }
}
