using System.Security.Cryptography;
using Quant.Net.Gguf;

namespace Quant.Net.Conversion;

/// <summary>
/// Tells whether two runs would write the same bytes: the same model, unchanged by its size and time, the same plan, and the same
/// version of the library.
/// </summary>
internal static class WorkFingerprint
{
    /// <summary>A text that is the same for the same decoding.</summary>
    public static string Of(GgufFile model, DequantizePlan plan, ModelContainer container, DequantizeOptions options) =>
        Of(model.Parts.Select(part => part.Path), writer =>
        {
            writer.Write((int)container);
            writer.Write((int)options.OutputType);
            writer.Write(options.MaxShardBytes ?? 0);
            writer.Write(options.ChunkBytes);
            foreach (PlannedTensor tensor in plan.Tensors)
            {
                writer.Write(tensor.Source.Name);
                writer.Write((int)tensor.Output);
                writer.Write(tensor.Scales is not null);
            }
        });

    /// <summary>A text that is the same for the same inputs and facts.</summary>
    public static string Of(IEnumerable<string> inputs, Action<BinaryWriter> addFacts)
    {
        using var facts = new MemoryStream();
        using var writer = new BinaryWriter(facts);
        writer.Write(QuantNetLibrary.Version);
        foreach (string path in inputs)
        {
            writer.Write(new FileInfo(path).Length);
            writer.Write(File.GetLastWriteTimeUtc(path).Ticks);
        }

        addFacts(writer);
        return Convert.ToHexString(SHA256.HashData(facts.GetBuffer().AsSpan(0, (int)facts.Length)));
    }
}
