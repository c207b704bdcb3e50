using Quant.Net.Gguf;
using Quant.Net.Slicing;

namespace Quant.Net.Verification;

/// <summary>A tensor of a GGUF model: blocks are decoded to float32, single values stay as they are.</summary>
internal sealed unsafe class GgufRows(GgufTensor tensor, QuantDevice device, ISet<string> kernels) : IWeightRows
{
    private readonly QuantFormatInfo _format = tensor.FormatInfo!;
    private byte[] _packed = [];

    public string Name => tensor.Name;

    public string Path => tensor.Part.Path;

    public string Kind => tensor.FormatName;

    public PartMark? Mark => PartMark.Of(tensor);

    public long Rows => tensor.RowCount;

    public long MatrixRows => tensor.Dimensions.Count > 1 ? tensor.Dimensions[1] : Rows;

    public long Columns => tensor.RowLength;

    public int ValueBytes => IsDecoded ? sizeof(float) : _format.BytesPerBlock;

    public bool IsDecoded => _format.ValuesPerBlock > 1;

    public long StoredBytes => tensor.ByteLength;

    public void Read(long row, int rows, Span<byte> values)
    {
        long offset = row * tensor.BytesPerRow;
        if (!IsDecoded)
        {
            tensor.Read(offset, values);
            return;
        }

        int bytes = checked((int)(rows * tensor.BytesPerRow));
        if (_packed.Length < bytes)
        {
            _packed = GC.AllocateUninitializedArray<byte>(bytes);
        }

        tensor.Read(offset, _packed.AsSpan(0, bytes));
        fixed (byte* from = _packed, to = values)
        {
            device.Dequantize(tensor.Format, from, (nuint)bytes, QuantFormat.F32, to, (nuint)values.Length);
        }

        kernels.Add(QuantDevice.LastKernel);
    }
}
