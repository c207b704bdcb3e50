using System.Runtime.InteropServices;
using Quant.Net.Slicing;

namespace Quant.Net.Verification;

/// <summary>A packed module, decoded to float32.</summary>
internal sealed class ModuleRows(PackedModule module, QuantDevice device, ISet<string> kernels) : IWeightRows
{
    public string Name => module.Name;

    public string Path => module.Arrays.Codes.File.Path;

    public string Kind => $"{PackedMatrixLayouts.NameOf(module.Layout)} of {module.Bits} bits";

    public PartMark? Mark => PartMark.Of(module);

    public long Rows => module.Rows;

    public long MatrixRows => module.Rows;

    public long Columns => module.Columns;

    public int ValueBytes => sizeof(float);

    public bool IsDecoded => true;

    public long StoredBytes => module.PackedBytes;

    public void Read(long row, int rows, Span<byte> values)
    {
        module.Dequantize(device, MatrixOrder.Rows, row, rows, MemoryMarshal.Cast<byte, float>(values));
        kernels.Add(QuantDevice.LastKernel);
    }
}
