using System.Text;
using Quant.Net.Safetensors;
using Quant.Net.Tests.Gguf;
using Quant.Net.Tests.Safetensors;

namespace Quant.Net.Tests.Modules;

/// <summary>Modules with arrays beyond what a span or an array holds. They are holes in sparse files.</summary>
public class LargeModuleTests
{
    private const long Beyond = (1L << 31) + 8;

    [Fact]
    public void AListOfGroupsThatIsTooLongIsRefused()
    {
        using var folder = new TempFolder();
        string path = Write(
            folder, ("layer.qweight", "I32", [Beyond / 8, 8]), ("layer.qzeros", "I32", [1, 1]), ("layer.scales", "F16", [1, 8]), ("layer.g_idx", "I32", [Beyond]));
        using SafetensorsModel model = SafetensorsModel.Open(path);
        string message = Assert.Throws<ModelFormatException>(() => PackedModule.Find(model)).Message;
        Assert.Equal($"{path}: tensor 'layer.g_idx' has 2147483656 numbers, expected at most 2147483647", message);
    }

    [Fact]
    public async Task AnArrayThatIsTooLargeIsNotCut()
    {
        using var folder = new TempFolder();
        string path = Write(
            folder, ("layer.qweight", "I32", [Beyond / 8, 8]), ("layer.qzeros", "I32", [1, 1]), ("layer.scales", "F16", [1, 8]));
        using SafetensorsModel model = SafetensorsModel.Open(path);
        PackedModule module = Assert.Single(PackedModule.Find(model));
        string output = System.IO.Path.Combine(folder.Path, "out.safetensors");
        NotSupportedException fault = await Assert.ThrowsAsync<NotSupportedException>(
            () => ModelConverter.SliceAsync(module, MatrixCut.Equal(MatrixAxis.Input, 2), output));
        Assert.Equal($"{path}: tensor 'layer.qweight' has 8589934624 bytes, expected at most 2147483591 where it is cut", fault.Message);
        Assert.False(File.Exists(output));
    }

    private static string Write(TempFolder folder, params (string Name, string Type, long[] Shape)[] tensors)
    {
        long offset = 0;
        List<string> entries = [];
        foreach ((string name, string type, long[] shape) in tensors)
        {
            long end = offset + (shape.Aggregate(1L, (count, length) => count * length) * (type == "F16" ? 2 : 4));
            entries.Add(SafetensorsText.Tensor(name, $"[{string.Join(",", shape)}]", $"[{offset},{end}]", type));
            offset = end;
        }

        string path = System.IO.Path.Combine(folder.Path, "model.safetensors");
        using FileStream stream = File.Create(path);
        stream.Write(SafetensorsText.File(Encoding.UTF8.GetBytes($"{{{string.Join(",", entries)}}}")));
        stream.SetLength(stream.Position + offset);
        return path;
    }
}
