using Quant.Net.Conversion;
using Quant.Net.Safetensors;

namespace Quant.Net.Slicing;

/// <summary>Writes cut tensors a piece at a time, so that progress is told and a cancellation is heard.</summary>
internal sealed class SlicedTensorWriting(ProgressCount count, CancellationToken cancellation)
{
    private const int PieceBytes = 8 << 20;

    /// <summary>Writes a tensor.</summary>
    public void Write(SlicedTensor tensor, SafetensorsWriter writer)
    {
        ReadOnlySpan<byte> rest = tensor.Data.Span;
        do
        {
            cancellation.ThrowIfCancellationRequested();
            ReadOnlySpan<byte> piece = rest[..Math.Min(PieceBytes, rest.Length)];
            writer.Write(tensor.Name, piece);
            rest = rest[piece.Length..];
            count.Add(tensor.Name, piece.Length, isLast: rest.IsEmpty);
        }
        while (!rest.IsEmpty);
    }
}
