using Quant.Net.IO;

namespace Quant.Net.Safetensors;

/// <summary>
/// Where the tensors of a file lie: in any order, and together they fill everything behind the header, without gaps, overlaps
/// or bytes left over. So no file can be two things at once.
/// </summary>
internal static class SafetensorsPlacement
{
    /// <summary>The tensors in the order of their data, or an exception if these do not fill the file.</summary>
    public static IEnumerable<SafetensorsHeaderTensor> Order(MappedFile file, SafetensorsHeaderReader header)
    {
        long available = file.Length - header.DataOffset;
        long expected = 0;
        string previous = "";
        foreach (SafetensorsHeaderTensor tensor in header.Tensors.OrderBy(tensor => tensor.Begin).ThenBy(tensor => tensor.End))
        {
            if (tensor.Begin < expected)
            {
                throw Fault(file, tensor, $"data begin at {tensor.Begin}, expected {expected}: they overlap those of {ErrorText.Quote(previous)}");
            }

            if (tensor.Begin > expected)
            {
                throw Fault(file, tensor, $"data begin at {tensor.Begin}, expected {expected}: the bytes between belong to no tensor");
            }

            if (tensor.End > available)
            {
                throw Fault(file, tensor,
                    $"data end at {tensor.End}, but the file has {ErrorText.Count(available, "byte")} of data (truncated download?)");
            }

            expected = tensor.End;
            previous = tensor.Name;
            yield return tensor;
        }

        if (expected != available)
        {
            throw ModelFormatException.In(file.Path,
                $"has {ErrorText.Count(available, "byte")} behind the header, expected {expected}: all data belong to a tensor");
        }
    }

    private static ModelFormatException Fault(MappedFile file, SafetensorsHeaderTensor tensor, FormattableString what) =>
        ModelFormatException.In(file.Path, $"tensor {ErrorText.Quote(tensor.Name)}: {ErrorText.Invariant(what)}");
}
