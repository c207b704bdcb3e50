using System.Security.Cryptography;
using Quant.Net.Gguf;

namespace Quant.Net.Conversion;

/// <summary>
/// Tells whether two runs would write the same bytes: the same model, unchanged by its size and time, the same plan, and the same
/// version of the library.
/// </summary>
internal static class WorkFingerprint
{
    /// <summary>A text that is the same for the same work.</summary>
    public static string Of(GgufFile model, DequantizePlan plan, ModelContainer container, DequantizeOptions options)
    {
        using var facts = new MemoryStream();
        using var writer = new BinaryWriter(facts);
        writer.Write(QuantNetLibrary.Version);
        writer.Write((int)container);
        writer.Write((int)options.OutputType);
        writer.Write(options.MaxShardBytes ?? 0);
        writer.Write(options.ChunkBytes);
        foreach (GgufPart part in model.Parts)
        {
            writer.Write(part.Length);
            writer.Write(File.GetLastWriteTimeUtc(part.Path).Ticks);
        }

        foreach (PlannedTensor tensor in plan.Tensors)
        {
            writer.Write(tensor.Source.Name);
            writer.Write((int)tensor.Output);
            writer.Write(tensor.Scales is not null);
        }

        return Convert.ToHexString(SHA256.HashData(facts.GetBuffer().AsSpan(0, (int)facts.Length)));
    }
}
