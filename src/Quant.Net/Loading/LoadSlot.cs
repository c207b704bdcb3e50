using Quant.Net.Cuda;

namespace Quant.Net.Loading;

/// <summary>A thread's place for one piece of a tensor, and whether the GPU is done with it.</summary>
internal sealed unsafe class LoadSlot : IDisposable
{
    public LoadSlot(LoadStaging staging, QuantDevice gpu, int index)
    {
        long offset = (long)index * staging.SlotBytes;
        Pinned = staging.Pinned.Pointer + offset;
        Packed = staging.Packed is null ? 0 : staging.Packed.Address + (ulong)offset;
        Done = gpu.CreateEvent();
    }

    /// <summary>Its bytes in pinned memory.</summary>
    public byte* Pinned { get; }

    /// <summary>The address of as many bytes on the GPU; 0 if nothing is decoded.</summary>
    public ulong Packed { get; }

    /// <summary>Passes when the GPU has done the piece.</summary>
    public CudaEvent Done { get; }

    /// <summary>The piece that is under way; null if there is none.</summary>
    public LoadPiece? Piece { get; set; }

    /// <inheritdoc/>
    public void Dispose() => Done.Dispose();
}
