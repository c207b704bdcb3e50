using Quant.Net.Tool.Bench;

namespace Quant.Net.Benchmarks.Encoders;

/// <summary>Rows of numbers to encode, as models have them.</summary>
internal sealed unsafe class EncoderInput : IDisposable
{
    /// <summary>The length of a row.</summary>
    public const int Columns = 4096;

    private const int Seed = 6;

    /// <summary>Makes normally distributed numbers, and an importance for each column.</summary>
    /// <param name="rows">How many rows there are.</param>
    public EncoderInput(int rows)
    {
        Rows = rows;
        Numbers = new PageMemory(Weights * sizeof(float));
        var random = new Random(Seed);
        float* numbers = (float*)Numbers.Pointer;
        for (long i = 0; i < Weights; i++)
        {
            double radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
            numbers[i] = (float)(0.02 * radius * Math.Cos(2 * Math.PI * random.NextDouble()));
        }

        // Activations differ a lot: few columns matter much.
        Importance = [.. Enumerable.Range(0, Columns).Select(_ => 0.05f + (20 * MathF.Pow(random.NextSingle(), 4)))];
    }

    public int Rows { get; }

    public long Weights => (long)Rows * Columns;

    public PageMemory Numbers { get; }

    public float[] Importance { get; }

    public void Dispose() => Numbers.Dispose();
}
