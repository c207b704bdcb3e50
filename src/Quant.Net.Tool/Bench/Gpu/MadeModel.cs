using Quant.Net.Gguf;

namespace Quant.Net.Tool.Bench.Gpu;

/// <summary>A model of made weights in the folder for temporary files, until it is disposed of.</summary>
internal sealed class MadeModel : IDisposable
{
    private const int MostLayers = 32;
    private const int RowLength = 256;

    private MadeModel(string path) => Path = path;

    public string Path { get; }

    /// <summary>
    /// Writes one with layers of some weights of Q4_K each, and a small vector beside each: so many layers that as f16 they take no more
    /// than half of some memory.
    /// </summary>
    public static MadeModel Write(long weightsPerLayer, long memory, CancellationToken cancellation)
    {
        int layers = (int)Math.Clamp(memory / 2 / (weightsPerLayer * sizeof(ushort)), 1, MostLayers);
        var made = new MadeModel(System.IO.Path.GetTempFileName());
        try
        {
            made.WriteLayers(layers, weightsPerLayer, cancellation);
            return made;
        }
        catch
        {
            made.Dispose();
            throw;
        }
    }

    public void Dispose() => File.Delete(Path);

    private unsafe void WriteLayers(int layers, long weights, CancellationToken cancellation)
    {
        QuantFormatInfo format = QuantFormats.Get(QuantFormat.Q4_K);
        using var blocks = new PackedWeights(format, MemoryPlace.PieceWeights);
        using GgufWriter writer = GgufWriter.Create(Path, new GgufWriterOptions { Overwrite = true });
        for (int layer = 0; layer < layers; layer++)
        {
            writer.AddTensor(Weight(layer), format.Format, [RowLength, weights / RowLength]);
            writer.AddTensor(Norm(layer), QuantFormat.F32, [RowLength]);
        }

        var piece = new ReadOnlySpan<byte>(blocks.Memory.Pointer, (int)blocks.Memory.Bytes);
        for (int layer = 0; layer < layers; layer++)
        {
            cancellation.ThrowIfCancellationRequested();
            for (long written = 0; written < weights; written += MemoryPlace.PieceWeights)
            {
                writer.Write(Weight(layer), piece);
            }

            writer.Write(Norm(layer), new byte[RowLength * sizeof(float)]);
        }

        writer.Complete();
    }

    private static string Weight(int layer) => $"blk.{layer}.ffn_up.weight";

    private static string Norm(int layer) => $"blk.{layer}.ffn_norm.weight";
}
