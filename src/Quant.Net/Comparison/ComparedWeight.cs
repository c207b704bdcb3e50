using Quant.Net.Gguf;
using Quant.Net.IO;
using Quant.Net.Safetensors;

namespace Quant.Net.Comparison;

/// <summary>A weight that decodes row by row to float32, whatever it is in its file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Format">What it is there.</param>
/// <param name="Shape">Its dimensions, outermost first.</param>
/// <param name="Rows">Rows over all outer dimensions.</param>
/// <param name="Columns">Values of a row.</param>
/// <param name="Bytes">What it takes in its file.</param>
/// <param name="Path">The file.</param>
/// <param name="Decode">Decodes rows; null if nobody knows how.</param>
internal sealed record ComparedWeight(
    string Name, string Format, IReadOnlyList<long> Shape, long Rows, long Columns, long Bytes, string Path, ComparedWeight.Decoder? Decode)
{
    /// <summary>Decodes rows from one on.</summary>
    public delegate void Decoder(QuantDevice device, long row, int rows, Span<float> values);

    public static ComparedWeight Of(GgufTensor tensor) => new(
        tensor.Name, tensor.FormatName, tensor.Shape, tensor.RowCount, tensor.RowLength, tensor.ByteLength, tensor.Part.Path,
        tensor.IsFormatKnown ? (device, row, rows, values) => tensor.Dequantize(device, row, rows, values) : null);

    public static ComparedWeight Of(SafetensorsTensor tensor) => new(
        tensor.Name, $"{tensor.Type}", tensor.Shape, tensor.RowCount, tensor.RowLength, tensor.ByteLength, tensor.File.Path,
        tensor.Format is { } format ? (device, row, rows, values) => device.Dequantize(format, tensor.GetSpan(row, rows), values) : null);

    public static ComparedWeight Of(PackedModule module) => new(
        module.WeightName, ErrorText.Invariant($"{NameOf(module.Layout)}:{module.Bits}"), module.Shape, module.Rows, module.Columns, module.PackedBytes,
        module.Arrays.Codes.File.Path,
        (device, row, rows, values) => module.Dequantize(device, MatrixOrder.Rows, row, rows, values));

    private static string NameOf(PackedMatrixLayout layout) => PackedMatrixLayouts.All.First(info => info.Layout == layout).Name;

    /// <summary>File and name, for the beginning of a message.</summary>
    public string Place => $"{ErrorText.EscapePath(Path)}: {ErrorText.Quote(Name)}";
}
