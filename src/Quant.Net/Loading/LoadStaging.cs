using Quant.Net.Cuda;

namespace Quant.Net.Loading;

/// <summary>The memory that pieces of tensors pass through: pinned, and on the GPU if they are decoded there.</summary>
internal sealed class LoadStaging : IDisposable
{
    private const int Alignment = 256;

    // More than a bus or a disk needs at a time.
    private const int MostSlotBytes = 64 << 20;

    private LoadStaging(PinnedBuffer<byte> pinned, DeviceBuffer<byte>? packed, int slotBytes)
    {
        Pinned = pinned;
        Packed = packed;
        SlotBytes = slotBytes;
    }

    /// <summary>The slots in pinned memory, behind each other.</summary>
    public PinnedBuffer<byte> Pinned { get; }

    /// <summary>The slots on the GPU; null if nothing is decoded.</summary>
    public DeviceBuffer<byte>? Packed { get; }

    /// <summary>Bytes of a slot.</summary>
    public int SlotBytes { get; }

    /// <summary>Takes what the device's limit allows, and if that cannot be had half of it, and so on down to the least limit.</summary>
    /// <exception cref="OutOfMemoryException">Not even that can be had.</exception>
    public static LoadStaging Create(QuantDevice gpu, int slots, bool decodes)
    {
        for (long limit = gpu.MemoryLimit; ; limit = Math.Max(limit / 2, QuantDeviceOptions.MinMemoryLimit))
        {
            try
            {
                return Allocate(gpu, (int)Math.Min(limit / slots / Alignment * Alignment, MostSlotBytes), slots, decodes);
            }
            catch (OutOfMemoryException) when (limit > QuantDeviceOptions.MinMemoryLimit)
            {
                // Smaller slots do the same, only slower.
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Packed?.Dispose();
        Pinned.Dispose();
    }

    private static LoadStaging Allocate(QuantDevice gpu, int slotBytes, int slots, bool decodes)
    {
        long bytes = (long)slotBytes * slots;
        PinnedBuffer<byte> pinned = gpu.AllocatePinned<byte>(bytes);
        try
        {
            return new LoadStaging(pinned, decodes ? gpu.Allocate<byte>(bytes) : null, slotBytes);
        }
        catch
        {
            pinned.Dispose();
            throw;
        }
    }
}
